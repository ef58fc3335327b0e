"""Measures of how well planted cases are told from ordinary ones, and how honest intervals are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deployments.statistics import Z_95, wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deployments.scores import Score


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its Wilson interval."""

    share: float
    n: int
    interval: tuple[float, float]

    def told(self) -> str:
        """For a note: the interval and n."""
        return f"95 % interval {self.interval[0]:.3f} to {self.interval[1]:.3f}, n = {self.n:,}"


def rate_of(marks: Iterable[bool]) -> Rate:
    """How many of the marks are true; an empty set has a share of not a number."""
    known = list(marks)
    if not known:
        return Rate(math.nan, 0, (0.0, 1.0))
    return Rate(sum(known) / len(known), len(known), wilson(sum(known), len(known)))


def auc(planted: Sequence[float], ordinary: Sequence[float]) -> float:
    """The probability that a planted case scores higher than an ordinary one, ties half (Mann & Whitney 1947)."""
    values = np.asarray([*planted, *ordinary])
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n = len(planted)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(ordinary)))


def auc_interval(area: float, planted: int, ordinary: int) -> tuple[float, float]:
    """95 % interval of an AUC (Hanley & McNeil 1982)."""
    one, two = area / (2 - area), 2 * area * area / (1 + area)
    variance = area * (1 - area) + (planted - 1) * (one - area * area) + (ordinary - 1) * (two - area * area)
    half = Z_95 * math.sqrt(max(0.0, variance) / (planted * ordinary))
    return max(0.0, area - half), min(1.0, area + half)


def found_at(planted: Sequence[float], ordinary: Sequence[float], false_alarms: float) -> float:
    """The share of planted cases above the score that this share of ordinary ones exceeds."""
    threshold = float(np.quantile(np.asarray(ordinary), 1 - false_alarms, method="higher"))
    return float(np.mean(np.asarray(planted) > threshold))


def filled(values: Sequence[float | None], ordinary: Sequence[float | None]) -> list[float]:
    """Values with the median ordinary one for those that are missing: who abstains has said nothing."""
    middle = float(np.median([value for value in ordinary if value is not None]))
    return [middle if value is None else value for value in values]


def holds(score: Score, truth: float) -> bool:
    """Whether a score's interval holds the truth."""
    assert score.interval is not None, score.method
    return score.interval[0] <= truth <= score.interval[1]


def precision(found: float, false_alarms: float, prevalence: float) -> float:
    """The share of alarms that are right where `prevalence` of the accounts are planted (Bayes)."""
    alarms = found * prevalence + false_alarms * (1 - prevalence)
    return found * prevalence / alarms if alarms else math.nan
