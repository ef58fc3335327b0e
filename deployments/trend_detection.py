"""Trend detection: what rises and falls in a creator's topics, hashtags, engagement and followers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from deployments.scores import Abstention, Score


@dataclass(frozen=True, slots=True)
class Trend:
    """A term whose use changed from the older to the newer half of the posts.

    change is the difference of the shares of posts that use it (newer minus older, -1 to 1) with its interval;
    p_value is Fisher's exact test's. direction is rising, falling or steady (interval holds zero).
    """

    term: str
    kind: str  # hashtag or topic
    direction: str
    change: Score
    p_value: float
    posts_older: int
    posts_newer: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A cluster of captions: its name, its strongest words, its share of posts and what it earns."""

    name: str
    terms: tuple[str, ...]
    posts: int
    share: float
    engagement_lift: Score  # median engagement of its posts / median of the others
    post_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of posts in which a hashtag was used far more often than usual (Kleinberg's two-state automaton)."""

    term: str
    started_at: datetime
    ended_at: datetime
    posts: int
    weight: float  # cost saved by the burst state, in nats


@dataclass(frozen=True, slots=True)
class Surge:
    """A post whose engagement left the range that the posts before it led one to expect (EWMA z-score)."""

    post_id: str
    taken_at: datetime
    value: float
    expected: float
    z: float


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A time at which the level of engagement changed for good (PELT); medians before and after, likes + comments."""

    at: datetime
    before: float
    after: float
    posts_before: int
    posts_after: int


@dataclass(frozen=True, slots=True)
class EngagementTrend:
    """direction is rising, falling, flat, or None when undecidable; slope in percent a week of the median level."""

    direction: str | None
    slope_percent_per_week: Score
    tau: float | None  # Kendall's, -1 to 1
    p_value: float | None


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


@dataclass(frozen=True, slots=True)
class TrendDetection:
    """All trends of one creator; what could not be computed is in abstained."""

    hashtags: tuple[Trend, ...]
    topics: tuple[Trend, ...]
    topic_clusters: tuple[Topic, ...]
    engagement: EngagementTrend
    engagement_points: tuple[Point, ...]  # likes + comments of each post, oldest first
    surges: tuple[Surge, ...]
    bursts: tuple[Burst, ...]
    change_points: tuple[ChangePoint, ...]
    followers: FollowerHistory
    posts: int
    abstained: tuple[Abstention, ...]
