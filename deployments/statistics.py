"""Small estimators that the per-profile models share: each says its source, none depends on the order of its input.

Whoever draws random numbers does so from a fixed seed over sorted rows, so that the same facts give the same interval.
Every function answers finite numbers for finite input, or None where the data cannot tell.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Z_95 = 1.959964
DRAWS = 400
SEED = 20_260_101
PAIRS_MAX = 200  # points of a Theil-Sen fit: n (n - 1) / 2 slopes
MAD_TO_SD = 1.4826  # of a normal distribution
INTERVAL = (2.5, 97.5)
JUDGEMENT_ERROR = 0.2  # relative standard error of a weight set by judgement
WEIGHT_MOST = 0.95


def wilson(successes: float, n: float, z: float = Z_95) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); successes may be fractional, n must be positive."""
    assert 0 <= successes <= n, (successes, n)
    share = successes / n
    denominator = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / denominator
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / denominator
    # Rounding must not put a share of 0 or 1 outside its own interval.
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))


@lru_cache(maxsize=64)
def resamples(n: int, draws: int = DRAWS) -> NDArray[np.intp]:
    """Row numbers of `draws` bootstrap samples (Efron 1979), shape (draws, n); the same for every caller."""
    assert n > 0, n
    rows = np.random.default_rng(SEED + n).integers(0, n, size=(draws, n))
    rows.setflags(write=False)
    return rows


def sorted_rows(*columns: Sequence[float] | Floats) -> Floats:
    """Columns of equal length as rows (n, k) in an order that depends on their values only."""
    table = np.column_stack([np.asarray(column, dtype=float) for column in columns])
    return table[np.lexsort(table.T[::-1])]


def bootstrap(statistic: Callable[[Floats], Floats], *columns: Sequence[float] | Floats) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic of rows; it maps (draws, n, k) to (draws,)."""
    table = sorted_rows(*columns)
    return interval_of(statistic(table[resamples(len(table))]), len(table))


def bootstrap_mean(values: Sequence[float] | Floats) -> tuple[float, float]:
    """The 95 % interval of the mean."""
    return bootstrap(lambda rows: rows[:, :, 0].mean(axis=1), values)


def bootstrap_median(values: Sequence[float] | Floats) -> tuple[float, float]:
    """The 95 % interval of the median."""
    return bootstrap(lambda rows: np.median(rows[:, :, 0], axis=1), values)


def interval_of(draws: Floats, n: int | None = None) -> tuple[float, float]:
    """The middle 95 % of draws; those that are no number are left out.

    n is the number of resampled rows: a bootstrap of few rows is too narrow, so its percentiles are moved outwards as far as
    Student's t lies beyond the normal distribution (expanded percentile interval: Hesterberg 2015, sec. 5.3).
    """
    kept = draws[np.isfinite(draws)]
    assert len(kept), "no finite draw"
    percentiles = INTERVAL
    if n is not None and n > 1:
        tail = 100 * two_sided_p(math.sqrt(n / (n - 1)) * student_t_95(n - 1)) / 2
        percentiles = tail, 100 - tail
    low, high = np.percentile(kept, percentiles)
    return float(low), float(high)


def student_t_95(degrees: int) -> float:
    """The 97.5th percentile of Student's t, by its expansion in 1 / degrees (Abramowitz & Stegun 26.7.5); low below 3."""
    z = Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + float(sum(term / degrees**power for power, term in enumerate(terms, start=1)))


def share_draws(share: float, n: float, draws: Floats) -> Floats:
    """Draws of a share of n observations that came in clusters, from its bootstrap draws over clusters.

    A bootstrap of observations that all agree has no width at all, however few there are. So the bootstrap only tells by how
    much clusters widen the spread; the draws are Jeffreys' Beta posterior of n / that factor observations (effective sample
    size, Korn & Graubard 1998), in the order of the bootstrap's, so that measurements of one resample stay together
    (Iman & Conover 1982).
    """
    sampling = share * (1 - share) / n
    effect = max(1.0, float(draws.var()) / sampling) if sampling > 0 else 1.0
    size = max(1.0, n / effect)
    random = np.random.default_rng([SEED, round(n), round(1e6 * share)])
    drawn = np.sort(random.beta(size * share + 0.5, size * (1 - share) + 0.5, len(draws)))
    order = np.lexsort((random.random(len(draws)), draws))
    placed = np.empty(len(draws))
    placed[order] = drawn
    return placed


def standard_errors(salt: int, draws: int = DRAWS) -> Floats:
    """Standard normal draws for an error that no resample shows; the same for every caller with this salt."""
    return np.asarray(np.random.default_rng([SEED, salt]).standard_normal(draws))


def judged(weight: float, salt: int, draws: int = DRAWS) -> Floats:
    """Draws of a weight that was set by judgement, log-normal with JUDGEMENT_ERROR around it and below WEIGHT_MOST.

    A weight without data behind it is no constant of nature: an interval that took it for one would claim too much (O'Hagan
    et al. 2006, Uncertain Judgements). A fifth is how far careful readers of the same papers would differ.
    """
    return np.minimum(WEIGHT_MOST, weight * np.exp(JUDGEMENT_ERROR * standard_errors(salt, draws)))


def robust_z(values: Sequence[float] | Floats, floor: float = 1e-9) -> Floats:
    """0.6745 (x - median) / MAD (Iglewicz & Hoaglin 1993); `floor` is the smallest spread believed, in the values' unit."""
    data = np.asarray(values, dtype=float)
    off = data - np.median(data)
    return np.asarray(off / max(MAD_TO_SD * float(np.median(np.abs(off))), floor))


def variation(values: Sequence[float]) -> float | None:
    """The coefficient of variation: sample standard deviation / mean; None for fewer than two values or a mean of zero."""
    data = np.asarray(values, dtype=float)
    if len(data) < 2 or data.mean() <= 0:
        return None
    return float(data.std(ddof=1) / data.mean())


def mann_kendall(values: Sequence[float]) -> tuple[float, float]:
    """Kendall's tau-b of values against their order and the two-sided p of Mann-Kendall's test, corrected for ties.

    Mann 1945; Kendall 1975. Values must be in time order; with all values equal it answers (0, 1).
    """
    data = np.asarray(values, dtype=float)
    n = len(data)
    score = int(np.sign(data[None, :] - data[:, None])[np.triu_indices(n, 1)].sum())
    ties = np.unique(data, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if score == 0 or variance <= 0:
        return 0.0, 1.0
    z = (score - math.copysign(1, score)) / math.sqrt(variance)
    pairs = n * (n - 1) / 2
    untied = pairs - float((ties * (ties - 1)).sum()) / 2
    return score / math.sqrt(pairs * untied), two_sided_p(z)


def theil_sen(
    x: Sequence[float] | Floats, y: Sequence[float] | Floats
) -> tuple[float, float, tuple[float, float]] | None:
    """Slope, intercept and the slope's 95 % interval: the median of all pairwise slopes (Theil 1950, Sen 1968).

    The interval takes the ranks M -+ z sd(S), S being Kendall's score. None when all x are equal. More than PAIRS_MAX
    points are thinned evenly along x.
    """
    rows = sorted_rows(x, y)
    if len(rows) > PAIRS_MAX:
        rows = rows[np.linspace(0, len(rows) - 1, PAIRS_MAX).round().astype(int)]
    first, second = np.triu_indices(len(rows), 1)
    run = rows[second, 0] - rows[first, 0]
    apart = run > 0
    if not apart.any():
        return None
    slopes = np.sort((rows[second, 1] - rows[first, 1])[apart] / run[apart])
    slope = float(np.median(slopes))
    n = len(rows)
    half = Z_95 * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, math.floor((len(slopes) - half) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + half) / 2))
    intercept = float(np.median(rows[:, 1] - slope * rows[:, 0]))
    return slope, intercept, (float(slopes[low]), float(slopes[high]))


def fisher_exact(used_a: int, n_a: int, used_b: int, n_b: int) -> float:
    """Two-sided p of Fisher's exact test (1922) that two shares used_a / n_a and used_b / n_b are one."""
    used = used_a + used_b
    total = n_a + n_b
    span = range(max(0, used - n_b), min(used, n_a) + 1)
    logs = [_log_choose(n_a, k) + _log_choose(n_b, used - k) - _log_choose(total, used) for k in span]
    seen = logs[used_a - span.start]
    return min(1.0, sum(math.exp(value) for value in logs if value <= seen + 1e-9))


def share_difference(used_a: int, n_a: int, used_b: int, n_b: int) -> tuple[float, float, float]:
    """used_b / n_b - used_a / n_a with its 95 % interval (Newcombe 1998, method 10: from two Wilson intervals)."""
    a, b = used_a / n_a, used_b / n_b
    (low_a, high_a), (low_b, high_b) = wilson(used_a, n_a), wilson(used_b, n_b)
    return b - a, b - a - math.hypot(b - low_b, high_a - a), b - a + math.hypot(high_b - b, a - low_a)


def two_sided_p(z: float) -> float:
    """P(|Z| >= |z|) of a standard normal."""
    return math.erfc(abs(z) / math.sqrt(2))


def normal_cdf(z: float) -> float:
    """P(Z <= z) of a standard normal."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def ramp(values: Floats | float, zero: float, one: float) -> Floats:
    """A straight line from 0 at `zero` to 1 at `one`, flat outside; `zero` may be the larger."""
    return np.clip((np.asarray(values, dtype=float) - zero) / (one - zero), 0.0, 1.0)


def soft_ramp(values: Floats | float, zero: float, one: float) -> Floats:
    """An S-shaped line (logistic) that is 0.08 at `zero` and 0.92 at `one` and never quite 0 or 1.

    For judgements without a sharp bound: what lies just before a threshold counts a little, and nothing saturates.
    """
    middle, width = (zero + one) / 2, one - zero
    return np.asarray(1 / (1 + np.exp(-np.clip(5 * (np.asarray(values, dtype=float) - middle) / width, -60, 60))))


def entropy_share(counts: Sequence[int]) -> float:
    """Shannon's entropy of counts over its largest possible value, 0 (one class holds all) to 1 (all equal)."""
    total = sum(counts)
    shares = [count / total for count in counts if count]
    return max(0.0, -sum(share * math.log(share) for share in shares) / math.log(len(counts)))


def corrected_share(
    positives: int, n: int, sensitivity: tuple[int, int], specificity: tuple[int, int]
) -> tuple[float, tuple[float, float]]:
    """A share seen through a classifier with known mistakes, with an interval that carries them.

    Rogan & Gladen 1978: (seen + specificity - 1) / (sensitivity + specificity - 1). sensitivity and specificity are
    (right, asked) on the checked set; the interval is that of DRAWS draws from the three shares' Jeffreys posteriors.
    """
    random = np.random.default_rng(SEED)
    seen = random.beta(positives + 0.5, n - positives + 0.5, 10 * DRAWS)
    found, kept = (
        random.beta(right + 0.5, asked - right + 0.5, 10 * DRAWS) for right, asked in (sensitivity, specificity)
    )
    draws = np.clip((seen + kept - 1) / np.maximum(found + kept - 1, 1e-6), 0.0, 1.0)
    (right, asked), (kept_right, kept_asked) = sensitivity, specificity
    power = right / asked + kept_right / kept_asked - 1
    assert power > 0, "a classifier worse than chance corrects nothing"
    value = min(1.0, max(0.0, (positives / n + kept_right / kept_asked - 1) / power))
    low, high = interval_of(draws)
    return value, (min(low, value), max(high, value))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
