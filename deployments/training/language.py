"""Calibrate and measure language detection: `python -m deployments.training.language --data DIR`.

DIR holds umsab_{train,val}.jsonl.gz. Tweets are cut to their first 1 to 12 words, since captions are often short, and a
logistic regression learns when the detector is right. Writes the card `weights/language.json`, which holds the coefficients.
Short sentences and word pairs of our own writing in 20 languages (`data/language_{dev,test}.jsonl`) are measured too.
"""

from __future__ import annotations

import argparse
import gzip
import json
from importlib import metadata
from pathlib import Path

import eldc
import numpy as np
from rich.console import Console
from sklearn.linear_model import LogisticRegression

from deployments.captions import normalise, words_only
from deployments.language import LanguageModel
from deployments.registry import WEIGHTS
from deployments.training.heads import SEED, calibration_error

DATA = Path(__file__).parent / "data"
OWN_SETS = {"own development set": "language_dev.jsonl", "own test set": "language_test.jsonl"}
WORDS = (1, 2, 3, 4, 6, 8, 12)
ROMANISED = "hi"  # these tweets are Hindi in Latin letters: the detector cannot know them, rules do


def main() -> None:
    """Fit on the training file, measure on the validation file, write the card."""
    parser = argparse.ArgumentParser(description="Calibrate language detection.")
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    eldc.init()
    inputs, right = _examples(data / "umsab_train.jsonl.gz")
    fitted = LogisticRegression(C=100.0).fit(inputs, right)
    names = ("margin", "score", "log_letters")
    calibration = {"bias": float(fitted.intercept_[0])} | dict(zip(names, map(float, fitted.coef_[0]), strict=True))
    card = {
        "task": "language",
        "slot": "language",
        "method": "eldc's n-gram scores, calibrated by logistic regression; scripts and function words where its table ends",
        "data": {"description": "UMSAB tweets in seven languages, cut to 1 to 12 words", "training_rows": len(right)},
        "calibration": {name: round(value, 4) for name, value in calibration.items()},
        "metrics": [],
        "known_failures": [
            "single words that several languages share",
            "Arabic and Hindi in Latin letters are told by function words only",
            "Indonesian and Malay without a telling word",
            "Urdu word pairs that Persian shares; Swahili without a known word or form; its neighbours are taken for it",
        ],
        "licence": "Apache-2.0",
        "seed": SEED,
        "versions": {"eldc": metadata.version("eldc")},
    }
    _write(card)
    card["metrics"] = _measure(data / "umsab_val.jsonl.gz") + [
        metric for name, file in OWN_SETS.items() for metric in measure_own(name, DATA / file)
    ]
    _write(card)
    Console().print(card["metrics"])


def _rows(path: Path) -> list[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(words_only(normalise(row["text"])), row["language"]) for row in rows]


def _examples(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """margin, score, log letters (n, 3) and whether the detector was right (n,)."""
    detector = eldc.instance()
    detector.set_scores(2)
    random = np.random.default_rng(SEED)
    inputs, right = [], []
    for text, language in _rows(path):
        cut = " ".join(text.split()[: random.choice(WORDS)])
        letters = sum(map(str.isalpha, cut))
        if letters and language != ROMANISED:
            result = detector.detect_details(cut)
            best, second = [*result.scores.values(), 0.0, 0.0][:2]
            inputs.append((best - second, best, np.log(letters)))
            right.append(result.language == language)
    return np.array(inputs), np.array(right)


def _measure(path: Path) -> list[dict[str, object]]:
    model = LanguageModel()
    metrics: list[dict[str, object]] = []
    rows = [(text, language) for text, language in _rows(path) if text]
    for words in (2, 4, None):
        cut = [(" ".join(text.split()[:words]), language) for text, language in rows if language != ROMANISED]
        found = model.predict([text for text, _ in cut])
        hits = np.array([result.code == language for result, (_, language) in zip(found, cut, strict=True)])
        confidence = np.array([[result.confidence, 0.0] for result in found], dtype=np.float32)
        error = calibration_error(confidence, np.where(hits, 0, 1))
        name = f"first {words} words" if words else "whole tweet"
        metrics.append(
            {"name": "accuracy", "dataset": f"UMSAB, {name}", "value": round(float(hits.mean()), 3), "n": len(cut)}
        )
        metrics.append(
            {"name": "expected_calibration_error", "dataset": f"UMSAB, {name}", "value": round(error, 3), "n": len(cut)}
        )
    romanised = [text for text, language in rows if language == ROMANISED]
    share = np.mean([result.code == ROMANISED for result in model.predict(romanised)])
    metrics.append(
        {
            "name": "recall",
            "dataset": "UMSAB, Hindi in Latin letters",
            "value": round(float(share), 3),
            "n": len(romanised),
        }
    )
    return metrics


def measure_own(name: str, path: Path) -> list[dict[str, object]]:
    """Accuracy on sentences and on word pairs of one of our own sets, also by language."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found = LanguageModel().predict([row["text"] for row in rows])
    hits = np.array([result.code == row["language"] for result, row in zip(found, rows, strict=True)])
    languages, kinds = (np.array([row[key] for row in rows]) for key in ("language", "kind"))
    return [
        {
            "name": "accuracy",
            "dataset": f"{name}, 20 languages",
            "value": round(float(hits.mean()), 3),
            "n": len(rows),
            "by_kind": {kind: round(float(hits[kinds == kind].mean()), 3) for kind in ("sentence", "pair")},
            "by_language": {
                code: round(float(hits[languages == code].mean()), 3) for code in sorted(set(languages.tolist()))
            },
        }
    ]


def _write(card: dict[str, object]) -> None:
    (WEIGHTS / "language.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
