"""The roles of callers, remembered for a while so that a request need not ask the database."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from api.authorization import Role
from cluster.stores import access

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from api.auth import Caller
    from cluster.database import Database

KEPT_MAX = 10_000


class Roles:
    """Looks roles up. A change of role or a suspension takes effect in this replica within ttl_s."""

    def __init__(self, database: Database, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._ttl_s = ttl_s
        self._clock = clock
        self._known: dict[UUID, tuple[float, Role]] = {}  # until when, oldest first

    async def of(self, caller: Caller | None) -> Role:
        """The caller's role; a user's row is made at the first call.

        Raises Unauthenticated (a user who is gone) and Forbidden (suspended): these are never remembered.
        """
        if caller is None:
            return Role.ANONYMOUS
        if caller.user_id is None:
            return Role.SERVICE
        until, role = self._known.get(caller.user_id, (float("-inf"), Role.ANONYMOUS))
        if self._clock() < until:
            return role
        async with self._database.as_user(caller.claims) as db:
            role = Role(await access.ensure_user(db))
        self._known.pop(caller.user_id, None)
        if len(self._known) >= KEPT_MAX:
            del self._known[next(iter(self._known))]
        self._known[caller.user_id] = (self._clock() + self._ttl_s, role)
        return role
