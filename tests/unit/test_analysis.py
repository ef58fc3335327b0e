"""The fan-out over models: a model that fails, is slow or answers nonsense costs its own part and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from cluster.resilience import MODEL
from cluster.settings import MODEL_SLOTS, ModelSettings
from deployments.analysis import ENCODER, Analysis, Outcome
from deployments.fallbacks import Fallback
from deployments.scores import ModelIdentity

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Reading:
    code: str
    score: float
    inner: tuple[float, ...] = ()


async def answer(batch):
    return [Reading("en", 0.5) for _ in batch]


def analysis(**models):
    identities = {slot: ModelIdentity(slot, "1", "embedded") for slot in MODEL_SLOTS}
    all_models = dict.fromkeys((*MODEL_SLOTS, ENCODER), answer) | models
    return Analysis(all_models, identities, ModelSettings(post_deadline_s=0.2, profile_deadline_s=0.2), MODEL)


async def test_every_caption_gets_every_models_outcome_in_order():
    async def echo(batch):
        return [Reading(text, 0.1) for text in batch]

    outcomes = await analysis(sentiment=echo).read_captions(["a", "b"])

    assert [outcome.result.code for outcome in outcomes["sentiment"]] == ["a", "b"]
    assert outcomes["language"][1].model == ModelIdentity("language", "1", "embedded")


async def test_a_failing_model_leaves_the_others_alone():
    async def broken(_batch):
        raise TimeoutError

    outcomes = await analysis(category=broken).read_captions(["a"])

    assert outcomes["category"][0].fallback
    assert outcomes["category"][0].reason == "the model gave no answer in time"
    assert outcomes["sentiment"][0] == Outcome(Reading("en", 0.5), ModelIdentity("sentiment", "1", "embedded"))


async def test_a_slow_model_is_given_up_at_its_deadline():
    async def slow(_batch):
        await asyncio.sleep(30)

    outcomes = await analysis(sentiment=slow).read_captions(["a"])

    assert outcomes["sentiment"][0].reason == "the model gave no answer in time"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
async def test_a_number_that_is_none_is_no_result(bad):
    async def nonsense(batch):
        return [Reading("en", 0.1, (1.0, bad)) for _ in batch]

    outcomes = await analysis(sentiment=nonsense).read_captions(["a"])

    assert outcomes["sentiment"][0].fallback
    assert "number" in outcomes["sentiment"][0].reason


async def test_too_few_results_are_no_results():
    async def short(_batch):
        return []

    outcomes = await analysis(visual_content=short).look_at([b"a", b"b"])

    assert [outcome.result for outcome in outcomes] == [None, None]


async def test_repeated_failures_pause_the_model():
    calls = 0

    async def broken(_batch):
        nonlocal calls
        calls += 1
        raise TimeoutError

    composed = analysis(sentiment=broken)
    for _ in range(MODEL.figures.failures_max + 3):
        outcomes = await composed.read_captions(["a"])

    assert calls == MODEL.figures.failures_max
    assert outcomes["sentiment"][0].reason == "the model is paused after repeated failures"


async def test_rules_answer_for_a_failed_model_and_sign_for_themselves():
    async def broken(_batch):
        raise TimeoutError

    (outcome,) = (await analysis(sentiment=broken).read_captions(["I love it"]))["sentiment"]

    assert outcome.fallback
    assert outcome.result.label == "positive"
    assert (outcome.model.name, outcome.model.tier) == ("sentiment-lexicon", "fallback")
    assert outcome.reason == "the model gave no answer in time"


async def test_only_the_captions_without_a_result_get_a_fallback():
    async def half(batch):
        return [Reading("en", float("nan") if text == "bad" else 0.5) for text in batch]

    outcomes = (await analysis(language=half).read_captions(["fine", "bad", "fine"]))["language"]

    assert [outcome.fallback for outcome in outcomes] == [False, True, False]


async def test_a_fallback_does_not_count_as_todays_result():
    async def broken(_batch):
        raise TimeoutError

    composed = analysis(category=broken)
    looks = await composed.look_at([b"picture"])
    reads = await composed.read_captions(["New recipe"])
    envelopes = {slot: rows[0].envelope() for slot, rows in reads.items()} | {"visual_content": looks[0].envelope()}
    repaired = (await analysis().read_captions(["New recipe"]))["category"][0].envelope()

    assert not composed.is_current(envelopes)
    assert composed.is_current(envelopes | {"category": repaired})


async def test_pictures_creators_and_comments_have_no_fallback():
    async def broken(_batch):
        raise TimeoutError

    composed = analysis(visual_content=broken, language=broken)

    assert (await composed.look_at([b"picture"]))[0].result is None
    assert await composed.detect_languages(["This is what we have"]) == ["und"]


async def test_rules_that_fail_leave_the_models_reason(monkeypatch):
    def crash(_captions):
        raise ZeroDivisionError

    async def broken(_batch):
        raise TimeoutError

    rules = Fallback(ModelIdentity("rules", "1", "fallback"), crash)
    monkeypatch.setattr("deployments.analysis.fallback_of", lambda _slot: rules)
    outcomes = await analysis(sentiment=broken).read_captions(["a"])

    assert outcomes["sentiment"] == [
        Outcome(None, ModelIdentity("sentiment", "1", "embedded"), "the model gave no answer in time")
    ]


async def test_an_envelope_is_plain_json():
    outcome = (await analysis().read_captions(["a"]))["sentiment"][0]

    assert outcome.envelope() == {
        "result": {"code": "en", "score": 0.5, "inner": []},
        "model": {"name": "sentiment", "revision": "1", "tier": "embedded"},
        "fallback": False,
        "reason": None,
    }


async def test_no_captions_ask_no_model():
    async def never(_batch):
        raise AssertionError

    assert await analysis(sentiment=never, language=never).detect_languages([]) == []


async def test_switched_off_analysis_says_so():
    identities = {slot: ModelIdentity(slot, "1", "embedded") for slot in MODEL_SLOTS}
    models = dict.fromkeys((*MODEL_SLOTS, ENCODER), answer)
    composed = Analysis(models, identities, ModelSettings(enabled=False), MODEL)

    outcomes = await composed.read_captions(["a"])

    assert outcomes["sentiment"][0].result is None
    assert "ENABLE_AI_ANALYSIS" in outcomes["sentiment"][0].reason
