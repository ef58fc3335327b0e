"""The ProfileRefresh actor: takes durable jobs from Postgres and runs them, a few at a time.

A job is held by a lease that a heartbeat renews. When this process dies the lease runs out and the restarted actor (or
another one: claiming is safe for many) takes the job up again at the step it had reached.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import ray

from actors.housekeeping import purge_forever
from actors.refresh_pipeline import LeaseLost, RefreshPipeline
from cluster import telemetry
from cluster.clients.apify import RunUnfinished
from cluster.database import DATABASE_ERRORS
from cluster.errors import FollowingError
from cluster.stores import jobs

if TYPE_CHECKING:
    from cluster.database import Database
    from cluster.settings import RefreshSettings, Settings
    from cluster.stores.jobs import Job

ACTOR_NAME = "profile_refresh"
NAMESPACE = "following"
JOBS_CHANNEL = "jobs"
# A database that is away or cancels a statement; a violated constraint is a defect of ours, which waiting does not mend.
DATABASE_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
)
SURPRISE_RETRY_S = 2.0
UNFINISHED_RETRY_S = 1.0
BACKGROUND_KINDS = frozenset({"analyze", "repair"})
DATABASE_PAUSE_S = 1.0
SHUTDOWN_S_MAX = 5.0

log = telemetry.get_logger(__name__)


class RefreshWorker:
    """Claims jobs, keeps their leases, runs them through the pipeline and writes down how they end."""

    def __init__(self, database: Database, pipeline: RefreshPipeline, settings: RefreshSettings) -> None:
        self._database = database
        self._pipeline = pipeline
        self._settings = settings
        self._owner = f"{os.uname().nodename}:{os.getpid()}:{uuid4().hex[:8]}"
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._done_count = 0
        self._failed_count = 0

    async def run_forever(self) -> None:
        """Work until cancelled; a database that is away is waited for."""
        await self._database.listen(JOBS_CHANNEL, lambda _payload: self._wake.set())
        try:
            while True:
                self._wake.clear()
                try:
                    await self._claim_some()
                except DATABASE_ERRORS as error:
                    log.warning("claiming_paused", error=repr(error))
                    await asyncio.sleep(DATABASE_PAUSE_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._settings.poll_s)
        finally:
            await self._stop()

    async def state(self) -> dict[str, Any]:
        """Counts for health; waiting is None while the database is away."""
        return {
            "owner": self._owner,
            "running": len(self._running),
            "running_max": self._settings.concurrent_max,
            "waiting": await self._waiting(),
            "done": self._done_count,
            "failed": self._failed_count,
            "circuits_not_closed": self._pipeline.circuits_not_closed(),
        }

    async def _waiting(self) -> int | None:
        try:
            async with self._database.as_service() as db:
                return await jobs.queue_depth(db)
        except DATABASE_ERRORS as error:
            log.warning("queue_not_counted", error=repr(error))
            return None

    async def _claim_some(self) -> None:
        free = self._settings.concurrent_max - len(self._running)
        if free <= 0:
            return
        async with self._database.as_service() as db:
            claimed = await jobs.claim(
                db,
                self._owner,
                lease_s=self._settings.lease_s,
                limit=free,
                attempts_max=self._settings.attempts_max,
            )
        for job in claimed:
            task = asyncio.create_task(self._work(job))
            self._running.add(task)
            task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("refresh_lost", exc_info=error)

    async def _work(self, job: Job) -> None:
        with telemetry.scope(job_id=str(job.id), username=job.username):
            await self._hold(job)

    async def _hold(self, job: Job) -> None:
        log.info("refresh_started", kind=job.kind, attempt=job.attempts)
        run = asyncio.create_task(self._pipeline.run(job, self._owner))
        beat = asyncio.create_task(self._keep_lease(job))
        try:
            await asyncio.wait({run, beat}, return_when=asyncio.FIRST_COMPLETED)
            if not run.done():
                raise LeaseLost
            run.result()
            self._done_count += 1
            log.info("refresh_done")
        except LeaseLost:
            log.warning("refresh_lease_lost")
        except RunUnfinished as error:
            log.info("refresh_waits_on", error=str(error))
            await self._write_failure(job, error, retry_in_s=UNFINISHED_RETRY_S)
        except FollowingError as error:
            self._failed_count += 1
            log.warning("refresh_failed", code=error.code, error=str(error))
            # People who wait want to know now; what runs in the background can wait for better times.
            patient = job.kind in BACKGROUND_KINDS
            await self._write_failure(job, error, retry_in_s=error.retry_after_s if patient else None)
        except DATABASE_LOST as error:
            log.warning("refresh_interrupted", error=repr(error))  # the lease runs out and the job is taken up again
        except Exception as error:  # a job must never take the worker down with it
            log.exception("refresh_crashed")
            await self._write_failure(
                job, FollowingError("The refresh crashed.", cause=type(error).__name__), SURPRISE_RETRY_S
            )
        finally:
            for task in (run, beat):
                task.cancel()
            await asyncio.gather(run, beat, return_exceptions=True)

    async def _keep_lease(self, job: Job) -> None:
        """Renew the lease until it is lost; a database that is away may come back before it runs out."""
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            try:
                async with self._database.as_service() as db:
                    is_ours = await jobs.heartbeat(
                        db, job.id, self._owner, lease_s=self._settings.lease_s, attempt=job.attempts
                    )
                if not is_ours:
                    return
            except DATABASE_ERRORS as error:
                log.warning("heartbeat_missed", error=repr(error))

    async def _write_failure(self, job: Job, error: FollowingError, retry_in_s: float | None) -> None:
        try:
            async with self._database.as_service() as db:
                await jobs.fail(
                    db,
                    job.id,
                    self._owner,
                    error.to_record(),
                    retry_in_s=retry_in_s,
                    attempt=job.attempts,
                    attempts_max=self._settings.attempts_max,
                )
        except DATABASE_ERRORS as away:
            log.warning("failure_not_written", error=repr(away))  # the lease runs out and another attempt says it again

    async def _stop(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=SHUTDOWN_S_MAX)


class ProfileRefresh:
    """The Ray actor around a RefreshWorker; detached, so that redeploying the application leaves it alone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker: RefreshWorker | None = None
        # An async actor's constructor runs on its event loop; after a crash Ray calls only the constructor again.
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        telemetry.configure(ACTOR_NAME, self._settings.server.log_level, self._settings.home / "logs")
        while True:
            try:
                await self._work()
            except Exception:  # whatever ended the worker, waiting jobs need another one
                log.exception("worker_ended")
            await asyncio.sleep(DATABASE_PAUSE_S)

    async def _work(self) -> None:
        from actors.pipeline import open_pipeline
        from cluster.database import Database

        database = await Database.open_worker(self._settings)
        try:
            async with open_pipeline(self._settings, database) as pipeline, asyncio.TaskGroup() as tasks:
                self._worker = RefreshWorker(database, pipeline, self._settings.refresh)
                tasks.create_task(self._worker.run_forever())
                tasks.create_task(purge_forever(database, self._settings.retention))
        finally:
            self._worker = None
            await database.close()

    async def state(self) -> dict[str, Any]:
        """The worker's counts, its process id, and whether it runs."""
        return {
            "alive": self._worker is not None and not self._task.done(),
            "pid": os.getpid(),
            **(await self._worker.state() if self._worker else {}),
        }


def ensure_profile_refresh(settings: Settings) -> ray.actor.ActorHandle[Any]:
    """The cluster's one ProfileRefresh actor, started if it is not there. Safe to call from anywhere at any time."""
    actor: Any = ray.remote(ProfileRefresh)
    handle: ray.actor.ActorHandle[Any] = actor.options(
        name=ACTOR_NAME,
        namespace=NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        num_cpus=0,
        max_restarts=-1,
        max_task_retries=0,
    ).remote(settings)
    return handle
