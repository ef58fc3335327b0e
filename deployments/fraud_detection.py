"""Fraud detection: signs of bought followers, likes or comments, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.account_authenticity import AccountAuthenticity
    from deployments.scores import Abstention, Score

VERDICTS = ("low", "elevated", "high", "insufficient_data")


@dataclass(frozen=True, slots=True)
class FraudReason:
    """One sign: a stable code, the points it adds to the risk, what was measured against which threshold.

    sentence is for a brand manager. evidence holds at most five short texts (post ids, repeated comment texts), never
    a commenter's name.
    """

    code: str
    points: float
    sentence: str
    value: float
    threshold: float
    n: int
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A post whose likes, comments or comments per like lie far off the creator's own median (robust z)."""

    post_id: str
    measure: str  # likes, comments or comments_per_like
    value: float
    median: float
    z: float


@dataclass(frozen=True, slots=True)
class FraudDetection:
    """risk 0-100 (value None and verdict insufficient_data when too few statistics could be computed)."""

    risk: Score
    verdict: str  # one of VERDICTS
    reasons: tuple[FraudReason, ...]  # strongest first
    anomalies: tuple[Anomaly, ...]
    account: AccountAuthenticity
    abstained: tuple[Abstention, ...]
