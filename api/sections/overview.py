"""overview: who the creator is, in figures and in words."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.sections.scores import DistributionOut, Finding, LabelOut, Number, Reasons, ScoreOut, Section

Tier = Literal["nano", "micro", "mid", "macro", "mega"]


class IdentityOut(Section):
    """Who the creator says they are."""

    username: str
    full_name: str | None
    biography: str | None = Field(description="Empty when the creator left it empty.")
    picture_url: str | None = Field(description="The profile picture on our CDN.")
    profile_url: str = Field(description="The profile on Instagram.")
    links: tuple[str, ...] = Field(description="Links of the profile page.")
    is_verified: bool
    is_private: bool
    is_business: bool
    joined_recently: bool
    business_category: str | None = Field(description="The category that the owner chose on Instagram.")
    reasons: Reasons = Field(default_factory=dict)


class CountsOut(Section):
    """Public counts when the source was read."""

    followers: int | None
    following: int | None
    posts: int | None
    reasons: Reasons = Field(default_factory=dict)


class EngagementRateOut(ScoreOut):
    """The engagement rate as a share of followers (0.03 is 3 %) with everything needed to compare it."""

    formula: str = Field(description="How it is computed; no industry standard exists.")
    median: ScoreOut = Field(description="The median over the same posts, which one viral post does not move.")
    percentile: ScoreOut = Field(description="0 to 100 among stored peers of the same tier; n counts the peers.")
    posts_hidden: int = Field(description="Posts left out because they hide or lack a count.")


class RelatedProfileOut(Section):
    """A profile that Instagram suggests beside this one."""

    username: str
    full_name: str | None = Field(None, description="Null when the source did not tell it.")
    is_verified: bool | None = Field(None, description="Null when the source did not tell it.")
    is_private: bool | None = Field(None, description="Null when the source did not tell it.")
    profile_url: str


class PointOut(Section):
    """A count at a time."""

    at: datetime
    value: Number


class ForecastOut(PointOut):
    """A value expected at a time, with its 95 % interval."""

    interval: tuple[Number, Number]


class FollowerHistoryOut(Finding):
    """Follower counts at every fetch, and where they lead."""

    points: tuple[PointOut, ...]
    growth_percent_per_week: ScoreOut
    forecast: tuple[ForecastOut, ...] = Field(
        description="Next weeks; empty with a reason when there is too little history."
    )


class Overview(Section):
    """Who the creator is."""

    identity: IdentityOut
    counts: CountsOut
    tier: Tier | None = Field(
        description="By followers: nano below 10,000, micro below 50,000, mid below 500,000, macro below 1,000,000, else mega."
    )
    engagement_rate: EngagementRateOut
    posting_frequency: ScoreOut = Field(description="Posts a week.")
    primary_category: LabelOut = Field(description="The category of most posts.")
    category_distribution: DistributionOut = Field(description="Share of the posts in each category.")
    content_quality: ScoreOut = Field(description="Technical quality of the pictures, 0 to 100.")
    languages: DistributionOut = Field(description="Languages of the captions (ISO 639-1).")
    follower_history: FollowerHistoryOut
    related_profiles: tuple[RelatedProfileOut, ...]
    reasons: Reasons = Field(default_factory=dict)
