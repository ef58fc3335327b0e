"""Who may read which creator, under row-level security: every query is about the transaction's own user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster.stores.refusals import refusals

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from cluster.database import Connection


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """Unexpired access to a stored creator. version grows with every change of what is stored."""

    profile_id: UUID
    username: str
    version: int
    expires_at: datetime


async def ensure_user(db: Connection) -> str:
    """Make the caller's user row and default role at the first call; returns the effective role.

    Raises Unauthenticated (no user in the token, or one that is gone) and Forbidden (suspended).
    """
    with refusals():
        return str(await db.fetchval("select internal.ensure_user()"))


async def has_access(db: Connection, username: str) -> StoredAccess | None:
    """The caller's unexpired access to a creator, if any."""
    row = await db.fetchrow(
        """
        select profiles.id as profile_id, profiles.username, profiles.version, user_profile_access.expires_at
        from profiles
        join user_profile_access on user_profile_access.profile_id = profiles.id
        where profiles.username = $1
            and user_profile_access.user_id = (select auth.uid())
            and user_profile_access.expires_at > now()
        """,
        username,
    )
    return StoredAccess(**row) if row else None


async def record_search(db: Connection, username: str) -> None:
    """Add to the caller's search history, unless the person asked to be left alone: then the name is kept nowhere."""
    await db.execute(
        "insert into search_history (user_id, username) select auth.uid(), $1 where not internal.is_opted_out($1)",
        username,
    )
