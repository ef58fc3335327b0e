"""Valkey or Postgres away while the API runs: slower answers or retryable errors, never a 500."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.embedded.postgres import EmbeddedPostgres
from cluster.errors import CreatorNotFound
from cluster.settings import PolicySettings
from tests.fixtures_api import calling, eventually, own_api, own_valkey, working
from tests.fixtures_database import free_port, make_template

pytestmark = pytest.mark.anyio
SEARCH = "/api/v1/search/creator"
TICKET = "/api/v1/search/events/ticket"
CREATOR = "some.creator"
USER = "alice"
SOON = PolicySettings(attempts_max=2, wait_s_max=0.1, failures_max=3, cooldown_s=0.5)
SLOW_S_MAX = 5.0


@contextmanager
def own_postgres():
    """A server that a test may stop, with a template."""
    with tempfile.TemporaryDirectory(prefix="fpg-", dir="/tmp") as folder:
        server = EmbeddedPostgres(Path(folder), free_port(), durable=False)
        server.start()
        try:
            yield server, make_template(server)
        finally:
            server.erase()


@contextmanager
def api_on_its_own_valkey(postgres_server, template_urls, **changes):
    resilience = {"cache": SOON}
    with (
        own_valkey() as valkey,
        own_api(postgres_server, template_urls, valkey.url, resilience=resilience, **changes) as api,
    ):
        yield api, valkey


async def unlocked(client, worker):
    await client.get("/api/v1/auth/me", as_user=USER)
    await worker.unlocked(CREATOR, USER)


async def test_without_valkey_reads_answer_limits_let_through_and_tickets_are_unavailable(
    postgres_server, template_urls
):
    limits = {"requests_per_minute": 5}
    with api_on_its_own_valkey(postgres_server, template_urls, search=limits) as (api, valkey):
        async with calling(api) as client, working(api) as worker:
            await unlocked(client, worker)
            before = await client.get(f"{SEARCH}/{CREATOR}", as_user=USER)
            valkey.stop()
            begun = time.monotonic()
            without = [await client.get(f"{SEARCH}/{CREATOR}", as_user=USER) for _ in range(8)]
            slowest_s = (time.monotonic() - begun) / len(without)
            ticket = await client.post(TICKET, as_user=USER)
            stream = await client.get(f"{SEARCH}/{CREATOR}/events?ticket=x")
            health = await client.get("/api/health")

    assert {answer.content for answer in without} == {before.content}
    assert slowest_s < SLOW_S_MAX
    assert "RateLimit-Limit" in before.headers
    assert not [answer for answer in without if "RateLimit-Limit" in answer.headers]
    for refused in (ticket, stream):
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) >= 1
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["components"]["cache"]["status"] == "down"


async def test_a_valkey_that_comes_back_is_used_again(postgres_server, template_urls):
    with api_on_its_own_valkey(postgres_server, template_urls) as (api, valkey):
        async with calling(api) as client:
            await client.get("/api/v1/auth/me", as_user=USER)
            valkey.stop()
            away = await client.get("/api/v1/auth/me", as_user=USER)
            valkey.start()
            back = await eventually(lambda: limited(client))

    assert away.status_code == 200
    assert back.status_code == 200


async def limited(client):
    answer = await client.get("/api/v1/auth/me", as_user=USER)
    return answer if "RateLimit-Limit" in answer.headers else None


async def test_a_hanging_valkey_costs_a_time_out_and_then_nothing(postgres_server, template_urls):
    import signal

    with api_on_its_own_valkey(postgres_server, template_urls, cache={"timeout_s": 0.3}) as (api, valkey):
        async with calling(api) as client, working(api) as worker:
            await unlocked(client, worker)
            valkey.record.send(signal.SIGSTOP)
            for _ in range(6):
                assert (await client.get(f"{SEARCH}/{CREATOR}", as_user=USER)).status_code == 200
            breaker = api.app.state.services.cache._breaker.state
            valkey.record.send(signal.SIGCONT)

    assert breaker != "closed"  # most requests do not wait for it any more


async def test_without_postgres_every_answer_is_retryable_and_all_works_again_after(valkey_server):
    with own_postgres() as (server, template):
        changes = {"resilience": {"database": SOON}}
        with own_api(server, template, valkey_server.url, **changes) as api:
            async with calling(api) as client:
                async with working(api) as worker:
                    await unlocked(client, worker)
                    job_id = (await client.get(f"{SEARCH}/other?wait=0", as_user=USER)).json()["id"]
                    await worker.claim("other")
                waiting = asyncio.create_task(client.get(f"{SEARCH}/other?wait=20", as_user=USER))
                async with client.stream(f"{SEARCH}/other/events", as_user=USER) as events:
                    await asyncio.sleep(0.3)
                    await asyncio.to_thread(server.stop)
                    refused = [await waiting, *[await client.get(path, as_user=USER) for path in paths(job_id)]]
                    unknown = await client.get("/api/v1/auth/me", as_user="somebody.new")
                    health, live = await client.get("/api/health"), await client.get("/api/health/live")
                    public = await client.get("/api/v1/models")

                    await asyncio.to_thread(server.start)
                    again = await eventually(lambda: answered(client))
                    async with working(api) as worker:
                        await worker.claim_again("other")
                        await worker.fail("other", CreatorNotFound())
                    async with asyncio.timeout(20):
                        ended = (await events.rest())[-1]

    for answer in [*refused, unknown]:
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) >= 1
    assert (health.status_code, health.json()["status"]) == (503, "down")
    assert (live.status_code, public.status_code) == (200, 200)
    assert again.status_code == 200
    assert ended.name == "failed"


def paths(job_id):
    return [
        f"{SEARCH}/{CREATOR}",
        f"{SEARCH}/new.creator",
        f"{SEARCH}/{CREATOR}/events",
        f"/api/v1/search/jobs/{job_id}",
        f"/api/profile/{CREATOR}",
        f"/api/profile/{CREATOR}/posts",
    ]


async def answered(client):
    answer = await client.get(f"{SEARCH}/{CREATOR}", as_user=USER)
    return answer if answer.status_code == 200 else None
