"""Measure the shipped category model on the hand-written test set: `python -m deployments.training.category_quality`.

Prints top-1 and top-3 accuracy and the calibration error with intervals, by language, by kind of caption and by label, and
writes them into the card. Single captions are never printed: the set is for measuring, not for tuning.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from deployments.category import CATEGORIES, PromptVectors
from deployments.encoder import Encoder
from deployments.registry import WEIGHTS, card_of
from deployments.telling_words import read_evidence
from deployments.training.heads import BINS, BOOTSTRAPS, SEED, calibration_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Statistic = Callable[[NDArray[np.float32], NDArray[np.int64]], float]

DATA = Path(__file__).parent / "data"
TEST = DATA / "category_test.jsonl"
TEST_NAME = "own test set, six languages"
GROUP_ROWS_MIN = 10


@dataclass(frozen=True, slots=True)
class LabelledCaption:
    """A caption with the category a reader gives it; kind is caption, hashtags, hard or phrase."""

    text: str
    label: str
    language: str
    kind: str


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Measure the category model on the hand-written test set.")
    parser.add_argument("--threads", type=int, default=1)
    captions = read_captions(TEST)
    features = Encoder(threads=parser.parse_args().threads).features([caption.text for caption in captions])
    probabilities = PromptVectors().probabilities(features, [read_evidence(caption.text) for caption in captions])
    metrics = measure(TEST_NAME, captions, probabilities)
    card = card_of("category")
    card["metrics"] = [entry for entry in card["metrics"] if entry["dataset"] != TEST_NAME] + metrics
    (WEIGHTS / "category.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    Console().print(metrics)


def read_captions(path: Path) -> list[LabelledCaption]:
    """The captions of a file of `data/`."""
    with path.open(encoding="utf-8") as lines:
        return [LabelledCaption(**json.loads(line)) for line in lines]


def label_numbers(captions: list[LabelledCaption]) -> NDArray[np.int64]:
    """Each caption's place in CATEGORIES."""
    return np.array([CATEGORIES.index(caption.label) for caption in captions])


def measure(dataset: str, captions: list[LabelledCaption], probabilities: NDArray[np.float32]) -> list[dict[str, Any]]:
    """The card's metrics, each with a 95 % bootstrap interval; the first also by language, kind and label."""
    labels = label_numbers(captions)
    top_1: dict[str, Any] = _metric("top_1_accuracy", dataset, probabilities, labels, accuracy_within(1))
    groups = {
        "by_language": [caption.language for caption in captions],
        "by_kind": [caption.kind for caption in captions],
        "by_label": [caption.label for caption in captions],
    }
    for name, values in groups.items():
        top_1[name] = {
            value: round(accuracy_within(1)(probabilities[rows], labels[rows]), 3)
            for value in dict.fromkeys(values)
            if (rows := np.array(values) == value).sum() >= GROUP_ROWS_MIN
        }
    top_3 = _metric("top_3_accuracy", dataset, probabilities, labels, accuracy_within(3))
    error = _metric("expected_calibration_error", dataset, probabilities, labels, calibration_error)
    return [top_1, top_3, error | {"bins": BINS}]


def accuracy_within(k: int) -> Statistic:
    """The share of captions whose label is among the k most probable."""

    def accuracy(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
        order = np.argsort(-probabilities, axis=1)[:, :k]
        return float((order == labels[:, None]).any(axis=1).mean())

    return accuracy


def _metric(
    name: str, dataset: str, probabilities: NDArray[np.float32], labels: NDArray[np.int64], statistic: Statistic
) -> dict[str, Any]:
    random = np.random.default_rng(SEED)
    picks = (random.integers(0, len(labels), len(labels)) for _ in range(BOOTSTRAPS))
    values = [statistic(probabilities[pick], labels[pick]) for pick in picks]
    return {
        "name": name,
        "dataset": dataset,
        "value": round(statistic(probabilities, labels), 3),
        "interval": [round(float(value), 3) for value in np.percentile(values, [2.5, 97.5])],
        "n": len(labels),
    }


if __name__ == "__main__":
    main()
