"""Parts die while lookups run: every lookup ends in an answer or a clear retryable error, and the data stays sound."""

from __future__ import annotations

import asyncio
import os
import signal

import asyncpg
import httpx
import pytest

from cluster.embedded.postgres import EmbeddedPostgres
from cluster.embedded.valkey import EmbeddedValkey

pytestmark = [pytest.mark.anyio, pytest.mark.e2e, pytest.mark.slow]

LOOKUPS = 5
ENDED = {200, 202, 503}
ANSWER_S_MAX = 90.0
STATE = """
    select
        username,
        (select complete from profile_completeness(profiles.id)) as complete,
        (select count(*) from post_profiles where profile_id = profiles.id) as posts,
        (select count(*) from profile_snapshots where profile_id = profiles.id) as fetches,
        (
            select count(*)
            from ai_analysis_jobs
            where ai_analysis_jobs.username = profiles.username and status = 'succeeded'
        ) as succeeded,
        (
            select count(*)
            from ai_analysis_jobs
            join ai_analysis_job_requesters on ai_analysis_job_requesters.job_id = ai_analysis_jobs.id
            where ai_analysis_jobs.username = profiles.username
                and status = 'succeeded'
                and not exists (
                    select from user_profile_access
                    where user_profile_access.user_id = ai_analysis_job_requesters.user_id
                        and user_profile_access.profile_id = profiles.id
                )
        ) as without_access
    from profiles
    where username = any($1)
"""
SOUND = {"complete": True, "posts": 12, "fetches": 1, "succeeded": 1, "without_access": 0}


def kill(processes):
    assert processes, "nothing to kill: the process title changed"
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)


async def look_up_until_answered(person, name):
    """What a client that obeys Retry-After sees: the statuses on the way and the last answer."""
    statuses = []
    give_up_at = asyncio.get_running_loop().time() + ANSWER_S_MAX
    while True:
        try:
            answer = await person.search(name, wait=20)
        except httpx.TransportError:  # a connection that died with the replica behind it
            statuses.append(503)
        else:
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                return statuses, answer
        if asyncio.get_running_loop().time() > give_up_at:
            pytest.fail(f"no answer in {ANSWER_S_MAX} s: {statuses}")
        await asyncio.sleep(1)


async def run_lookups_while(person, unique, disturb):
    names = [unique() for _ in range(LOOKUPS)]
    lookups = [asyncio.create_task(look_up_until_answered(person(), name)) for name in names]
    await asyncio.sleep(1.0)
    await disturb()
    ended = await asyncio.gather(*lookups)
    for statuses, answer in ended:
        assert set(statuses) <= ENDED, statuses
        assert answer.json()["meta"]["completeness"]["complete"], answer.json()["meta"]
        assert len(answer.json()["posts"]) == 12
    return names


async def assert_sound(cluster, names):
    """Each creator is stored whole and once, no job is left behind, and a taken-up job was not paid for twice."""
    for name in names:
        assert (await cluster.profile_fetches())[name] == 1, name
    db = await asyncpg.connect(cluster.settings.database.url.get_secret_value())
    try:
        live = await db.fetchval(
            "select count(*) from ai_analysis_jobs where username = any($1) and status in ('queued', 'running')", names
        )
        assert live == 0
        states = await db.fetch(STATE, names)
        assert {row["username"]: dict(row) for row in states} == {name: {"username": name, **SOUND} for name in names}
    finally:
        await db.close()


async def test_the_refresh_actor_dies(cluster, person, unique):
    async def disturb():
        kill(cluster.processes("ray::ProfileRefresh"))

    names = await run_lookups_while(person, unique, disturb)

    await assert_sound(cluster, names)


async def test_an_ingress_replica_dies(cluster, person, unique):
    async def disturb():
        kill(cluster.processes("ServeReplica", "Ingress")[:1])

    names = await run_lookups_while(person, unique, disturb)

    await assert_sound(cluster, names)


async def test_a_model_replica_dies(cluster, person, unique):
    async def disturb():
        kill(cluster.processes("ServeReplica", "TextEncoder"))

    names = await run_lookups_while(person, unique, disturb)

    await assert_sound(cluster, names)


async def test_valkey_dies(cluster, person, unique):
    async def disturb():
        kill([EmbeddedValkey(cluster.home, cluster.settings.cache.port).record])
        await asyncio.sleep(3)  # lookups go on without a cache
        await asyncio.to_thread(cluster.cli, "up", "--no-demo")

    names = await run_lookups_while(person, unique, disturb)

    await assert_sound(cluster, names)


async def test_postgres_restarts(cluster, person, unique):
    server = EmbeddedPostgres(cluster.home, cluster.settings.database.port)

    async def disturb():
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(2)
        await asyncio.to_thread(server.start)

    names = await run_lookups_while(person, unique, disturb)

    await assert_sound(cluster, names)
