from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from deployments.category import CATEGORIES, CategoryModel
from deployments.registry import card_of
from deployments.training.category import CAPTIONS, PHRASES
from deployments.training.category_quality import TEST, TEST_NAME, accuracy_within, measure, read_captions

WORDS_IN_A_ROW = 4
_WORD = re.compile(r"[\w\u0900-\u0dff]+")


@pytest.fixture(scope="module")
def captions():
    return read_captions(TEST)


def test_the_test_set_covers_all_categories_in_six_languages(captions):
    labels, languages = Counter(row.label for row in captions), Counter(row.language for row in captions)
    kinds = Counter(row.kind for row in captions)

    assert set(labels) == set(CATEGORIES)
    assert min(labels.values()) >= 14
    assert min(languages[code] for code in ("en", "es", "fr", "de", "pt", "ar")) >= 40
    assert kinds["hashtags"] >= 40
    assert kinds["hard"] >= 25


@pytest.mark.parametrize("path", [CAPTIONS, PHRASES])
def test_nothing_that_is_learned_from_repeats_the_test_set(captions, path):
    tested = set().union(*(_runs(row.text) for row in captions))

    assert not [row.text for row in read_captions(path) if _runs(row.text) & tested]
    assert not {row.text for row in read_captions(path)} & {row.text for row in captions}


def test_the_card_holds_the_quality_on_the_test_set():
    metrics = {entry["name"]: entry for entry in card_of("category")["metrics"] if entry["dataset"] == TEST_NAME}

    assert metrics["top_1_accuracy"]["value"] >= 0.85
    assert metrics["top_3_accuracy"]["value"] >= 0.95
    assert metrics["expected_calibration_error"]["interval"][0] <= 0.05
    assert {entry["n"] for entry in metrics.values()} == {len(read_captions(TEST))}


def test_the_shipped_model_tells_hashtags_as_the_card_says(encoder, captions):
    hashtags = [row for row in captions if row.kind == "hashtags"]

    found = CategoryModel(encoder).predict([row.text for row in hashtags])

    right = np.mean([result.label == row.label for result, row in zip(found, hashtags, strict=True)])
    metrics = {entry["name"]: entry for entry in card_of("category")["metrics"] if entry["dataset"] == TEST_NAME}
    assert right == pytest.approx(metrics["top_1_accuracy"]["by_kind"]["hashtags"], abs=0.03)


def test_accuracies_and_calibration_are_measured_as_defined(captions):
    few = captions[:40]
    sure = np.full((40, len(CATEGORIES)), 0.01, dtype=np.float32)
    sure[:, CATEGORIES.index(few[0].label)] = 1 - 0.01 * (len(CATEGORIES) - 1)
    share = np.mean([row.label == few[0].label for row in few])

    top_1, top_3, error = measure("few", few, sure)

    assert top_1["value"] == pytest.approx(share, abs=1e-3)
    assert top_3["value"] >= top_1["value"]
    assert error["value"] == pytest.approx(abs(share - 0.78), abs=1e-3)
    assert top_1["interval"][0] <= top_1["value"] <= top_1["interval"][1]
    assert accuracy_within(len(CATEGORIES))(sure, np.zeros(40, dtype=np.int64)) == 1.0


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[start : start + WORDS_IN_A_ROW]) for start in range(len(words) - WORDS_IN_A_ROW + 1)}
