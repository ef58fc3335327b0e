"""Estimates over a creator's posts, each with its n, its 95 % interval and its method, or null with the reason."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from api.sections.scores import Origin, ScoreOut
from deployments.scores import Distribution, ModelIdentity, Score, Share
from deployments.statistics import DRAWS, bootstrap, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STATISTICS = Origin.of(ModelIdentity("creator-statistics", version("following"), "embedded"))
N_LEAST = 3  # fewer observations say nothing about a creator
BOOTSTRAP = f"95 % interval by percentile bootstrap, {DRAWS} resamples (Efron 1979)"
WILSON = "95 % interval of Wilson (1927)"


def share_of(count: int, n: int, of: str) -> Score:
    """A share, count / n, in [0, 1]; `of` says in words what was counted among what."""
    if n == 0:
        return Score(None, 0, f"{of}; {WILSON}", reason="there was nothing to count")
    return Score(count / n, n, f"{of}; {WILSON}", interval=wilson(count, n))


def distribution_of(labels: Iterable[str], of: str, *, reason: str) -> Distribution:
    """Shares of labels, largest first, equal ones by name; empty with the given reason when there is no label."""
    counts = Counter(labels)
    n = counts.total()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shares = tuple(Share(label, count / n, count, wilson(count, n)) for label, count in ordered)
    return Distribution(shares, n, f"{of}; {WILSON}", None if shares else reason)


def mean_of(values: Sequence[float], of: str) -> Score:
    """The arithmetic mean."""
    return _estimate(values, lambda rows: rows.mean(axis=1), f"mean of {of}")


def median_of(values: Sequence[float], of: str) -> Score:
    """The median."""
    return _estimate(values, lambda rows: np.median(rows, axis=1), f"median of {of}")


def iqr_of(values: Sequence[float], of: str) -> Score:
    """The interquartile range."""
    return _estimate(values, _iqr, f"interquartile range of {of}")


def mad_of(values: Sequence[float], of: str) -> Score:
    """The median absolute deviation from the median, unscaled."""
    return _estimate(values, _mad, f"median absolute deviation of {of}")


def signed(score: Score, origin: Origin = STATISTICS) -> ScoreOut:
    """A score as the answer shows it, with who made it."""
    return ScoreOut.model_validate(score, context=origin)


def _iqr(rows: Floats) -> Floats:
    low, high = np.percentile(rows, (25, 75), axis=1)
    return np.asarray(high - low)


def _mad(rows: Floats) -> Floats:
    return np.asarray(np.median(np.abs(rows - np.median(rows, axis=1, keepdims=True)), axis=1))


def _estimate(values: Sequence[float], statistic: Callable[[Floats], Floats], method: str) -> Score:
    """A statistic of rows (draws, n) -> (draws,), of the values and of their resamples."""
    method = f"{method}; {BOOTSTRAP}"
    n = len(values)
    if n < N_LEAST:
        return Score(None, n, method, reason=f"{n} observations; at least {N_LEAST} are needed")
    interval = bootstrap(lambda rows: statistic(rows[:, :, 0]), values)
    return Score(float(statistic(np.asarray([values], dtype=float))[0]), n, method, interval=interval)
