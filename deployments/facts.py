"""What the per-profile models look at: one creator with posts, comments and the per-post models' results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class CommentFacts:
    """A comment with its detected language ('und' when nothing can be told)."""

    username: str
    text: str
    posted_at: datetime | None = None
    language: str = "und"


@dataclass(frozen=True, slots=True)
class PostFacts:
    """A post with the per-post models' results; None where a model gave none.

    likes_count and comments_count are None when hidden or unknown. embedding is the caption's unit vector
    (384 floats), None for an empty caption.
    """

    id: str
    kind: str  # image, video or sidecar
    caption: str
    taken_at: datetime | None
    likes_count: int | None
    comments_count: int | None
    video_views_count: int | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    comments: tuple[CommentFacts, ...] = ()
    language: str | None = None
    sentiment_score: float | None = None
    category: str | None = None
    keywords: tuple[str, ...] = ()
    embedding: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account's counts at one earlier fetch, oldest first in CreatorFacts."""

    taken_at: datetime
    followers_count: int | None
    following_count: int | None
    posts_count: int | None


@dataclass(frozen=True, slots=True)
class Peer:
    """One stored profile's public figures, for fits over the stored population."""

    followers_count: int
    engagement_rate: float  # (likes + comments) / followers, mean of the last 12 posts


@dataclass(frozen=True, slots=True)
class CreatorFacts:
    """One creator. Counts are None where the source did not tell them; posts are newest first.

    observed_at is when the source was read: the models take it for "now", so that a result is a function of its input.
    """

    username: str
    full_name: str | None
    biography: str | None
    followers_count: int | None
    following_count: int | None
    posts_count: int | None
    has_profile_picture: bool | None
    is_verified: bool
    is_business: bool
    is_private: bool
    posts: tuple[PostFacts, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    peers: tuple[Peer, ...] = ()
    observed_at: datetime | None = None
