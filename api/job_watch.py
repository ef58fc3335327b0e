"""Waiting for jobs: one LISTEN connection for each ingress replica wakes whoever waits."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from cluster.database import Database

PROGRESS_CHANNEL = "job_progress"


class JobWatch:
    """Wakes waiters when a job moves. A notification that is lost costs one poll interval, nothing else."""

    def __init__(self, database: Database, poll_s: float) -> None:
        self._database = database
        self._poll_s = poll_s
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def start(self) -> None:
        """Begin to listen."""
        await self._database.listen(PROGRESS_CHANNEL, self._on_progress)

    @asynccontextmanager
    async def watching(self, job_id: UUID) -> AsyncIterator[JobMoves]:
        """Collect the moves of one job; begin before reading its state, so that none is missed between."""
        event = asyncio.Event()
        self._waiting[str(job_id)].add(event)
        try:
            yield JobMoves(event, self._poll_s)
        finally:
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
