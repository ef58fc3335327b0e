"""Profiles as a source brings them, for tests; every argument makes one thing special."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cluster.records import Comment, Post, PostKind, Profile, RelatedProfile, Source

FETCHED_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Figure:
    value: float | None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """An engagement as far as the store reads it."""

    mean: Figure = Figure(0.03, 12)
    percentile: Figure = Figure(50.0, 40)


def post(number: int, owner: str = "some.creator", **special: Any) -> Post:
    """One post; a higher number is a newer one."""
    values: dict[str, Any] = {
        "instagram_post_id": f"{owner}-{number}",
        "shortcode": f"S{number}",
        "kind": PostKind.IMAGE,
        "caption": f"caption {number} #tag @friend",
        "taken_at": FETCHED_AT - timedelta(days=100 - number),
        "likes_count": 100 + number,
        "comments_count": 10,
        "display_url": f"https://x.cdninstagram.com/{owner}/{number}.jpg?sig=1",
        "hashtags": ("tag",),
        "mentions": ("friend",),
        "tagged": ("tagged.one",),
        "comments": (Comment("fan", f"nice {number}", FETCHED_AT, 1),),
        "raw": {"id": number},
    }
    return Post(**(values | special))


def profile(username: str = "some.creator", posts: int | tuple[Post, ...] = 12, **special: Any) -> Profile:
    """A public profile with that many posts, or those."""
    if isinstance(posts, int):
        posts = tuple(post(number, username) for number in range(posts, 0, -1))
    values: dict[str, Any] = {
        "username": username,
        "source": Source.APIFY,
        "instagram_id": "42",
        "full_name": "Some Creator",
        "biography": "I make things.",
        "external_urls": ("https://example.org",),
        "followers_count": 10_000,
        "following_count": 300,
        "posts_count": 120,
        "profile_pic_url": f"https://x.cdninstagram.com/{username}/me.jpg?sig=1",
        "related": (RelatedProfile("other.creator", "Other"), RelatedProfile("third.creator")),
        "raw": {"followersCount": 10_000},
    }
    return Profile(posts=posts, **(values | special))


def envelope(result: dict[str, Any] | None, reason: str | None = None) -> dict[str, Any]:
    """A model's outcome as it is stored."""
    model = {"name": "test", "revision": "1", "tier": "embedded"}
    return {"result": result, "model": model if result else None, "fallback": False, "reason": reason}


def outcomes(**special: Any) -> dict[str, Any]:
    """What the per-post models say of one post."""
    slots = {
        "sentiment": {"label": "positive", "score": 0.5, "confidence": 0.8, "reason": None},
        "language": {"code": "en", "confidence": 0.9, "script": "Latn", "reliable": True, "reason": None},
        "category": {"label": "Travel", "confidence": 0.7, "runners_up": [], "keywords": [], "reason": None},
        "visual_content": {"quality": {"overall": {"value": 80.0, "n": 1, "method": "m"}}},
        "advanced_nlp": {"language": "en", "keywords": ["beach"]},
    }
    return {slot: envelope(result) for slot, result in (slots | special).items()}
