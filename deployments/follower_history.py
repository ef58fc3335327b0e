"""Stored follower counts: growth, and a forecast with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import numpy as np

from deployments.scores import Score
from deployments.statistics import theil_sen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deployments.facts import Snapshot

SNAPSHOTS_LEAST = 4
SNAPSHOT_SPAN_DAYS_LEAST = 7.0
FORECAST_WEEKS = 4
FORECAST_OF_SPAN_MAX = 2.0  # no further ahead than twice the observed span
WEEK_S = 604_800.0
LOG_COUNT_MAX = 45.0  # e ** 45 is far past the world's population and far from overflow


@dataclass(frozen=True, slots=True)
class Point:
    """A count at a time."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """A value expected at a time, never without its 95 % interval."""

    at: datetime
    value: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FollowerHistory:
    """Stored follower counts, their growth in percent a week, and where that leads in four weeks."""

    points: tuple[Point, ...]
    growth_percent_per_week: Score
    forecast: tuple[Forecast, ...]
    reason: str | None  # why there is no forecast


def follower_history(snapshots: Sequence[Snapshot]) -> FollowerHistory:
    """Growth by Theil-Sen on the logarithm, and a forecast of at most FORECAST_WEEKS from the last count.

    A forecast's interval takes the slope's interval and adds twice the largest distance of a stored count from the line.
    """
    method = "Theil-Sen slope of ln(followers) a week over the stored fetches, with Sen's interval"
    known = sorted({(one.taken_at.astimezone(UTC), one.followers_count) for one in snapshots if one.followers_count})
    points = tuple(Point(time, float(count)) for time, count in known)
    span_weeks = (known[-1][0] - known[0][0]).total_seconds() / WEEK_S if known else 0.0
    if len(known) < SNAPSHOTS_LEAST or span_weeks < SNAPSHOT_SPAN_DAYS_LEAST / 7:
        reason = (
            f"{len(known)} stored fetches over {7 * span_weeks:.0f} days; at least {SNAPSHOTS_LEAST} over "
            f"{SNAPSHOT_SPAN_DAYS_LEAST:.0f} days are needed"
        )
        return FollowerHistory(points, Score(None, len(known), method, reason=reason), (), reason)
    weeks = np.asarray([(time - known[0][0]).total_seconds() / WEEK_S for time, _ in known])
    logs = np.log([count for _, count in known])
    line = theil_sen(weeks, logs)
    assert line is not None, "times span more than a week"
    slope, intercept, (low, high) = line
    growth = Score(percent(slope), len(known), method, (percent(low), percent(high)))
    spread = 2 * float(np.abs(logs - intercept - slope * weeks).max())
    forecast = []
    for ahead in range(1, FORECAST_WEEKS + 1):
        if ahead > FORECAST_OF_SPAN_MAX * span_weeks:
            break
        middle = float(logs[-1]) + slope * ahead
        least, most = float(logs[-1]) + low * ahead - spread, float(logs[-1]) + high * ahead + spread
        interval = (math.exp(min(least, LOG_COUNT_MAX)), math.exp(min(most, LOG_COUNT_MAX)))
        forecast.append(Forecast(known[-1][0] + timedelta(weeks=ahead), math.exp(min(middle, LOG_COUNT_MAX)), interval))
    return FollowerHistory(points, growth, tuple(forecast), None if forecast else "the fetches span too short a time")


def percent(log_slope: float) -> float:
    """Growth in percent from a slope of logarithms; a factor of e ** 5 a week is where meaning ends."""
    return 100 * math.expm1(min(5.0, max(-5.0, log_slope)))
