"""Metrics over labelled rows, each with a 95 % bootstrap interval (Efron & Tibshirani, 1993; percentile method)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Statistic = Callable[["Answers"], float]

RESAMPLES = 1_000
SEED = 20_240_607
BINS = 10
TOP = 3
LEVELS = (2.5, 97.5)  # percentiles of a 95 % interval


@dataclass(frozen=True, slots=True)
class Answers:
    """What a system answered for n labelled rows.

    truth (n,) and the columns of ranked (n, TOP), best answer first, number the labels; -1 is an answer that is none of them.
    confidence (n,) is the probability of the best answer, NaN where the system said that it has nothing to judge. languages
    (n,) and kinds (n,) group the rows.
    """

    truth: NDArray[np.int64]
    ranked: NDArray[np.int64]
    confidence: NDArray[np.float64]
    languages: NDArray[np.str_]
    kinds: NDArray[np.str_]

    @classmethod
    def of(
        cls,
        truth: Sequence[str],
        ranked: Sequence[Sequence[str]],
        confidence: Sequence[float | None],
        languages: Sequence[str],
        kinds: Sequence[str] | None = None,
    ) -> Answers:
        """Answers by name; confidence is None for a row that the system did not judge."""
        number = {label: index for index, label in enumerate(sorted(set(truth)))}
        table = np.full((len(truth), TOP), -1, dtype=np.int64)
        for row, labels in enumerate(ranked):
            for place, label in enumerate(labels[:TOP]):
                table[row, place] = number.get(label, -1)
        return cls(
            np.array([number[label] for label in truth], dtype=np.int64),
            table,
            np.array([np.nan if value is None else value for value in confidence], dtype=np.float64),
            np.array(languages),
            np.array(kinds if kinds is not None else ["" for _ in truth]),
        )

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.truth)

    def part(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Answers:
        """Some of the rows, by number (also repeated) or by mask."""
        return Answers(
            self.truth[rows], self.ranked[rows], self.confidence[rows], self.languages[rows], self.kinds[rows]
        )


def macro_f1(answers: Answers) -> float:
    """The mean F1 of the labels that occur (van Rijsbergen, 1979)."""
    right, truths, answered = _counts(answers)
    return float(np.mean([2 * right[label] / (truths[label] + answered[label]) for label in np.flatnonzero(truths)]))


def macro_f1_over_languages(answers: Answers) -> float:
    """The mean over languages of each one's macro-F1, as UMSAB is reported."""
    return float(np.mean([macro_f1(answers.part(answers.languages == one)) for one in np.unique(answers.languages)]))


def macro_recall(answers: Answers) -> float:
    """The mean recall of the labels that occur, as TweetEval's sentiment is reported."""
    right, truths, _ = _counts(answers)
    labels = np.flatnonzero(truths)
    return float(np.mean(right[labels] / truths[labels]))


def accuracy(answers: Answers) -> float:
    """The share of rows whose best answer is right."""
    return float((answers.ranked[:, 0] == answers.truth).mean())


def top_3_accuracy(answers: Answers) -> float:
    """The share of rows whose three best answers hold the right one."""
    return float((answers.ranked == answers.truth[:, None]).any(axis=1).mean())


def calibration_error(answers: Answers) -> float:
    """Expected calibration error of the best answer over ten bins of equal width (Naeini et al., 2015).

    Rows that the system did not judge are left out; NaN where that leaves none.
    """
    judged = ~np.isnan(answers.confidence)
    if not judged.any():
        return float("nan")
    confidence = answers.confidence[judged]
    right = (answers.ranked[:, 0] == answers.truth)[judged]
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.abs(np.bincount(bins, right, BINS) - np.bincount(bins, confidence, BINS))
    return float(gaps.sum() / len(confidence))


def area_under_curve(answers: Answers) -> float:
    """Area under the ROC curve of confidence for truth 1 against 0 (Mann & Whitney, 1947), ties counted half; NaN without both."""
    positive = answers.truth == 1
    hits = int(positive.sum())
    if hits in (0, answers.n):
        return float("nan")
    ranks = rankdata(answers.confidence)
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * (answers.n - hits)))


def interval_of(statistic: Statistic, answers: Answers, *, centred: bool = False) -> tuple[float, float]:
    """A 95 % interval by resampling rows within each language, so that each keeps its weight.

    centred: shift the resampled values by their bias, which a calibration error needs: noise in a resample can only add to
    it, so that the plain interval lies above the value itself (Davison & Hinkley, 1997, section 5.2).
    """
    random = np.random.default_rng(SEED)
    strata = [np.flatnonzero(answers.languages == one) for one in np.unique(answers.languages)]
    values = np.array(
        [
            statistic(answers.part(np.concatenate([random.choice(rows, len(rows)) for rows in strata])))
            for _ in range(RESAMPLES)
        ]
    )
    if centred:
        values = np.clip(values - np.nanmean(values) + statistic(answers), 0.0, 1.0)
    low, high = np.nanpercentile(values, LEVELS)
    return float(low), float(high)


def _counts(answers: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each label: right answers, rows that have it, rows answered so."""
    size = int(max(answers.truth.max(), answers.ranked[:, 0].max())) + 1
    best = answers.ranked[:, 0]
    return (
        np.bincount(answers.truth[best == answers.truth], minlength=size),
        np.bincount(answers.truth, minlength=size),
        np.bincount(best[best >= 0], minlength=size),
    )
