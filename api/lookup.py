"""What a lookup does: answer from what is stored, or wait for the job that brings it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.compose import compose
from cluster import telemetry
from cluster.errors import Conflict, FollowingError, NotFound
from cluster.stores import access, creators, jobs

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any
    from uuid import UUID

    from api.auth import Caller
    from api.services import Services
    from cluster.stores.access import StoredAccess
    from cluster.stores.creators import StoredCreator
    from cluster.stores.jobs import Job

ANSWER_KEY = "answer:"
INCOMPLETE_TTL_S = 60  # an incomplete answer is composed anew soon, since its repair may have ended
BACKGROUND_MAX = 1_000

log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A composed answer as JSON bytes."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """The answer is still being made."""

    job: Job


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks for. refresh fetches anew even when all is stored, and then needs an idempotency_key."""

    username: str
    wait_s: float
    refresh: bool = False
    idempotency_key: str | None = None


async def look_up(services: Services, caller: Caller, wish: Wish) -> Found | Pending:
    """The answer, or the job that makes it when that takes longer than wish.wait_s.

    Raises what the job ended with (CreatorNotFound, PrivateAccount, OptedOut, UpstreamUnavailable …), Conflict for an
    idempotency key that was used for another creator, Overloaded when too many jobs wait.
    """
    in_background(services, _remember(services, caller, wish.username))
    if not wish.refresh:
        granted = await access_of(services, caller, wish.username)
        if granted is not None:
            return Found(await stored_answer(services, caller, granted))
    job = await _request(services, caller, wish)
    # The one line that ties a request to the job whose own events carry its id.
    log.info("lookup_waits", username=wish.username, job_id=str(job.id), kind=job.kind, status=job.status)
    job = await wait_for(services, caller, job.id, wish.wait_s)
    if job.status == "failed":
        raise FollowingError.from_record(job.error or {})
    if job.status != "succeeded":
        return Pending(job)
    granted = await access_of(services, caller, wish.username)
    if granted is None and wish.idempotency_key is not None:
        raise Conflict("The access that this idempotency key brought is over; send a new key.", username=wish.username)
    if granted is None:
        raise NotFound("The stored creator is gone.", username=wish.username)
    if job.error is not None:
        return Found(await _stale_answer(services, caller, wish.username, job.error))
    return Found(await stored_answer(services, caller, granted))


async def access_of(services: Services, caller: Caller, username: str) -> StoredAccess | None:
    """The caller's unexpired access to a stored creator."""
    async with services.database.as_user(caller.claims) as db:
        return await access.has_access(db, username)


async def wait_for(services: Services, caller: Caller, job_id: UUID, wait_s: float) -> Job:
    """The job when it has ended, or as it is after wait_s. Raises NotFound for a job that is not the caller's."""
    give_up_at = time.monotonic() + wait_s
    async with services.job_watch.watching(job_id, caller.user_id) as moves:
        while True:
            async with services.database.as_user(caller.claims) as db:
                job = await jobs.get_job(db, job_id)
            if job is None:
                raise NotFound("There is no such job of yours.", job_id=str(job_id))
            left_s = give_up_at - time.monotonic()
            if job.status in ("succeeded", "failed") or left_s <= 0:
                return job
            await moves.next(left_s)


async def stored_answer(services: Services, caller: Caller, granted: StoredAccess) -> bytes:
    """The composed answer from the cache or the database.

    The key holds the stored version, so that a refresh makes its own entry and nothing has to be dropped.
    """
    key = f"{ANSWER_KEY}{granted.profile_id}:{granted.version}"
    cached = await services.cache.get(key)
    if cached is not None:
        return cached
    creator, body = await _compose(services, caller, granted.username)
    complete = creator.completeness.complete
    await services.cache.set(key, body, services.settings.cache.profile_ttl_s if complete else INCOMPLETE_TTL_S)
    if not complete:
        in_background(services, _repair(services, caller, granted.username))
    return body


async def _stale_answer(services: Services, caller: Caller, username: str, error: dict[str, Any]) -> bytes:
    """What is stored, marked stale, because the upstream gave nothing newer."""
    _, body = await _compose(services, caller, username, stale_because=str(error.get("message")))
    return body


async def _compose(
    services: Services, caller: Caller, username: str, stale_because: str | None = None
) -> tuple[StoredCreator, bytes]:
    async with services.database.as_user(caller.claims) as db:
        creator = await creators.load_creator(db, username)
    if creator is None:
        raise NotFound("The stored creator is gone.", username=username)
    degraded = list(creator.fetch_notes)
    if creator.withdrawn is not None:
        degraded.append(f"Instagram no longer shows this account ({creator.withdrawn}); this is what it showed before.")
    if stale_because is not None:
        degraded.append(stale_because)
    is_stale = stale_because is not None

    def composed() -> bytes:
        return (
            compose(creator, degraded=degraded, stale=is_stale, base_url=services.base_url).model_dump_json().encode()
        )

    return creator, await asyncio.to_thread(composed)  # tens of milliseconds that would hold every other request up


async def _request(services: Services, caller: Caller, wish: Wish) -> Job:
    async with services.database.as_user(caller.claims) as db:
        return await jobs.request_refresh(
            db,
            wish.username,
            kind="refresh" if wish.refresh else "unlock",
            idempotency_key=wish.idempotency_key,
            deadline_s=services.settings.refresh.deadline_s,
            queue_max=services.settings.refresh.queue_max,
        )


async def _repair(services: Services, caller: Caller, username: str) -> None:
    """Ask for a free repair; the database lets one through every search.repair_interval_s."""
    async with services.database.as_user(caller.claims) as db:
        await jobs.request_repair(
            db,
            username,
            interval_s=services.settings.search.repair_interval_s,
            deadline_s=services.settings.refresh.deadline_s,
        )


async def _remember(services: Services, caller: Caller, username: str) -> None:
    async with services.database.as_user(caller.claims) as db:
        await access.record_search(db, username)


def in_background(services: Services, work: Coroutine[Any, Any, None]) -> None:
    """Run something that no answer waits for; its failure is logged."""
    if len(services.background) >= BACKGROUND_MAX:
        work.close()
        log.warning("background_full", limit=BACKGROUND_MAX)
        return
    task = asyncio.create_task(work)
    services.background.add(task)
    task.add_done_callback(lambda done: _on_background_done(services, done))


def _on_background_done(services: Services, task: asyncio.Task[None]) -> None:
    services.background.discard(task)
    if not task.cancelled() and (error := task.exception()):
        log.warning("background_failed", error=repr(error))
