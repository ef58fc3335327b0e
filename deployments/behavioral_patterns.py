"""Behavioural patterns: when, how often and in which formats a creator posts, and what each earns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.scores import Abstention, Score


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour block ("18-21", in local_time of the result) or a weekday ("Monday") and what posts in it earn.

    lift = mean engagement of its posts / mean of all, with a bootstrap interval; value None below its least n.
    """

    label: str
    posts: int
    share: float
    lift: Score


@dataclass(frozen=True, slots=True)
class Format:
    """A post format (image, video, sidecar): its share of the posts and what it earns."""

    kind: str
    posts: int
    share: float
    engagement_median: Score  # likes + comments
    lift: Score  # as in Slot


@dataclass(frozen=True, slots=True)
class TimeZone:
    """The UTC offset in hours, estimated from the daily quiet span of posts; None when it cannot be told."""

    offset_hours: Score
    estimated: bool  # always True where there is a value: the source does not tell the time zone


@dataclass(frozen=True, slots=True)
class Reaction:
    """How the audience answers."""

    likes_median: Score
    comments_median: Score
    comments_per_100_likes: Score
    comment_delay_hours: Score  # median time from a post to its comments
    views_per_follower: Score  # videos, median


@dataclass(frozen=True, slots=True)
class BehavioralPatterns:
    """All behaviour of one creator. hours holds eight blocks of three hours, days seven weekdays; best ones first."""

    posts_per_week: Score
    gap_hours: Score  # median time between posts
    days_since_last_post: Score
    consistency: Score  # 0-100, 100 for a perfectly even rhythm
    burstiness: Score  # -1 regular, 0 random, 1 bursty
    hour_entropy: Score  # 0 always the same hour, 1 any hour
    hour_concentration: Score  # resultant length 0-1, confidence = 1 - p of Rayleigh's test
    weekday_concentration: Score
    mean_hour: Score  # of day, local_time
    rhythm_days: Score  # period of the strongest rhythm, confidence = 1 - false-alarm probability
    time_zone: TimeZone
    local_time: str  # "UTC" or "UTC+3 (estimated)": the clock that hours, days and mean_hour are in
    hours: tuple[Slot, ...]
    days: tuple[Slot, ...]
    formats: tuple[Format, ...]
    reaction: Reaction
    posts: int
    abstained: tuple[Abstention, ...]
