"""Creators in Postgres: reading them. Writing is beside it: upsert, outcomes, erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster.records import Comment, PostKind, RelatedProfile, Source
from cluster.stores.erasure import delete_creator, is_opted_out, opt_out
from cluster.stores.outcomes import save_post_outcomes, save_profile_outcomes
from cluster.stores.stored import Completeness, CountSnapshot, StoredCreator, StoredPost
from cluster.stores.upsert import mark_withdrawn, save_fetch_notes, upsert_profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from asyncpg import Record

    from cluster.database import Connection

__all__ = [
    "Completeness",
    "CountSnapshot",
    "StoredCreator",
    "StoredPost",
    "completeness",
    "delete_creator",
    "is_opted_out",
    "load_creator",
    "mark_withdrawn",
    "opt_out",
    "peers",
    "save_fetch_notes",
    "save_post_outcomes",
    "save_profile_outcomes",
    "upsert_profile",
]

POSTS_LOADED_MAX = 60
SNAPSHOTS_MAX = 365
COMMENTS_PER_POST_MAX = 100
POST_COLUMNS = """
    id, instagram_post_id, shortcode, kind, caption, taken_at, likes_count, comments_count, video_views_count,
    display_url, hashtags, mentions, tagged, coauthors, width_px, height_px, alt_text, comments_disabled,
    cdn_thumbnail_url, thumbnail_error, ai_analysis_raw, ai_analyzed_at
"""


async def load_creator(
    db: Connection, username: str, *, comments: bool = False, posts_max: int = POSTS_LOADED_MAX
) -> StoredCreator | None:
    """A creator with the newest posts_max posts; None where there is none, or none that this role may read.

    comments: with each post's newest comments, which only the service may read.
    """
    row = await db.fetchrow(
        """
        select
            profiles.id, username, source, instagram_id, full_name, biography, external_urls, followers_count,
            following_count, posts_count, is_private, is_verified, is_business, joined_recently, business_category,
            profile_pic_url, cdn_picture_url, picture_error, ai_analysis_raw, engagement_rate, engagement_percentile,
            engagement_peers, fetched_at, ai_profile_analyzed_at, version, fetch_notes, withdrawn, ai_primary_content_type,
            ai_content_distribution, ai_language_distribution, ai_avg_sentiment_score, ai_content_quality_score,
            gaps.complete, gaps.missing
        from profiles, profile_completeness(profiles.id) as gaps
        where username = $1
        """,
        username,
    )
    if row is None:
        return None
    posts = await _load_posts(db, row["id"], posts_max)
    said = await _load_comments(db, [post["id"] for post in posts]) if comments else {}
    related = await db.fetch(
        """
        select username, full_name, is_private, is_verified, profile_pic_url
        from related_profiles
        where profile_id = $1
        order by position
        """,
        row["id"],
    )
    snapshots = await db.fetch(
        """
        select *
        from (
            select taken_at, followers_count, following_count, posts_count
            from profile_snapshots
            where profile_id = $1
            order by taken_at desc
            limit $2
        ) as newest
        order by taken_at
        """,
        row["id"],
        SNAPSHOTS_MAX,
    )
    return _creator(
        row,
        posts=tuple(post_of(post, said.get(post["id"], ())) for post in posts),
        related=tuple(RelatedProfile(**other) for other in related),
        snapshots=tuple(CountSnapshot(**snapshot) for snapshot in snapshots),
    )


async def completeness(db: Connection, profile_id: UUID) -> Completeness:
    """Whether a profile is complete, by the database's one definition; an unknown profile lacks everything."""
    row = await db.fetchrow("select complete, missing from profile_completeness($1)", profile_id)
    return Completeness(row["complete"], tuple(row["missing"])) if row else Completeness(False, ("profile",))


async def peers(db: Connection, profile_id: UUID, limit: int) -> list[tuple[int, float]]:
    """(followers_count, engagement_rate) of the other profiles that are nearest in followers, half above, half below.

    Only the service sees them all. Index scans in both directions, each stopping at its half.
    """
    rows = await db.fetch(
        """
        with own as (
            select id, followers_count
            from profiles
            where id = $1
        ),
        above as (
            select profiles.followers_count, profiles.engagement_rate
            from own, profiles
            where profiles.followers_count >= own.followers_count
                and profiles.engagement_rate is not null
                and profiles.id <> own.id
            order by profiles.followers_count
            limit $2 / 2
        ),
        below as (
            select profiles.followers_count, profiles.engagement_rate
            from own, profiles
            where profiles.followers_count < own.followers_count
                and profiles.engagement_rate is not null
            order by profiles.followers_count desc
            limit $2 / 2
        )
        select * from above
        union all
        select * from below
        """,
        profile_id,
        limit,
    )
    return [(row["followers_count"], row["engagement_rate"]) for row in rows]


async def _load_posts(db: Connection, profile_id: UUID, limit: int) -> Sequence[Record]:
    return await db.fetch(
        f"""
        select {POST_COLUMNS}
        from post_profiles
        join posts on posts.id = post_profiles.post_id
        where post_profiles.profile_id = $1
        order by taken_at desc nulls last, instagram_post_id desc
        limit $2
        """,  # noqa: S608
        profile_id,
        limit,
    )


async def _load_comments(db: Connection, post_ids: list[UUID]) -> dict[UUID, tuple[Comment, ...]]:
    rows = await db.fetch(
        """
        select wanted.id as post_id, newest.username, newest.text, newest.posted_at, newest.likes_count
        from unnest($1::uuid[]) as wanted (id)
        cross join lateral (
            select *
            from post_comments
            where post_id = wanted.id
            order by posted_at desc nulls last, id
            limit $2
        ) as newest
        """,
        post_ids,
        COMMENTS_PER_POST_MAX,
    )
    found: dict[UUID, list[Comment]] = {}
    for row in rows:
        comment = Comment(row["username"], row["text"], row["posted_at"], row["likes_count"])
        found.setdefault(row["post_id"], []).append(comment)
    return {post_id: tuple(comments) for post_id, comments in found.items()}


def post_of(row: Record, comments: Sequence[Comment]) -> StoredPost:
    """A row of POST_COLUMNS with its comments."""
    values: dict[str, Any] = dict(row)
    values["kind"] = PostKind(values["kind"])
    for name in ("hashtags", "mentions", "tagged", "coauthors"):
        values[name] = tuple(values[name])
    return StoredPost(
        thumbnail_url=values.pop("cdn_thumbnail_url"),
        analysis=values.pop("ai_analysis_raw"),
        analyzed_at=values.pop("ai_analyzed_at"),
        comments=tuple(comments),
        **values,
    )


def _creator(
    row: Record,
    posts: tuple[StoredPost, ...],
    related: tuple[RelatedProfile, ...],
    snapshots: tuple[CountSnapshot, ...],
) -> StoredCreator:
    values: dict[str, Any] = dict(row)
    values["source"] = Source(values["source"])
    values["external_urls"] = tuple(values["external_urls"])
    values["fetch_notes"] = tuple(values["fetch_notes"])
    return StoredCreator(
        picture_url=values.pop("cdn_picture_url"),
        analysis=values.pop("ai_analysis_raw"),
        analyzed_at=values.pop("ai_profile_analyzed_at"),
        completeness=Completeness(values.pop("complete"), tuple(values.pop("missing"))),
        primary_content_type=values.pop("ai_primary_content_type"),
        content_distribution=values.pop("ai_content_distribution") or {},
        language_distribution=values.pop("ai_language_distribution") or {},
        avg_sentiment_score=values.pop("ai_avg_sentiment_score"),
        content_quality_score=values.pop("ai_content_quality_score"),
        posts=posts,
        related=related,
        snapshots=snapshots,
        **values,
    )
