"""How every score explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that moved a score.

    value is what was measured (None when it could not be), contribution how many points it moved the score by
    (negative lowers it), explanation a sentence that a brand manager understands.
    """

    name: str
    value: float | None
    contribution: float
    explanation: str
    n: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """A number with everything needed to trust it.

    value is None when there is too little data, and reason then says what was missing. interval is a 95 % interval in
    the value's own unit; confidence is a probability in [0, 1]. n counts the observations. method names formula and source.
    """

    value: float | None
    n: int
    method: str
    interval: tuple[float, float] | None = None
    confidence: float | None = None
    reason: str | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """One label's share of a distribution, with its 95 % interval."""

    label: str
    share: float
    n: int
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares that sum to one, largest first; empty with a reason when not inferable."""

    shares: tuple[Share, ...]
    n: int
    method: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which artefact made a result."""

    name: str
    revision: str
    tier: str


@dataclass(frozen=True, slots=True)
class Abstention:
    """A statistic that was not computed, because n observations are fewer than the n_least it needs."""

    statistic: str
    n: int
    n_least: int
    reason: str


def split_points(points: float, weights: Sequence[float], decimals: int) -> list[float]:
    """Points split by weights of one sign and rounded, so that the rounded shares still sum to the (rounded) points.

    What rounding loses goes to the largest weight. No share is -0.0.
    """
    total = sum(weights)
    if total == 0:
        return [0.0 for _ in weights]
    shares = [round(points * weight / total, decimals) + 0.0 for weight in weights]
    largest = max(range(len(weights)), key=lambda index: abs(weights[index]))
    shares[largest] = round(points - sum(shares[:largest]) - sum(shares[largest + 1 :]), decimals) + 0.0
    return shares
