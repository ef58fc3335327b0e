"""Waiting for jobs: one LISTEN connection for each ingress replica wakes whoever waits."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from cluster.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from cluster.database import Database

PROGRESS_CHANNEL = "job_progress"


class JobWatch:
    """Wakes waiters when a job moves. A notification that is lost costs one poll interval, nothing else."""

    def __init__(self, database: Database, poll_s: float, per_user_max: int) -> None:
        self._database = database
        self._per_user_max = per_user_max
        self._of_user: Counter[UUID | None] = Counter()
        self._poll_s = poll_s
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def start(self) -> None:
        """Begin to listen."""
        await self._database.listen(PROGRESS_CHANNEL, self._on_progress)

    def admit(self, user_id: UUID | None) -> None:
        """Raise what watching would raise; for streams, whose answer has begun by the time they watch."""
        if self._of_user[user_id] >= self._per_user_max:
            raise TooManyRequests(f"{self._per_user_max} of your requests wait already; let some of them end.")

    @asynccontextmanager
    async def watching(self, job_id: UUID, user_id: UUID | None) -> AsyncIterator[JobMoves]:
        """Collect the moves of one job; begin before reading its state, so that none is missed between.

        Raises TooManyRequests when the user waits for too much already: each waiter holds a request slot.
        """
        self.admit(user_id)
        event = asyncio.Event()
        self._of_user[user_id] += 1
        self._waiting[str(job_id)].add(event)
        try:
            yield JobMoves(event, self._poll_s)
        finally:
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]
            self._waiting[str(job_id)].discard(event)
            if not self._waiting[str(job_id)]:
                del self._waiting[str(job_id)]

    def _on_progress(self, job_id: str) -> None:
        for event in self._waiting.get(job_id, ()):
            event.set()


class JobMoves:
    """The moves of one watched job."""

    def __init__(self, event: asyncio.Event, poll_s: float) -> None:
        self._event = event
        self._poll_s = poll_s

    async def next(self, wait_s_max: float) -> None:
        """Return when the job moved, after the poll interval, or after wait_s_max, whichever comes first."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), max(0.0, min(self._poll_s, wait_s_max)))
        self._event.clear()
