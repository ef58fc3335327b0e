"""What the database knows about a creator, as other parts see it. JSON columns are plain dicts and lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from cluster.records import Comment, PostKind, RelatedProfile, Source

# {slot: {"result": {…} | None, "model": {"name", "revision", "tier"} | None, "fallback": bool, "reason": str | None}}
Outcomes = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Completeness:
    """Whether a profile is complete (design.md), and the names of the columns or counts that are missing."""

    complete: bool
    missing: tuple[str, ...] = ()


class Measured(Protocol):
    """A number over n observations; None when there is too little data."""

    @property
    def value(self) -> float | None: ...
    @property
    def n(self) -> int: ...


class EngagementFigures(Protocol):
    """The mean engagement rate (a share) and its percentile (0-100) among peers of the same tier."""

    @property
    def mean(self) -> Measured: ...
    @property
    def percentile(self) -> Measured: ...


@dataclass(frozen=True, slots=True)
class CountSnapshot:
    """An account's counts at one fetch."""

    taken_at: datetime
    followers_count: int | None
    following_count: int | None
    posts_count: int | None


@dataclass(frozen=True, slots=True)
class StoredPost:
    """One post with its analysis; thumbnail_url is on the CDN, thumbnail_error says why there is none."""

    id: UUID
    instagram_post_id: str
    shortcode: str
    kind: PostKind
    caption: str | None
    taken_at: datetime | None
    likes_count: int | None
    comments_count: int | None
    video_views_count: int | None
    display_url: str | None
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    tagged: tuple[str, ...]
    coauthors: tuple[str, ...]
    width_px: int | None
    height_px: int | None
    alt_text: str | None
    comments_disabled: bool
    thumbnail_url: str | None
    thumbnail_error: str | None
    analysis: Outcomes
    analyzed_at: datetime | None
    comments: tuple[Comment, ...] = ()  # only the service may load them


@dataclass(frozen=True, slots=True)
class StoredCreator:
    """One profile with everything stored about it; posts newest first, snapshots oldest first."""

    id: UUID
    username: str
    source: Source
    instagram_id: str | None
    full_name: str | None
    biography: str | None
    external_urls: tuple[str, ...]
    followers_count: int | None
    following_count: int | None
    posts_count: int | None
    is_private: bool
    is_verified: bool
    is_business: bool
    joined_recently: bool
    business_category: str | None
    profile_pic_url: str | None
    picture_url: str | None  # on the CDN
    picture_error: str | None
    related: tuple[RelatedProfile, ...]
    posts: tuple[StoredPost, ...]
    analysis: Outcomes
    engagement_rate: float | None
    engagement_percentile: float | None
    engagement_peers: int
    snapshots: tuple[CountSnapshot, ...]
    fetched_at: datetime
    analyzed_at: datetime | None
    completeness: Completeness
    version: int = 1  # grows with every change
    fetch_notes: tuple[str, ...] = ()  # what the last fetch could not bring, and why
    withdrawn: str | None = None  # code of the error that a later fetch met: the account is private or gone by now
    primary_content_type: str | None = None
    content_distribution: dict[str, float] = field(default_factory=dict)  # category to share
    language_distribution: dict[str, float] = field(default_factory=dict)  # ISO code to share
    avg_sentiment_score: float | None = None
    content_quality_score: float | None = None  # mean technical quality of the pictures, 0-100
