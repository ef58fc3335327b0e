"""engagement: how people react, when, and what stands out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.sections.scores import AbstentionOut, DistributionOut, Finding, Number, Reasons, ScoreOut, Section


class ByTypeOut(Section):
    """One post type's reactions."""

    type: Literal["image", "video", "sidecar"]
    median: ScoreOut


class PerPostOut(Section):
    """Likes or comments per post, over all stored posts that show them."""

    median: ScoreOut
    iqr: ScoreOut = Field(description="Interquartile range: the middle half of the posts lies this far apart.")
    mad: ScoreOut = Field(description="Median absolute deviation from the median.")
    by_type: tuple[ByTypeOut, ...] = Field(description="Types in order of their medians.")


class SeriesPointOut(Section):
    """One post in time."""

    post_id: str
    at: datetime
    likes: int | None
    comments: int | None
    engagement_rate: Number | None = Field(description="(likes + comments) / followers as known today.")
    reasons: Reasons = Field(default_factory=dict)


class SurgeOut(Section):
    """A post whose engagement left the range that the posts before it led one to expect."""

    post_id: str
    taken_at: datetime
    value: Number = Field(description="Likes + comments.")
    expected: Number
    z: Number = Field(description="Distance in standard deviations (EWMA).")


class ChangePointOut(Section):
    """A time at which the level of engagement changed for good."""

    at: datetime
    before: Number = Field(description="Median likes + comments before.")
    after: Number = Field(description="Median likes + comments after.")
    posts_before: int
    posts_after: int


class TrendOut(Section):
    """Where a series is heading."""

    direction: Literal["rising", "falling", "flat"] | None = Field(description="Null when undecidable.")
    slope: ScoreOut = Field(description="In the unit that its method names.")
    tau: Number | None = Field(description="Kendall's tau, in [-1, 1].")
    p_value: Number | None = Field(description="Of the Mann-Kendall test.")
    reasons: Reasons = Field(default_factory=dict)


class OverTimeOut(Finding):
    """Engagement over time."""

    points: tuple[SeriesPointOut, ...] = Field(description="Posts with a known time, oldest first.")
    trend: TrendOut = Field(description="slope is in percent a week of the median level.")
    change_points: tuple[ChangePointOut, ...]


class SentimentOverviewOut(Section):
    """How the captions feel."""

    distribution: DistributionOut = Field(description="Share of captions that are negative, neutral and positive.")
    average: ScoreOut = Field(description="Mean of P(positive) - P(negative), in [-1, 1], with its interval.")
    trend: TrendOut = Field(description="slope is in score points a week.")


class SlotOut(Section):
    """A block of hours or a weekday and what its posts earn."""

    label: str
    posts: int
    share: Number
    lift: ScoreOut = Field(description="Mean engagement of its posts / mean of all.")


class FormatOut(Section):
    """A post type and what it earns."""

    kind: Literal["image", "video", "sidecar"]
    posts: int
    share: Number
    engagement_median: ScoreOut = Field(description="Likes + comments.")
    lift: ScoreOut = Field(description="Mean engagement of its posts / mean of all.")


class TimeZoneOut(Section):
    """The creator's clock, estimated from when nothing is posted; the source does not tell it."""

    offset_hours: ScoreOut
    estimated: bool


class ReactionOut(Section):
    """How the audience answers."""

    likes_median: ScoreOut
    comments_median: ScoreOut
    comments_per_100_likes: ScoreOut
    comment_delay_hours: ScoreOut = Field(description="Median time from a post to its comments.")
    views_per_follower: ScoreOut = Field(description="Of videos, median.")


class BehaviourOut(Finding):
    """When, how often and in which formats the creator posts, and what each earns."""

    posts_per_week: ScoreOut
    gap_hours: ScoreOut = Field(description="Median time between posts.")
    days_since_last_post: ScoreOut
    consistency: ScoreOut = Field(description="0 to 100, 100 for a perfectly even rhythm.")
    burstiness: ScoreOut = Field(description="-1 regular, 0 random, 1 bursty.")
    hour_entropy: ScoreOut = Field(description="0 always the same hour, 1 any hour.")
    hour_concentration: ScoreOut
    weekday_concentration: ScoreOut
    mean_hour: ScoreOut = Field(description="Hour of the day in local_time.")
    rhythm_days: ScoreOut = Field(description="Period of the strongest rhythm.")
    time_zone: TimeZoneOut
    local_time: str | None = Field(description="The clock that hours, days and mean_hour are in.")
    hours: tuple[SlotOut, ...] = Field(description="Blocks of three hours, best first.")
    days: tuple[SlotOut, ...] = Field(description="Weekdays, best first.")
    formats: tuple[FormatOut, ...]
    reaction: ReactionOut
    abstained: tuple[AbstentionOut, ...] = Field(description="Statistics that need more observations.")


class AnomalyOut(Section):
    """A post whose likes, comments or comments per like lie far off the creator's own median."""

    post_id: str
    measure: Literal["likes", "comments", "comments_per_like"]
    value: Number
    median: Number
    z: Number = Field(description="Robust z-score (median and MAD).")


class AnomaliesOut(Finding):
    """What stands out."""

    posts: tuple[AnomalyOut, ...]
    surges: tuple[SurgeOut, ...]


class EngagementSection(Section):
    """How people react, when, and what stands out."""

    likes: PerPostOut
    comments: PerPostOut
    over_time: OverTimeOut
    sentiment: SentimentOverviewOut
    behaviour: BehaviourOut
    anomalies: AnomaliesOut
