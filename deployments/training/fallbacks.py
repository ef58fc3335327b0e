"""Fit the few numbers of the rule-based fallbacks: `python -m deployments.training.fallbacks --data DIR`.

DIR holds umsab_train.jsonl.gz. Prints the table for deployments/fallbacks/sentiment.py and the weight for
deployments/fallbacks/category.py (from the development captions beside this file). The words themselves are written by
hand and no text of DIR becomes one.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from deployments.category import CATEGORIES
from deployments.category_prompts import TOPICS
from deployments.fallbacks.sentiment import evidence_of
from deployments.sentiment import LABELS
from deployments.telling_words import read_evidence
from deployments.training.category import own_captions

WEIGHTS_MAX = 20.0


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description="Fit the numbers of the rule-based fallbacks.")
    parser.add_argument("--data", type=Path, required=True)
    console = Console()
    console.print("COEFFICIENTS =", sentiment_coefficients(parser.parse_args().data / "umsab_train.jsonl.gz"))
    console.print("WORDS_WEIGHT =", category_weight())


def sentiment_coefficients(path: Path) -> list[list[float]]:
    """A row for each label of LABELS: a weight for each number of evidence_of, and the constant."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    evidence = [(evidence_of(row["text"]), LABELS.index(row["label"])) for row in rows]
    inputs, labels = zip(*[(found, label) for found, label in evidence if found is not None], strict=True)
    fitted = LogisticRegression(C=10.0, max_iter=1_000).fit(np.array(inputs), np.array(labels))
    table: list[list[float]] = np.column_stack([fitted.coef_, fitted.intercept_]).round(2).tolist()
    return table


def category_weight() -> float:
    """The weight of least negative log-likelihood on the development captions that have a telling word."""
    labels, _, captions = own_captions()
    counts = [Counter(TOPICS[topic].category for topic in read_evidence(text).hits.values()) for text in captions]
    told = [index for index, count in enumerate(counts) if count]
    scores = np.log1p([[counts[index][label] for label in CATEGORIES] for index in told])

    def loss(weight: float) -> float:
        return float(-log_softmax(weight * scores, axis=1)[np.arange(len(told)), labels[told]].mean())

    return round(float(minimize_scalar(loss, bounds=(0.1, WEIGHTS_MAX), method="bounded").x), 2)


if __name__ == "__main__":
    main()
