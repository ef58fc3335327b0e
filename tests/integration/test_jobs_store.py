"""Durable jobs: joined, claimed once, fenced, taken up again, ended for good."""

from __future__ import annotations

import asyncio

import pytest

from cluster.errors import Conflict, CreatorNotFound, OptedOut, Overloaded, Unauthenticated
from cluster.stores import access, creators, jobs
from tests.creators import profile
from tests.integration.stored import store

pytestmark = pytest.mark.anyio
NAME = "some.creator"
ERROR = {"code": "upstream_unavailable", "status": 503, "message": "no source answers"}


async def request(api_db, user, username=NAME, **options):
    values = {"kind": "unlock", "deadline_s": 60, "queue_max": 10} | options
    async with api_db.as_user(user.claims) as db:
        return await jobs.request_refresh(db, username, **values)


async def claim(worker_db, owner="w1", *, lease_s=30, limit=10, **options):
    async with worker_db.as_service() as db:
        return await jobs.claim(db, owner, lease_s=lease_s, limit=limit, **options)


async def finish(worker_db, job, owner="w1", *, attempt=1, **options):
    async with worker_db.as_service() as db:
        return await jobs.finish(db, job.id, owner, access_days=30, attempt=attempt, **options)


async def get(worker_db, job):
    async with worker_db.as_service() as db:
        return await jobs.get_job(db, job.id)


async def expire_leases(worker_db):
    async with worker_db.as_service() as db:
        await db.execute(
            "update ai_analysis_jobs set lease_expires_at = now() - interval '1 second' where status = 'running'"
        )


async def test_concurrent_requests_share_one_job(api_db, alice, bob):
    found = await asyncio.gather(*(request(api_db, user) for user in (alice, bob) * 5))

    assert len({job.id for job in found}) == 1


async def test_a_job_is_seen_by_those_who_asked_for_it(api_db, alice, bob):
    job = await request(api_db, alice)
    async with api_db.as_user(alice.claims) as db:
        assert await jobs.get_job(db, job.id) == job
        assert await jobs.latest_job(db, NAME) == job
    async with api_db.as_user(bob.claims) as db:
        assert await jobs.get_job(db, job.id) is None
        assert await jobs.latest_job(db, NAME) is None
        assert await jobs.events(db, job.id, 0) == []


async def test_a_full_queue_refuses_new_names_and_still_lets_others_join(api_db, alice, bob):
    await request(api_db, alice, "one", queue_max=1)

    with pytest.raises(Overloaded):
        await request(api_db, alice, "two", queue_max=1)
    await request(api_db, bob, "one", queue_max=1)


async def test_a_repeated_key_gives_its_first_job_even_when_that_has_ended(api_db, worker_db, alice, bob):
    await store(worker_db)
    first = await request(api_db, alice, kind="refresh", idempotency_key="k")
    await claim(worker_db)
    assert await finish(worker_db, first)

    again = await request(api_db, alice, kind="refresh", idempotency_key="k")
    others = await request(api_db, bob, kind="refresh", idempotency_key="k")
    new = await request(api_db, alice, kind="refresh", idempotency_key="k2")

    assert (again.id, again.status) == (first.id, "succeeded")
    assert others.id == new.id != first.id


async def test_a_key_of_another_creator_is_a_conflict(api_db, alice):
    await request(api_db, alice, "one", idempotency_key="k")

    with pytest.raises(Conflict):
        await request(api_db, alice, "two", idempotency_key="k")


async def test_one_key_for_two_creators_at_once_serves_one(api_db, alice):
    outcomes = await asyncio.gather(
        *(request(api_db, alice, name, idempotency_key="k") for name in ("one", "two")), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Job"]


async def test_who_opted_out_is_not_looked_up(api_db, worker_db, alice):
    job = await request(api_db, alice)
    async with worker_db.as_service() as db:
        await creators.opt_out(db, NAME)

    assert (await get(worker_db, job)).error["code"] == "opted_out"
    with pytest.raises(OptedOut):
        await request(api_db, alice)
    with pytest.raises(OptedOut):
        async with worker_db.as_service() as db:
            await jobs.enqueue(db, NAME, kind="refresh")


async def test_without_a_user_nothing_is_requested(api_db):
    with pytest.raises(Unauthenticated):
        async with api_db.as_user({"role": "authenticated"}) as db:
            await jobs.request_refresh(db, NAME, deadline_s=60, queue_max=10)


async def test_many_workers_claim_each_job_once(worker_db, database_urls):
    async with worker_db.as_service() as db:
        for number in range(20):
            await jobs.enqueue(db, f"name{number}", kind="analyze")
    claims = await asyncio.gather(*(claim(worker_db, f"w{number}", limit=3) for number in range(12)))

    taken = [job.id for found in claims for job in found]
    assert len(taken) == len(set(taken)) == 20
    assert max(len(found) for found in claims) <= 3


async def test_people_who_wait_come_before_background_work(api_db, worker_db, alice):
    async with worker_db.as_service() as db:
        for number in range(5):
            await jobs.enqueue(db, f"import{number}", kind="analyze")
    await request(api_db, alice, "wanted")

    assert [job.username for job in await claim(worker_db, limit=1)] == ["wanted"]


async def test_a_lost_lease_is_taken_up_and_its_old_owner_changes_nothing(api_db, worker_db, alice):
    await store(worker_db)
    await request(api_db, alice)
    [job] = await claim(worker_db, "dead")
    await expire_leases(worker_db)
    [again] = await claim(worker_db, "alive")

    assert (again.id, again.attempts, again.started_at) == (job.id, 2, job.started_at)
    async with worker_db.as_service() as db:
        assert not await jobs.heartbeat(db, job.id, "dead", 30, attempt=1)
        assert not await jobs.progress(db, job.id, "dead", step="x", done=0, total=1, attempt=1)
        assert not await jobs.save_run_id(db, job.id, "dead", "run", attempt=1)
        assert not await jobs.fail(db, job.id, "dead", ERROR, retry_in_s=None, attempt=1)
        assert not await jobs.finish(db, job.id, "dead", access_days=30, attempt=1)
        assert await jobs.heartbeat(db, job.id, "alive", 30, attempt=2)
    assert (await get(worker_db, job)).status == "running"


async def test_the_same_workers_earlier_attempt_is_fenced_by_its_number(worker_db):
    async with worker_db.as_service() as db:
        job = await jobs.enqueue(db, NAME, kind="analyze")
    await claim(worker_db)
    await expire_leases(worker_db)
    await claim(worker_db)

    async with worker_db.as_service() as db:
        assert not await jobs.heartbeat(db, job.id, "w1", 30, attempt=1)
        assert not await jobs.progress(db, job.id, "w1", step="x", done=0, total=1, attempt=1)
        assert await jobs.progress(db, job.id, "w1", step="x", done=0, total=1, attempt=2)


async def test_a_live_lease_is_not_taken(worker_db):
    async with worker_db.as_service() as db:
        await jobs.enqueue(db, NAME, kind="analyze")
    await claim(worker_db)

    assert await claim(worker_db, "w2") == []


async def test_progress_is_kept_as_numbered_events(worker_db):
    async with worker_db.as_service() as db:
        job = await jobs.enqueue(db, NAME, kind="analyze")
        await jobs.claim(db, "w1", lease_s=30, limit=1)
        for done in range(4):
            assert await jobs.progress(db, job.id, "w1", step="pictures", done=done, total=3, attempt=1)
        later = await jobs.events(db, job.id, 2)
        moved = await jobs.get_job(db, job.id)

    assert [(event.seq, event.step, event.done) for event in later] == [(3, "pictures", 2), (4, "pictures", 3)]
    assert all(event.elapsed_s >= 0 for event in later)
    assert (moved.step, moved.done, moved.total) == ("pictures", 3, 3)


async def test_everybody_who_waits_gets_access(api_db, worker_db, alice, bob):
    await store(worker_db)
    job = await request(api_db, alice)
    await request(api_db, bob)
    await claim(worker_db)

    assert await finish(worker_db, job, warning=ERROR)

    ended = await get(worker_db, job)
    assert (ended.status, ended.error) == ("succeeded", ERROR)
    assert ended.finished_at is not None
    for user in (alice, bob):
        async with api_db.as_user(user.claims) as db:
            granted = await access.has_access(db, NAME)
            assert 29 < (granted.expires_at - ended.finished_at).days + 1 <= 30
    assert not await finish(worker_db, job), "it has ended"


async def test_a_requester_that_joins_while_the_job_ends_is_never_forgotten(api_db, worker_db, alice, bob):
    profile_id = await store(worker_db)
    job = await request(api_db, alice)
    await claim(worker_db)
    async with api_db.as_user(bob.claims) as db:
        joined = await jobs.request_refresh(db, NAME, deadline_s=60, queue_max=10)
        ending = asyncio.create_task(finish(worker_db, job))
        await asyncio.sleep(0.2)
        assert not ending.done(), "finish waits for the one who is joining"
    assert await ending

    assert joined.id == job.id
    async with worker_db.as_service() as db:
        holders = await db.fetch("select user_id from user_profile_access where profile_id = $1", profile_id)
    assert {row["user_id"] for row in holders} == {alice.id, bob.id}


async def test_access_is_never_shortened(api_db, worker_db, alice):
    await store(worker_db)
    for days in (60, 30):
        job = await request(api_db, alice)
        await claim(worker_db)
        async with worker_db.as_service() as db:
            assert await jobs.finish(db, job.id, "w1", access_days=days, attempt=1)
    async with api_db.as_user(alice.claims) as db:
        assert ((await access.has_access(db, NAME)).expires_at - job.created_at).days >= 59


async def test_a_job_without_a_stored_profile_cannot_end_well(api_db, worker_db, alice):
    job = await request(api_db, alice)
    await claim(worker_db)

    with pytest.raises(CreatorNotFound):
        await finish(worker_db, job)
    assert (await get(worker_db, job)).status == "running"


async def test_a_stronger_wish_that_joins_late_runs_the_job_again(api_db, worker_db, alice, bob):
    await store(worker_db)
    job = await request(api_db, alice, kind="unlock")
    await claim(worker_db)
    await request(api_db, bob, kind="refresh", idempotency_key="k")
    assert await finish(worker_db, job)

    again = await get(worker_db, job)
    assert (again.status, again.kind) == ("queued", "refresh")
    await claim(worker_db)
    assert await finish(worker_db, job, attempt=2)
    assert (await get(worker_db, job)).status == "succeeded"


async def test_a_failure_is_kept_or_tried_again_while_attempts_are_left(worker_db):
    async with worker_db.as_service() as db:
        job = await jobs.enqueue(db, NAME, kind="analyze")
    for attempt in (1, 2):
        [claimed] = await claim(worker_db)
        async with worker_db.as_service() as db:
            assert await jobs.fail(db, job.id, "w1", ERROR, retry_in_s=0, attempts_max=2, attempt=attempt)
        now = await get(worker_db, job)
        assert (claimed.attempts, now.status, now.error) == (attempt, "queued" if attempt == 1 else "failed", ERROR)


async def test_a_retry_waits_its_time(worker_db):
    async with worker_db.as_service() as db:
        job = await jobs.enqueue(db, NAME, kind="analyze")
        await jobs.claim(db, "w1", lease_s=30, limit=1)
        assert await jobs.fail(db, job.id, "w1", ERROR, retry_in_s=30, attempt=1)

    assert await claim(worker_db) == []
    async with worker_db.as_service() as db:
        assert await jobs.queue_depth(db) == 1


async def test_a_job_past_its_deadline_fails_for_good(worker_db):
    async with worker_db.as_service() as db:
        waiting = await jobs.enqueue(db, "waiting", kind="analyze")
        running = await jobs.enqueue(db, "running", kind="refresh")
        await jobs.claim(db, "w1", lease_s=30, limit=1)
        await db.execute(
            "update ai_analysis_jobs set created_at = now() - interval '2 h', deadline_at = now() - interval '1 s'"
        )
        assert not await jobs.heartbeat(db, running.id, "w1", 30, attempt=1), "its time is over"
    await expire_leases(worker_db)

    assert await claim(worker_db) == []
    for job in (waiting, running):
        ended = await get(worker_db, job)
        assert (ended.status, ended.error["code"], ended.error["status"]) == ("failed", "unavailable", 503)


async def test_a_job_that_kills_its_workers_fails_for_good(worker_db):
    async with worker_db.as_service() as db:
        job = await jobs.enqueue(db, NAME, kind="analyze")
    for _ in range(3):
        assert len(await claim(worker_db, attempts_max=3)) == 1
        await expire_leases(worker_db)

    assert await claim(worker_db, attempts_max=3) == []
    assert "interrupted too often" in (await get(worker_db, job)).error["message"]


async def test_a_new_job_may_follow_an_ended_one(worker_db):
    async with worker_db.as_service() as db:
        first = await jobs.enqueue(db, NAME, kind="analyze")
        await jobs.claim(db, "w1", lease_s=30, limit=1)
        await jobs.fail(db, first.id, "w1", ERROR, retry_in_s=None, attempt=1)
        second = await jobs.enqueue(db, NAME, kind="analyze")

    assert second.id != first.id


async def test_a_repair_is_free_rare_and_only_for_those_with_access(api_db, worker_db, alice, bob):
    await store(worker_db)
    job = await request(api_db, alice)
    await claim(worker_db)
    await finish(worker_db, job)

    async def repair(user, interval_s):
        async with api_db.as_user(user.claims) as db:
            return await jobs.request_repair(db, NAME, interval_s=interval_s, deadline_s=60)

    assert await repair(alice, 3600) is None, "something ran within the hour"
    assert await repair(bob, 0) is None, "no access"
    queued = await repair(alice, 0)
    assert (queued.kind, queued.status) == ("repair", "queued")
    before = await worker_access(worker_db)
    await claim(worker_db)
    await finish(worker_db, queued)
    assert await worker_access(worker_db) == before, "a repair lengthens nothing"


async def worker_access(worker_db):
    async with worker_db.as_service() as db:
        return await db.fetch("select * from user_profile_access")


async def test_waiters_and_workers_are_woken(api_db, worker_db, alice):
    heard = asyncio.Queue()
    await api_db.listen("job_progress", lambda payload: heard.put_nowait(("progress", payload)))
    await worker_db.listen("jobs", lambda payload: heard.put_nowait(("jobs", payload)))
    await store(worker_db, profile())
    job = await request(api_db, alice)
    assert await asyncio.wait_for(heard.get(), 5) == ("jobs", "")
    await claim(worker_db)
    async with worker_db.as_service() as db:
        await jobs.progress(db, job.id, "w1", step="fetch", done=0, total=1, attempt=1)
    assert await asyncio.wait_for(heard.get(), 5) == ("progress", str(job.id))
    await finish(worker_db, job)
    assert await asyncio.wait_for(heard.get(), 5) == ("progress", str(job.id))
