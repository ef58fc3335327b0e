"""Keeps the retention periods: what is past its time goes, a little at a time, while the cluster runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cluster import telemetry
from cluster.database import DATABASE_ERRORS
from cluster.stores.retention import ROWS_PER_CALL_MAX, purge_expired

if TYPE_CHECKING:
    from cluster.database import Database
    from cluster.settings import RetentionSettings

ROUND_S = 3_600.0
BREATH_S = 1.0  # between two calls of one round, so that lookups go first

log = telemetry.get_logger(__name__)


async def purge_forever(database: Database, settings: RetentionSettings) -> None:
    """One round an hour until cancelled; a database that is away is tried again in the next round."""
    while True:
        try:
            await purge_once(database, settings)
        except DATABASE_ERRORS as error:
            log.warning("purge_paused", error=repr(error))
        await asyncio.sleep(ROUND_S)


async def purge_once(database: Database, settings: RetentionSettings) -> dict[str, int]:
    """Everything that is past its time now; returns how many rows of each kind went."""
    gone: dict[str, int] = {}
    while True:
        async with database.as_service() as db:
            batch = await purge_expired(db, settings)
        for kind, count in batch.items():
            gone[kind] = gone.get(kind, 0) + count
        if max(batch.values()) < ROWS_PER_CALL_MAX:
            break
        await asyncio.sleep(BREATH_S)
    if any(gone.values()):
        log.info("purged", **gone)
    return gone
