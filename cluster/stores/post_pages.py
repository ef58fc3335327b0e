"""A creator's posts page by page, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.stores.creators import POST_COLUMNS, post_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from cluster.database import Connection
    from cluster.stores.stored import StoredPost


@dataclass(frozen=True, slots=True)
class PostCursor:
    """The last post that was shown; posts without a time come last."""

    taken_at: datetime | None
    instagram_post_id: str


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page, with the followers that its engagement rates divide by; next is None on the last page."""

    posts: tuple[StoredPost, ...]
    followers_count: int | None
    next: PostCursor | None


async def page_of_posts(db: Connection, profile_id: UUID, *, after: PostCursor | None, limit: int) -> PostPage:
    """Up to limit posts behind a cursor; empty for a profile that this role may not read."""
    followers_count = await db.fetchval("select followers_count from profiles where id = $1", profile_id)
    rows = await db.fetch(
        f"""
        select {POST_COLUMNS}
        from post_profiles
        join posts on posts.id = post_profiles.post_id
        where post_profiles.profile_id = $1
            and (
                $3::text is null
                or (coalesce(taken_at, '-infinity'), instagram_post_id) < (coalesce($2::timestamptz, '-infinity'), $3)
            )
        order by coalesce(taken_at, '-infinity') desc, instagram_post_id desc
        limit $4
        """,  # noqa: S608
        profile_id,
        after.taken_at if after else None,
        after.instagram_post_id if after else None,
        limit + 1,
    )
    posts = tuple(post_of(row, ()) for row in rows[:limit])
    last = posts[-1] if len(rows) > limit else None
    return PostPage(posts, followers_count, PostCursor(last.taken_at, last.instagram_post_id) if last else None)
