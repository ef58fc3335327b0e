"""What the upstream tells about a creator, in one form whatever the source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cluster.errors import InvalidUsername

if TYPE_CHECKING:
    from datetime import datetime

USERNAME_LENGTH_MAX = 30
_USERNAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.]*[a-z0-9_])?")
_INSTAGRAM_HOSTS = frozenset({"instagram.com", "www.instagram.com", "m.instagram.com"})
_NOT_PROFILES = frozenset({"p", "reel", "reels", "tv", "stories", "explore", "accounts", "direct"})


class Source(StrEnum):
    """Where a stored profile came from."""

    APIFY = "apify"
    DECODO = "decodo"
    IMPORT = "import"


class PostKind(StrEnum):
    """The three forms of an Instagram post."""

    IMAGE = "image"
    VIDEO = "video"
    SIDECAR = "sidecar"


@dataclass(frozen=True, slots=True)
class Comment:
    """One public comment under a post; the commenter is a username and nothing more."""

    username: str
    text: str
    posted_at: datetime | None = None
    likes_count: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One post. A count is None when the owner hides it or the source left it out, never negative."""

    instagram_post_id: str
    shortcode: str
    kind: PostKind
    caption: str | None
    taken_at: datetime | None
    likes_count: int | None
    comments_count: int | None
    video_views_count: int | None = None
    display_url: str | None = None
    owner_username: str | None = None
    coauthors: tuple[str, ...] = ()  # usernames of a joint post's other owners
    hashtags: tuple[str, ...] = ()  # lower-case, without #
    mentions: tuple[str, ...] = ()  # lower-case, without @
    tagged: tuple[str, ...] = ()
    width_px: int | None = None
    height_px: int | None = None
    alt_text: str | None = None
    comments_disabled: bool = False
    comments: tuple[Comment, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RelatedProfile:
    """A profile that Instagram suggests beside this one."""

    username: str
    full_name: str | None = None
    is_private: bool | None = None
    is_verified: bool | None = None
    profile_pic_url: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One account as a source showed it. None means that the source did not say; an empty biography is ''."""

    username: str
    source: Source
    instagram_id: str | None = None
    full_name: str | None = None
    biography: str | None = None
    external_urls: tuple[str, ...] = ()
    followers_count: int | None = None
    following_count: int | None = None
    posts_count: int | None = None
    is_private: bool = False
    is_verified: bool = False
    is_business: bool = False
    joined_recently: bool = False
    business_category: str | None = None
    profile_pic_url: str | None = None
    posts: tuple[Post, ...] = ()  # newest first, each id once
    related: tuple[RelatedProfile, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)


def parse_username(text: str) -> str:
    """A canonical username from `name`, `@name` or a profile URL: lower-case, 1 to 30 of [a-z0-9._].

    Raises InvalidUsername for everything else: post URLs, look-alike letters, paths, dots at an end or in a row.
    """
    name = text.strip()
    if "/" in name or name.lower().startswith(("http:", "https:")):
        name = _username_in_url(name)
    name = name.removeprefix("@").lower() if name.isascii() else ""
    if len(name) > USERNAME_LENGTH_MAX or ".." in name or not _USERNAME.fullmatch(name):
        raise InvalidUsername(value=text[:80])
    return name


def _username_in_url(url: str) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
    except ValueError as error:
        raise InvalidUsername(value=url[:80]) from error
    segments = [segment for segment in parts.path.split("/") if segment]
    is_profile = len(segments) == 1 and segments[0].lower() not in _NOT_PROFILES
    if parts.scheme not in ("http", "https") or (parts.hostname or "") not in _INSTAGRAM_HOSTS or not is_profile:
        raise InvalidUsername(value=url[:80])
    return segments[0]
