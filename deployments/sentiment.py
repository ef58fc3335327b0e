"""Sentiment of a caption."""

from __future__ import annotations

from dataclasses import dataclass

LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Sentiment:
    """What a caption feels like.

    label is negative, neutral or positive; score is P(positive) - P(negative), in [-1, 1]; confidence is the calibrated
    probability of the label, in [0, 1]. A caption without words or emoji is neutral with score 0, confidence 0 and a
    reason: it says nothing and must be left out of averages.
    """

    label: str
    score: float
    confidence: float
    reason: str | None = None
