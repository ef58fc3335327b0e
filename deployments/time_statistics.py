"""Statistics of points in time: circular means, burstiness, rhythm and the time zone behind posting hours."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from deployments.statistics import SEED, interval_of, resamples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deployments.statistics import Floats

PERMUTATIONS = 200
PERIODS = 60  # trial periods of a periodogram
BLOCKS = 8  # of three hours in a day
HABIT_SD_H = 3.0  # of people's preferred hour; their sleep alone differs by 1.5 (Roenneberg et al. 2007, fig. 1)
DAYS_MAX = 400  # of a posting history that a periodogram covers
# Relative activity at each local hour: least between three and five in the night, most in the evening, as Golder & Macy
# (Science 333, 2011, fig. 1) found in 84 countries; the smooth numbers are our own.
ACTIVITY = (
    0.35, 0.20, 0.11, 0.08, 0.08, 0.14, 0.33, 0.60, 0.82, 0.95, 1.02, 1.06,
    1.14, 1.10, 1.06, 1.06, 1.12, 1.22, 1.32, 1.36, 1.32, 1.17, 0.88, 0.58,
)  # fmt: skip
# Offsets with at least a million people, in hours; their shares of the world's population are the prior.
OFFSETS = {
    -8: 0.02, -7: 0.01, -6: 0.05, -5: 0.05, -4: 0.03, -3: 0.05, 0: 0.06, 1: 0.10, 2: 0.09, 3: 0.09, 3.5: 0.02, 4: 0.01,
    5: 0.05, 5.5: 0.16, 6: 0.03, 7: 0.07, 8: 0.12, 9: 0.04, 10: 0.01, 12: 0.01,
}  # fmt: skip


def resultant(angles: Floats) -> tuple[float, float]:
    """Mean direction in [0, 2 pi) and resultant length in [0, 1] of angles in radians (Mardia & Jupp 2000, ch. 2)."""
    mean = np.exp(1j * np.sort(angles)).mean()
    return float(np.angle(mean) % (2 * math.pi)), float(min(1.0, abs(mean)))


def resultant_draws(angles: Floats) -> Floats:
    """Bootstrap draws of the resultant length."""
    points = np.exp(1j * np.sort(angles))
    return np.asarray(np.abs(points[resamples(len(points))].mean(axis=1)))


def rayleigh_p(length: float, n: int) -> float:
    """The p of Rayleigh's test that n angles with this resultant length are uniform (Zar 1999, eq. 27.4)."""
    summed = n * length
    return min(1.0, math.exp(math.sqrt(1 + 4 * n + 4 * (n * n - summed * summed)) - (1 + 2 * n)))


def mean_angle_interval(angles: Floats) -> tuple[float, float]:
    """95 % bootstrap interval of the mean direction, as offsets in radians from it (low <= 0 <= high)."""
    points = np.exp(1j * np.sort(angles))
    centre = points.mean()
    turned = np.angle(points[resamples(len(points))].mean(axis=1) * np.conj(centre))
    low, high = interval_of(turned, len(points))
    return min(0.0, low), max(0.0, high)


def burstiness(gaps: Floats) -> Floats:
    """Goh & Barabasi 2008 in the form for few events: -1 regular, 0 Poisson, 1 bursty; gaps (..., n) give (...).

    Kim & Jo 2016, eq. 22: (sqrt(n + 1) r - sqrt(n - 1)) / ((sqrt(n + 1) - 2) r + sqrt(n - 1)), r = sd / mean of the n gaps.
    """
    n = gaps.shape[-1]
    ratio = gaps.std(axis=-1) / np.maximum(gaps.mean(axis=-1), 1e-12)
    up, down = math.sqrt(n + 1), math.sqrt(n - 1)
    return np.asarray(np.clip((up * ratio - down) / ((up - 2) * ratio + down), -1.0, 1.0))


def strongest_rhythm(days: Sequence[float], period_least: float = 2.0) -> tuple[float, float] | None:
    """The period in days at which posting is most rhythmic, and its false-alarm probability.

    Lomb-Scargle periodogram (Scargle 1982) of posts a day over the days from the first to the last post; periods from
    `period_least` to a third of the span. The false-alarm probability is the share of PERMUTATIONS shuffles of the days
    with a peak as high (VanderPlas 2018, sec. 7.4). None for a span too short or longer than DAYS_MAX.
    """
    first = math.floor(min(days))
    counts = np.bincount((np.floor(np.sort(days)) - first).astype(int)).astype(float)
    if not 3 * period_least < len(counts) <= DAYS_MAX or counts.std() == 0:
        return None
    frequencies = np.linspace(3 / len(counts), 1 / period_least, PERIODS)
    random = np.random.default_rng(SEED)
    shuffled = random.permuted(np.tile(counts, (PERMUTATIONS, 1)), axis=1)
    power = _lomb_scargle(np.vstack([counts, shuffled]), frequencies)
    best = int(power[0].argmax())
    as_high = int((power[1:].max(axis=1) >= power[0, best]).sum())
    return float(1 / frequencies[best]), (as_high + 1) / (PERMUTATIONS + 1)


def _lomb_scargle(rows: Floats, frequencies: Floats) -> Floats:
    """Power of each row (n, days) at each frequency in cycles a day, relative to its variance: (n, frequencies)."""
    times = np.arange(rows.shape[1], dtype=float)
    values = rows - rows.mean(axis=1, keepdims=True)
    turns = 2 * math.pi * frequencies
    double = 2 * np.outer(turns, times)
    shift = np.arctan2(np.sin(double).sum(axis=1), np.cos(double).sum(axis=1)) / (2 * turns)
    phase = turns[:, None] * (times[None, :] - shift[:, None])
    cosine, sine = np.cos(phase), np.sin(phase)
    explained = (values @ cosine.T) ** 2 / np.maximum((cosine**2).sum(axis=1), 1e-12)
    explained += (values @ sine.T) ** 2 / np.maximum((sine**2).sum(axis=1), 1e-12)
    return np.asarray(explained / np.maximum(2 * values.var(axis=1, keepdims=True), 1e-12))


def offset_posterior(utc_hours: Sequence[float], prior: Mapping[float, float] = OFFSETS) -> dict[float, float]:
    """P(UTC offset | posting hours): posts follow ACTIVITY at their local hour, prior tells what else is known of each of OFFSETS.

    Posts of one habit are not independent draws ("always at noon" is one fact, however often it is seen), and who posts at
    one time of day shows nothing of the night's gap that tells time zones apart. So the likelihood is tempered: it counts
    like as many posts as there are different three-hour blocks, times the share of the day that these cover.
    """
    activity = np.asarray(ACTIVITY) / sum(ACTIVITY)
    hours = np.sort(np.asarray(utc_hours, dtype=float))
    offsets = np.asarray(list(OFFSETS))
    blocks = len(set((hours // 3).tolist()))
    habits = blocks * (blocks / BLOCKS) / len(hours)
    # Creators prefer hours of their own, ahead of or behind the usual day; every such shift is tried.
    shifts = np.arange(-2.0, 2.1, 0.5) * HABIT_SD_H
    local = (hours[None, None, :] + offsets[:, None, None] - shifts[None, :, None]) % 24
    before = np.floor(local).astype(int) % 24
    rest = local - np.floor(local)
    density = activity[before] * (1 - rest) + activity[(before + 1) % 24] * rest
    likelihood = np.exp(habits * np.log(density).sum(axis=2)) @ np.exp(-0.5 * (shifts / HABIT_SD_H) ** 2)
    weights = likelihood * np.asarray([prior[offset] for offset in OFFSETS])
    return dict(zip(OFFSETS, (weights / weights.sum()).tolist(), strict=True))
