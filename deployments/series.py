"""Detectors on a time series: change points, surges and bursts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from deployments.statistics import MAD_TO_SD

if TYPE_CHECKING:
    from collections.abc import Sequence

SEGMENT_LEAST = 3
OUTLIER_NOISES = 3.0
EWMA_WEIGHT = 0.3  # of the newest value; the last five values hold 83 % of the weight
EWMA_HISTORY_LEAST = 5
BURST_RATIO = 2.5  # of the burst state's rate to the usual one; Kleinberg's s
BURST_COST = 1.0  # Kleinberg's gamma: cost of entering the burst state, times ln n


def change_points(values: Sequence[float], spread_least: float) -> list[int]:
    """Indices at which the mean changes: the exact optimum of the problem that PELT solves (Killick et al. 2012).

    Optimal partitioning (Jackson et al. 2005); PELT's pruning saves time only on series far longer than a creator's.
    Cost: squared distance from the segment's mean, in units of the noise; penalty 3 ln n a change (a little above BIC's
    2 ln n, since the noise is estimated). The noise is the MAD of successive differences / sqrt 2, at least spread_least.
    A single viral post is no change of level: values are first drawn to within OUTLIER_NOISES of the median of the five
    around them (the idea of Fearnhead & Rigaill 2019, whose bounded cost ignores outliers).
    """
    data = np.asarray(values, dtype=float)
    n = len(data)
    if n < 2 * SEGMENT_LEAST:
        return []
    noise = max(spread_least, MAD_TO_SD * float(np.median(np.abs(np.diff(data)))) / math.sqrt(2))
    around = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(data, 2, mode="reflect"), 5), axis=1)
    clipped = np.clip(data, around - OUTLIER_NOISES * noise, around + OUTLIER_NOISES * noise)
    scaled = (clipped - clipped.mean()) / noise
    sums = np.concatenate([[0.0], np.cumsum(scaled)])
    squares = np.concatenate([[0.0], np.cumsum(scaled**2)])
    penalty = 3 * math.log(n)
    best = np.full(n + 1, np.inf)
    best[0] = -penalty
    last = np.zeros(n + 1, dtype=int)
    for end in range(SEGMENT_LEAST, n + 1):
        starts = np.arange(end - SEGMENT_LEAST + 1)
        costs = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        totals = best[starts] + costs + penalty
        last[end] = int(totals.argmin())
        best[end] = totals[last[end]]
    found = []
    at = int(last[n])
    while at > 0:
        found.append(at)
        at = int(last[at])
    return found[::-1]


def ewma_surges(values: Sequence[float], spread_least: float) -> list[tuple[float, float]]:
    """(expected value, z-score) of each value against an exponentially weighted history of those before it.

    SigniTrend (Schubert, Weiler & Kriegel 2014): mean and variance are updated together,
    delta = x - mean; mean += w delta; variance = (1 - w) (variance + w delta ** 2); z = delta / max(sd, spread_least).
    The first EWMA_HISTORY_LEAST values have z = 0.
    """
    mean, variance = float(values[0]) if values else 0.0, 0.0
    scores = []
    for index, value in enumerate(values):
        delta = float(value) - mean
        known = index >= EWMA_HISTORY_LEAST
        scores.append((mean, delta / max(math.sqrt(variance), spread_least) if known else 0.0))
        # Early values weigh evenly, so that the first one does not stay the mean for long.
        weight = max(EWMA_WEIGHT, 1 / (index + 1))
        mean += weight * delta
        variance = (1 - weight) * (variance + weight * delta * delta)
    return scores


def bursts(used: Sequence[bool]) -> list[tuple[int, int, float]]:
    """(first, last, weight) of each stretch in which a term's use is bursty; used says so for each post, in time order.

    Kleinberg 2002, sec. 4 (batched arrivals, two states): usual rate p, burst rate BURST_RATIO p (at most 0.99); entering the
    burst costs BURST_COST ln n; the cheapest sequence of states is found by dynamic programming. weight is the cost saved.
    """
    n = len(used)
    hits = sum(used)
    if not 0 < hits < n:
        return []
    usual = hits / n
    burst = min(0.99, BURST_RATIO * usual)
    if burst <= usual:
        return []
    enter = BURST_COST * math.log(n)
    costs = [
        (-math.log(usual), -math.log(burst)) if hit else (-math.log(1 - usual), -math.log(1 - burst)) for hit in used
    ]
    totals = (0.0, math.inf)
    came_from: list[tuple[int, int]] = []
    for low, high in costs:
        from_low, from_high = (0, 0)
        to_low = totals[0]
        if totals[1] < to_low:
            to_low, from_low = totals[1], 1
        to_high = totals[0] + enter
        if totals[1] <= to_high:
            to_high, from_high = totals[1], 1
        came_from.append((from_low, from_high))
        totals = (to_low + low, to_high + high)
    states = [0 if totals[0] <= totals[1] else 1]
    for step in reversed(came_from[1:]):
        states.append(step[states[-1]])
    states.reverse()
    return _stretches(states, costs)


def _stretches(states: Sequence[int], costs: Sequence[tuple[float, float]]) -> list[tuple[int, int, float]]:
    found = []
    start: int | None = None
    for index, state in enumerate([*states, 0]):
        if state == 1 and start is None:
            start = index
        elif state == 0 and start is not None:
            weight = sum(low - high for low, high in costs[start:index])
            found.append((start, index - 1, weight))
            start = None
    return found
