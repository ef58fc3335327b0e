"""One evaluation: each task's model, and the rules that stand in for it, over the sets that are there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cluster.errors import InvalidInput
from deployments.evaluation.datasets import expectation, find
from deployments.evaluation.metrics import Answers, interval_of
from deployments.evaluation.tasks import groups_of
from deployments.fallbacks import fallback_of
from deployments.registry import identity_of
from deployments.tiers import open_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cluster.settings import ModelSettings
    from deployments.evaluation.datasets import Found
    from deployments.evaluation.tasks import Task, Use
    from deployments.scores import ModelIdentity

ROWS_AT_ONCE = 256
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure: value with its 95 % interval over n rows of a dataset, by the system that model names.

    goal is what the embedded tier is to reach, met whether it does; abstained counts rows that the system did not judge.
    """

    task: str
    slot: str
    model: ModelIdentity
    dataset: str
    metric: str
    value: float
    interval: tuple[float, float]
    n: int
    abstained: int
    rows_per_s: float
    goal: float | None = None
    met: bool | None = None
    groups: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured, and what could not be because a file is missing: sentences that say which and where to put it."""

    measurements: tuple[Measurement, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class System:
    """Whatever answers a slot: a model of either tier, or rules. A new way to answer is measured by making one of these."""

    identity: ModelIdentity
    predict: Callable[[Sequence[Any]], Sequence[Any]]


def evaluate(
    tasks: Sequence[Task],
    folder: Path,
    models: ModelSettings,
    on_progress: Callable[[str, int, int], None],
) -> Evaluation:
    """Measure every task whose files are there; on_progress hears (what, rows done, rows in all).

    Raises InvalidInput where no file is there at all, or a file cannot be used, ModelArtefactMissing for a missing model.
    """
    planned, missing = [], []
    for task in tasks:
        for use in task.uses:
            found = find(use.dataset, folder)
            if found is not None:
                planned.append((task, use, found))
            else:
                missing.append(("(optional) " if use.is_optional else "") + expectation(use.dataset, folder))
    if not planned:
        raise InvalidInput("There is no data to evaluate on:\n  " + "\n  ".join(missing))
    measurements: list[Measurement] = []
    for slot, group in groupby(planned, key=lambda plan: plan[0].slot):
        system = open_system(slot, models)
        for task, use, found in group:
            rows = found.rows()
            for one in _systems(task, system):
                measurements += _measure(task, use, found, rows, one, on_progress)
    return Evaluation(tuple(measurements), tuple(dict.fromkeys(missing)))


def open_system(slot: str, models: ModelSettings) -> System:
    """The slot's model in its tier; raises ModelArtefactMissing."""
    if slot == "fraud_detection":
        from deployments.account_authenticity import judge_accounts

        return System(identity_of(slot), judge_accounts)
    model = open_model(slot, models)
    return System(model.identity, model.predict)


def _systems(task: Task, system: System) -> list[System]:
    fallback = fallback_of(task.slot) if task.has_fallback else None
    return [system, *([System(fallback.identity, fallback.predict)] if fallback else [])]


def _measure(
    task: Task,
    use: Use,
    found: Found,
    rows: list[dict[str, Any]],
    system: System,
    on_progress: Callable[[str, int, int], None],
) -> list[Measurement]:
    is_model = system.identity.tier != "fallback"
    what = f"{task.name} · {found.dataset.title} · {system.identity.tier}"
    answers, rows_per_s = _answer(task, use, rows, system, lambda done: on_progress(what, done, len(rows)))
    measurements = []
    for measure in use.measures:
        part = answers if measure.language is None else answers.part(answers.languages == measure.language)
        abstained = int(sum(part.confidence != part.confidence))
        if not part.n or (measure.centred and abstained == part.n):
            continue
        value = measure.statistic(part)
        interval = interval_of(measure.statistic, part, centred=measure.centred)
        measurements.append(
            Measurement(
                task.name,
                task.slot,
                system.identity,
                found.name,
                measure.name,
                round(value, DIGITS),
                (round(interval[0], DIGITS), round(interval[1], DIGITS)),
                part.n - abstained if measure.centred else part.n,
                abstained,
                round(rows_per_s, 1),
                measure.goal if is_model else None,
                measure.met(round(value, DIGITS), interval, part.n) if is_model else None,
                {
                    title: {name: round(figure, DIGITS) for name, figure in figures.items()}
                    for title, figures in groups_of(measure, part).items()
                },
            )
        )
    return measurements


def _answer(
    task: Task, use: Use, rows: list[dict[str, Any]], system: System, on_done: Callable[[int], None]
) -> tuple[Answers, float]:
    """Every row's answer, and the rows a second it took."""
    readings = []
    on_done(0)
    began = time.perf_counter()
    for start in range(0, len(rows), ROWS_AT_ONCE):
        batch = [task.make_input(row) for row in rows[start : start + ROWS_AT_ONCE]]
        readings += [task.read(result) for result in system.predict(batch)]
        on_done(len(readings))
    seconds = time.perf_counter() - began
    answers = Answers.of(
        [str(row[use.label]) for row in rows],
        [labels for labels, _ in readings],
        [confidence for _, confidence in readings],
        [str(row.get("language", "en")) for row in rows],
        [str(row.get("kind", "")) for row in rows],
    )
    return answers, len(rows) / max(seconds, 1e-9)
