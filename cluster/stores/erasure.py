"""Forgetting a person: everything stored about a username goes, and no fetch brings it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.errors import OptedOut

if TYPE_CHECKING:
    from uuid import UUID

    from cluster.database import Connection


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure removed. media_keys: files of the media store that no row shows any more; the caller deletes them."""

    profile_id: UUID | None
    posts: int
    comments: int
    mentions: int
    media_keys: tuple[str, ...]


async def opt_out(db: Connection, username: str) -> bool:
    """Remember, by a keyed hash only, that this person is to be left alone, and end the lookups under way.

    False where that was remembered already. A fetch that is on its way fails when it tries to store. The caller commits.
    """
    # Waits for a fetch that is just being stored, so that an erasure after this sees its rows.
    await db.execute("select pg_advisory_xact_lock(hashtextextended('opt_out:' || $1, 0))", username)
    is_new = await db.fetchval(
        """
        insert into opt_outs (username_hash)
        values (internal.opt_out_hash($1))
        on conflict do nothing
        returning true
        """,
        username,
    )
    await db.execute(
        """
        update ai_analysis_jobs
        set status = 'failed',
            finished_at = now(),
            error = $2,
            lease_owner = null,
            lease_expires_at = null
        where username = $1 and status in ('queued', 'running')
        """,
        username,
        OptedOut().to_record(),
    )
    return bool(is_new)


async def is_opted_out(db: Connection, username: str) -> bool:
    """Whether the person behind this username asked to be left alone."""
    return bool(await db.fetchval("select internal.is_opted_out($1)", username))


async def delete_creator(db: Connection, username: str) -> Erased:
    """Erase a person: profile, own posts, comments, mentions, suggestions, lookups, searches. The caller commits.

    A joint post stays with its other owners, without this name. What others wrote in their own captions is theirs.
    """
    profile_id = await db.fetchval("select id from profiles where username = $1 for update", username)
    keys: list[str] = []
    posts = 0
    if profile_id is not None:
        await _leave_joint_posts(db, profile_id)
        keys = [
            row["storage_key"]
            for row in await db.fetch(
                """
                delete from cdn_image_assets
                where profile_id = $1 or post_id in (select id from posts where profile_id = $1)
                returning storage_key
                """,
                profile_id,
            )
            if row["storage_key"] is not None
        ]
        posts = _rows(await db.execute("delete from posts where profile_id = $1", profile_id))
        await db.execute("delete from profiles where id = $1", profile_id)
    shown = await db.fetch("select distinct storage_key from cdn_image_assets where storage_key = any($1)", keys)
    still_shown = {row["storage_key"] for row in shown}
    comments, mentions = await _erase_traces(db, username)
    return Erased(profile_id, posts, comments, mentions, tuple(sorted(set(keys) - still_shown)))


async def _leave_joint_posts(db: Connection, profile_id: UUID) -> None:
    """Give joint posts that were found first under this profile to another of their owners."""
    await db.execute(
        """
        update posts
        set profile_id = heir.profile_id
        from (
            select distinct on (post_id) post_id, profile_id
            from post_profiles
            where profile_id <> $1
            order by post_id, created_at, profile_id
        ) as heir
        where posts.profile_id = $1 and heir.post_id = posts.id
        """,
        profile_id,
    )


async def _erase_traces(db: Connection, username: str) -> tuple[int, int]:
    """Remove the name from what belongs to others; returns the numbers of comments and mentions removed."""
    # Whoever shows the name gets a new version, so that no answer composed before is read again. Before their posts: every
    # writer locks profiles first.
    await db.execute(
        """
        update profiles
        set raw = null
        where id in (select profile_id from related_profiles where related_profiles.username = $1)
            or id in (
                select post_profiles.profile_id
                from post_profiles
                join posts on posts.id = post_profiles.post_id
                where $1 = any(posts.tagged) or $1 = any(posts.coauthors) or $1 = posts.owner_username
                    or posts.id in (select post_id from mentions where mentions.username = $1)
            )
        """,
        username,
    )
    # The raw answers name everybody who is tagged, mentioned or a co-author.
    await db.execute(
        """
        update posts
        set tagged = array_remove(tagged, $1),
            mentions = array_remove(mentions, $1),
            coauthors = array_remove(coauthors, $1),
            owner_username = nullif(owner_username, $1),
            raw = null
        where $1 = any(tagged) or $1 = any(coauthors) or $1 = owner_username
            or id in (select post_id from mentions where mentions.username = $1)
            or id in (select post_id from post_comments where post_comments.username = $1)
        """,
        username,
    )
    comments = _rows(await db.execute("delete from post_comments where username = $1", username))
    mentions = _rows(await db.execute("delete from mentions where username = $1", username))
    await db.execute("delete from related_profiles where username = $1", username)
    await db.execute("delete from search_history where username = $1", username)
    await db.execute(
        "delete from ai_analysis_jobs where username = $1 and status in ('succeeded', 'failed')",
        username,
    )
    return comments, mentions


def _rows(status: str) -> int:
    """The number of rows in a command's status, such as 'DELETE 3'."""
    return int(status.rpartition(" ")[2])
