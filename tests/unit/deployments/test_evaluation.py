"""Measuring models: metrics agree with their textbooks, intervals hold their value, files are asked for by name."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score, roc_auc_score

from cluster.errors import InvalidInput, SetupError
from cluster.settings import ModelSettings
from deployments.evaluation import datasets, metrics, record
from deployments.evaluation.metrics import Answers, interval_of
from deployments.evaluation.run import evaluate
from deployments.evaluation.tasks import NAMES, TASKS, tasks_of
from tests.unit.deployments.captions import PLAIN


@pytest.fixture
def answers():
    random = np.random.default_rng(1)
    truth = random.choice(["a", "b", "c"], 400)
    guess = np.where(random.random(400) < 0.6, truth, random.choice(["a", "b", "none of them"], 400))
    return Answers.of(truth, [[one, "c"] for one in guess], random.random(400), random.choice(["x", "y"], 400))


def quiet(_what, _done, _total):
    pass


def test_metrics_agree_with_scikit_learn(answers):
    truth, best = answers.truth, answers.ranked[:, 0]

    assert metrics.macro_f1(answers) == pytest.approx(f1_score(truth, best, labels=[0, 1, 2], average="macro"))
    assert metrics.macro_recall(answers) == pytest.approx(recall_score(truth, best, labels=[0, 1, 2], average="macro"))
    assert metrics.accuracy(answers) == pytest.approx((truth == best).mean())
    one = Answers.of(["0" if row else "1" for row in truth], [["1"]] * answers.n, answers.confidence, answers.languages)
    assert metrics.area_under_curve(one) == pytest.approx(roc_auc_score(one.truth, one.confidence))


def test_the_mean_over_languages_weighs_each_alike(answers):
    parts = [metrics.macro_f1(answers.part(answers.languages == one)) for one in ("x", "y")]

    assert metrics.macro_f1_over_languages(answers) == pytest.approx(np.mean(parts))


def test_top_3_counts_the_runners_up(answers):
    assert metrics.top_3_accuracy(answers) > metrics.accuracy(answers)


def test_calibration_leaves_out_what_was_not_judged():
    answers = Answers.of(["a", "a", "a", "b"], [["a"], ["a"], ["a"], ["a"]], [0.75, 0.75, None, 0.75], ["x"] * 4)

    assert metrics.calibration_error(answers) == pytest.approx(0.75 - 2 / 3)


def test_nothing_judged_has_no_calibration():
    assert np.isnan(metrics.calibration_error(Answers.of(["a"], [[]], [None], ["x"])))


@pytest.mark.parametrize(
    ("statistic", "centred"),
    [(metrics.macro_f1_over_languages, False), (metrics.accuracy, False), (metrics.calibration_error, True)],
)
def test_an_interval_holds_its_value_and_repeats(answers, statistic, centred):
    low, high = interval_of(statistic, answers, centred=centred)

    assert low <= statistic(answers) <= high
    assert (low, high) == interval_of(statistic, answers, centred=centred)


def test_a_calibrated_answers_error_has_an_interval_that_reaches_down_to_it():
    random = np.random.default_rng(2)
    confidence = random.uniform(0.3, 1.0, 2_000)
    truth = np.where(random.random(2_000) < confidence, "a", "b")
    answers = Answers.of(truth, [["a"]] * 2_000, confidence, ["x"] * 2_000)

    assert interval_of(metrics.calibration_error, answers, centred=True)[0] < metrics.calibration_error(answers) < 0.05


def test_a_missing_file_is_named_with_the_place_it_belongs_to(tmp_path):
    with pytest.raises(InvalidInput) as refused:
        evaluate([TASKS["emotion"]], tmp_path, ModelSettings(), quiet)

    assert "tweeteval_emotion_val.jsonl.gz" in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_a_missing_folder_and_an_unknown_model_say_so(tmp_path):
    with pytest.raises(InvalidInput, match="no folder"):
        datasets.find(datasets.UMSAB, tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match="account_authenticity"):
        tasks_of("horoscope")


def test_a_slots_name_stands_for_its_tasks():
    assert [task.name for task in tasks_of("advanced_nlp")] == ["emotion", "offensive"]
    assert [task.name for task in tasks_of(None)] == list(TASKS)
    assert all(tasks_of(name) for name in NAMES)


@pytest.mark.parametrize("line", ["{", "[1]", '{"text": "a"}', '"text"'])
def test_a_row_that_cannot_be_used_is_named_by_file_and_line(tmp_path, line):
    (tmp_path / "umsab_val.jsonl").write_text('{"text": "a", "label": "neutral", "language": "en"}\n' + line + "\n")

    with pytest.raises(InvalidInput, match=r"umsab_val\.jsonl, line 2"):
        datasets.find(datasets.UMSAB, tmp_path).rows()


def test_a_broken_archive_is_named(tmp_path):
    (tmp_path / "umsab_val.jsonl.gz").write_bytes(b"no gzip")

    with pytest.raises(InvalidInput, match="cannot be read"):
        datasets.find(datasets.UMSAB, tmp_path).rows()


def test_the_test_part_is_preferred_to_the_validation_part(tmp_path):
    for part in ("val", "test"):
        (tmp_path / f"umsab_{part}.jsonl").touch()

    assert datasets.find(datasets.UMSAB, tmp_path).part == "test part"


@pytest.fixture
def measured(tmp_path):
    rows = [{"text": text, "language": "en"} for text in PLAIN]
    with gzip.open(tmp_path / "language_val.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    seen = []
    result = evaluate([TASKS["language"]], tmp_path, ModelSettings(), lambda *progress: seen.append(progress))
    return result, seen


def test_a_model_and_its_rules_are_measured_side_by_side(measured):
    result, seen = measured

    assert {one.model.tier for one in result.measurements} == {"embedded", "fallback"}
    assert {one.metric for one in result.measurements} == {"accuracy", "calibration error"}
    for one in result.measurements:
        assert one.interval[0] <= one.value <= one.interval[1]
        assert one.rows_per_s > 0
        assert (one.goal is None) == (one.met is None)
    assert seen[-1][1:] == (len(PLAIN), len(PLAIN))
    assert any("umsab_val" in sentence for sentence in result.missing)


def test_a_record_replaces_what_was_measured_again_and_keeps_the_rest(measured, tmp_path):
    result, _ = measured
    path = tmp_path / "evaluation.json"
    fresh = record.record_of(result)
    other = {**fresh["results"][0], "task": "sentiment", "slot": "sentiment"}
    record.write({"results": [other]}, path)
    record.write(fresh, path)
    record.write(fresh, path)

    assert len(record.read(path)) == len(fresh["results"]) + 1
    revision = fresh["results"][0]["model"]["revision"]
    assert all(row["current"] for row in record.evaluation_of("language", "embedded", revision, path))
    assert not any(row["current"] for row in record.evaluation_of("language", "embedded", "older", path))
    assert {row["model"]["tier"] for row in record.evaluation_of("language", "fallback", "x", path)} == {"fallback"}


def test_a_record_that_cannot_be_written_says_what_to_do(measured, tmp_path):
    with pytest.raises(SetupError, match="--output"):
        record.write(record.record_of(measured[0]), tmp_path)
