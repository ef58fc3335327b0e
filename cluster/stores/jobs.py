"""Durable jobs: a lookup or an analysis that survives the crash of whoever works on it.

A worker holds a job by a lease that it renews. Every write names the lease's owner and the attempt, so that a worker
that lost its job to another, or to its own next attempt, changes nothing any more: the functions then answer False.
Nothing here commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from cluster.errors import CreatorNotFound, Unavailable
from cluster.stores.job_records import Job, JobEvent, Kind
from cluster.stores.refusals import refusals

if TYPE_CHECKING:
    from uuid import UUID

    from cluster.database import Connection

__all__ = [
    "Job", "JobEvent", "Kind", "claim", "enqueue", "events", "fail", "finish", "get_job", "heartbeat", "latest_job",
    "progress", "queue_depth", "request_refresh", "request_repair", "save_run_id",
]  # fmt: skip

BACKGROUND_DEADLINE_S = 7 * 24 * 3600.0  # a large import may wait behind everybody's lookups
LOGS_PER_JOB_MAX = 2_000
EVENTS_MAX = 500
ATTEMPTS_MAX = 5

_COLUMNS = """
    id, username, kind, status, step, done, total, attempts, error, run_id, created_at, started_at, finished_at,
    deadline_at, profile_id
"""


async def request_refresh(
    db: Connection,
    username: str,
    *,
    kind: Literal["unlock", "refresh"] = "unlock",
    idempotency_key: str | None = None,
    deadline_s: float,
    queue_max: int,
) -> Job:
    """Join or start the lookup of a username as the caller of this transaction, who gets access when it succeeds.

    A repeated idempotency_key gives its first job, ended or not. Raises Conflict (the key was used for another
    creator), OptedOut, Overloaded (queue_max lookups wait already), Unauthenticated.
    """
    with refusals(username=username):
        row = await db.fetchrow(
            f"select {_COLUMNS} from internal.request_refresh($1, $2, $3, $4, $5)",  # noqa: S608 - fixed columns
            username,
            kind,
            idempotency_key,
            deadline_s,
            queue_max,
        )
    assert row is not None
    return Job(**row)


async def request_repair(db: Connection, username: str, *, interval_s: float, deadline_s: float) -> Job | None:
    """Queue a free repair of a creator that the caller may read; None where anything ran within interval_s."""
    with refusals(username=username):
        row = await db.fetchrow(
            f"select {_COLUMNS} from internal.request_repair($1, $2, $3) where id is not null",  # noqa: S608
            username,
            interval_s,
            deadline_s,
        )
    return Job(**row) if row else None


async def enqueue(
    db: Connection,
    username: str,
    *,
    kind: Kind,
    user_id: UUID | None = None,
    deadline_s: float = BACKGROUND_DEADLINE_S,
) -> Job:
    """Join or start a job as the service; user_id gets access when it succeeds. Raises OptedOut."""
    with refusals(username=username):
        row = await db.fetchrow(
            f"select {_COLUMNS} from internal.join_job($1, $2, $3, null)",  # noqa: S608
            username,
            kind,
            deadline_s,
        )
    assert row is not None
    if user_id is not None:
        await db.execute(
            """
            insert into ai_analysis_job_requesters (job_id, user_id)
            values ($1, $2)
            on conflict do nothing
            """,
            row["id"],
            user_id,
        )
    return Job(**row)


async def claim(
    db: Connection, owner: str, *, lease_s: float, limit: int, attempts_max: int = ATTEMPTS_MAX
) -> list[Job]:
    """Take up to limit jobs that wait or whose lease ran out. Any number of workers may call it at the same time.

    What is past its deadline or its attempts fails for good instead.
    """
    await _fail_exhausted(db, attempts_max)
    rows = await db.fetch(
        f"""
        with due as (
            select id
            from ai_analysis_jobs
            where (status = 'queued' and run_after <= statement_timestamp())
                or (status = 'running' and lease_expires_at < statement_timestamp())
            order by kind in ('unlock', 'refresh') desc, created_at
            limit $3
            for no key update skip locked
        )
        update ai_analysis_jobs
        set status = 'running',
            kind_claimed = kind,
            lease_owner = $1,
            lease_expires_at = statement_timestamp() + make_interval(secs => $2),
            attempts = attempts + 1,
            started_at = coalesce(started_at, statement_timestamp())
        where id in (select id from due)
        returning {_COLUMNS}
        """,  # noqa: S608
        owner,
        lease_s,
        limit,
    )
    return sorted((Job(**row) for row in rows), key=lambda job: job.created_at)


async def heartbeat(db: Connection, job_id: UUID, owner: str, lease_s: float, *, attempt: int) -> bool:
    """Renew the lease; False when it is lost or the job's deadline is over."""
    return _changed(
        await db.execute(
            """
            update ai_analysis_jobs
            set lease_expires_at = statement_timestamp() + make_interval(secs => $4)
            where id = $1
                and status = 'running'
                and lease_owner = $2
                and attempts = $3
                and deadline_at > statement_timestamp()
            """,
            job_id,
            owner,
            attempt,
            lease_s,
        )
    )


async def progress(db: Connection, job_id: UUID, owner: str, *, step: str, done: int, total: int, attempt: int) -> bool:
    """Write down how far a job is, as its state and as an event; wakes who watches it."""
    return bool(
        await db.fetchval(
            """
            with moved as (
                update ai_analysis_jobs
                set step = $4,
                    done = $5,
                    total = $6,
                    log_seq = log_seq + 1
                where id = $1 and status = 'running' and lease_owner = $2 and attempts = $3
                returning id, log_seq, started_at
            ),
            logged as (
                insert into ai_analysis_job_logs (job_id, seq, step, done, total, elapsed_s)
                select id, log_seq, $4, $5, $6, greatest(0, extract(epoch from statement_timestamp() - started_at))
                from moved
                where log_seq <= $7
            )
            select pg_notify('job_progress', id::text) is not null
            from moved
            """,
            job_id,
            owner,
            attempt,
            step,
            done,
            total,
            LOGS_PER_JOB_MAX,
        )
    )


async def save_run_id(db: Connection, job_id: UUID, owner: str, run_id: str, *, attempt: int) -> bool:
    """Remember the upstream's run before it is polled: a crash must not start, and pay, a second one."""
    return _changed(
        await db.execute(
            """
            update ai_analysis_jobs
            set run_id = $4
            where id = $1 and status = 'running' and lease_owner = $2 and attempts = $3
            """,
            job_id,
            owner,
            attempt,
            run_id,
        )
    )


async def finish(
    db: Connection,
    job_id: UUID,
    owner: str,
    *,
    access_days: int,
    warning: dict[str, Any] | None = None,
    attempt: int,
) -> bool:
    """End a job well and give everybody who waits for it access for access_days; wakes who watches it.

    Where a stronger wish joined after the claim, the job is queued again for that one. Raises CreatorNotFound when no
    such profile is stored.
    """
    row = await db.fetchrow(
        """
        update ai_analysis_jobs
        set status = case when kind = kind_claimed then 'succeeded' else 'queued' end,
            finished_at = case when kind = kind_claimed then statement_timestamp() end,
            run_id = case when kind = kind_claimed then run_id end,
            lease_owner = null,
            lease_expires_at = null,
            error = $4,
            profile_id = (select id from profiles where profiles.username = ai_analysis_jobs.username)
        where id = $1 and status = 'running' and lease_owner = $2 and attempts = $3
        returning status, username, profile_id
        """,
        job_id,
        owner,
        attempt,
        warning,
    )
    if row is None:
        return False
    if row["profile_id"] is None:
        raise CreatorNotFound(username=row["username"])
    if row["status"] == "succeeded":
        # A statement of its own: it sees the requester who held the update above back.
        await db.execute(
            """
            insert into user_profile_access as stored (user_id, profile_id, expires_at)
            select distinct user_id, $2::uuid, now() + make_interval(days => $3)
            from ai_analysis_job_requesters
            where job_id = $1
            order by user_id
            on conflict (user_id, profile_id) do update
                set expires_at = greatest(stored.expires_at, excluded.expires_at)
            """,
            job_id,
            row["profile_id"],
            access_days,
        )
    await _wake(db, job_id, row["status"])
    return True


async def fail(
    db: Connection,
    job_id: UUID,
    owner: str,
    error: dict[str, Any],
    *,
    retry_in_s: float | None,
    attempt: int,
    attempts_max: int = ATTEMPTS_MAX,
) -> bool:
    """End a job with an error, or queue it again in retry_in_s while attempts and time are left; wakes who watches it."""
    status = await db.fetchval(
        """
        with verdict as (
            select
                $5::float8 is not null
                and attempts < $6
                and statement_timestamp() + make_interval(secs => $5) < deadline_at as again
            from ai_analysis_jobs
            where id = $1
        )
        update ai_analysis_jobs
        set status = case when again then 'queued' else 'failed' end,
            finished_at = case when again then null else statement_timestamp() end,
            run_after = case when again then statement_timestamp() + make_interval(secs => $5) else run_after end,
            error = $4,
            lease_owner = null,
            lease_expires_at = null
        from verdict
        where id = $1 and status = 'running' and lease_owner = $2 and attempts = $3
        returning status
        """,
        job_id,
        owner,
        attempt,
        error,
        retry_in_s,
        attempts_max,
    )
    if status is None:
        return False
    await _wake(db, job_id, status)
    return True


async def get_job(db: Connection, job_id: UUID) -> Job | None:
    """A job; None where there is none, or none that this role may see."""
    row = await db.fetchrow(f"select {_COLUMNS} from ai_analysis_jobs where id = $1", job_id)  # noqa: S608
    return Job(**row) if row else None


async def latest_job(db: Connection, username: str) -> Job | None:
    """The newest job of a username that this role may see: for a user, of those that they asked for."""
    row = await db.fetchrow(
        f"""
        select {_COLUMNS}
        from ai_analysis_jobs
        where username = $1
        order by created_at desc
        limit 1
        """,  # noqa: S608
        username,
    )
    return Job(**row) if row else None


async def events(db: Connection, job_id: UUID, after_seq: int) -> list[JobEvent]:
    """The events after that number, oldest first, at most EVENTS_MAX."""
    rows = await db.fetch(
        """
        select seq, step, done, total, elapsed_s, created_at
        from ai_analysis_job_logs
        where job_id = $1 and seq > $2
        order by seq
        limit $3
        """,
        job_id,
        after_seq,
        EVENTS_MAX,
    )
    return [JobEvent(**row) for row in rows]


async def queue_depth(db: Connection) -> int:
    """How many jobs wait for a worker."""
    return int(await db.fetchval("select count(*) from ai_analysis_jobs where status = 'queued'"))


async def _fail_exhausted(db: Connection, attempts_max: int) -> None:
    """Fail what waits past its deadline, or was tried often enough and lost its worker again."""
    late = Unavailable("The lookup did not end before its deadline.").to_record()
    worn = Unavailable("The lookup was interrupted too often.").to_record()
    rows = await db.fetch(
        """
        with exhausted as (
            select id
            from ai_analysis_jobs
            where (status = 'queued' or (status = 'running' and lease_expires_at < statement_timestamp()))
                and (deadline_at <= statement_timestamp() or attempts >= $1)
            for no key update skip locked
        )
        update ai_analysis_jobs
        set status = 'failed',
            finished_at = statement_timestamp(),
            error = case when deadline_at <= statement_timestamp() then $2::jsonb else $3::jsonb end,
            lease_owner = null,
            lease_expires_at = null
        where id in (select id from exhausted)
        returning id
        """,
        attempts_max,
        late,
        worn,
    )
    for row in rows:
        await db.execute("select pg_notify('job_progress', $1)", str(row["id"]))


async def _wake(db: Connection, job_id: UUID, status: str) -> None:
    await db.execute("select pg_notify('job_progress', $1)", str(job_id))
    if status == "queued":
        await db.execute("select pg_notify('jobs', '')")


def _changed(command_status: str) -> bool:
    return command_status == "UPDATE 1"
