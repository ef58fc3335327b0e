"""Progress over server-sent events, and the one-time tickets that open them."""

from __future__ import annotations

import asyncio

import pytest

from cluster.errors import CreatorNotFound
from tests.fixtures_api import calling, eventually, own_api

pytestmark = pytest.mark.anyio
SEARCH = "/api/v1/search/creator"
TICKET = "/api/v1/search/events/ticket"


@pytest.fixture
async def running(client, worker, name):
    """A creator whose lookup the user of the same name started and the worker has taken."""
    await client.get(f"{SEARCH}/{name}?wait=0", as_user=name)
    await worker.claim(name)
    return name


async def ticket_of(client, user):
    answer = await client.post(TICKET, as_user=user)
    assert answer.status_code == 200
    return answer.json()["ticket"]


async def test_steps_arrive_while_they_happen_and_the_end_ends_the_stream(client, worker, running):
    async with asyncio.timeout(20), client.stream(f"{SEARCH}/{running}/events", as_user=running) as events:
        await worker.progress(running, "fetch", 0, 1)
        first = await events.next()
        await worker.progress(running, "pictures", 7, 12)
        second = await events.next()
        await worker.store(running)
        await worker.finish(running)
        rest = await events.rest()

    assert [(event.id, event.name, event.data["step"]) for event in (first, second)] == [
        (1, "progress", "fetch"),
        (2, "progress", "pictures"),
    ]
    assert (second.data["done"], second.data["total"]) == (7, 12)
    assert [(event.id, event.name, event.data["status"]) for event in rest] == [(3, "done", "succeeded")]


async def test_a_failure_is_told_with_its_code(client, worker, running):
    async with asyncio.timeout(20), client.stream(f"{SEARCH}/{running}/events", as_user=running) as events:
        await worker.fail(running, CreatorNotFound(username=running))
        (failed,) = await events.rest()

    assert (failed.name, failed.data["error"]["code"]) == ("failed", "creator_not_found")


async def test_a_reader_who_comes_back_reads_on_behind_the_last_event(client, worker, running):
    for done in range(4):
        await worker.progress(running, "pictures", done, 4)
    await worker.fail(running, CreatorNotFound())

    async with client.stream(f"{SEARCH}/{running}/events", as_user=running, headers={"Last-Event-ID": "2"}) as stream:
        events = await stream.rest()

    assert [(event.id, event.name) for event in events] == [(3, "progress"), (4, "progress"), (5, "failed")]


@pytest.mark.parametrize("last", ["-1", "x", "2147483648", "1e9", "9" * 40])
async def test_an_event_id_that_was_never_given_out_is_refused(client, running, last):
    answer = await client.get(f"{SEARCH}/{running}/events", as_user=running, headers={"Last-Event-ID": last})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_without_a_lookup_there_are_no_events(client, name):
    answer = await client.get(f"{SEARCH}/{name}/events", as_user=name)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_reader_who_leaves_is_forgotten(api, client, running):
    waiting = api.app.state.services.job_watch._waiting
    async with client.stream(f"{SEARCH}/{running}/events", as_user=running):
        await eventually(lambda: waiting)

    await eventually(lambda: not waiting)


async def test_a_ticket_opens_one_stream_once(client, worker, running):
    await worker.fail(running, CreatorNotFound())
    ticket = await ticket_of(client, running)

    async with client.stream(f"{SEARCH}/{running}/events", params={"ticket": ticket}) as stream:
        events = await stream.rest()
    again = await client.get(f"{SEARCH}/{running}/events", params={"ticket": ticket})

    assert [event.name for event in events] == ["failed"]
    assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/api/profile/some.creator/posts", f"{SEARCH}/some.creator"])
async def test_a_ticket_opens_nothing_but_event_streams(client, name, path):
    answer = await client.get(path, params={"ticket": await ticket_of(client, name)})

    assert answer.status_code == 401


async def test_a_ticket_shows_its_owners_lookups_only(client, running, name):
    ticket = await ticket_of(client, f"{name}-stranger")

    answer = await client.get(f"{SEARCH}/{running}/events", params={"ticket": ticket})

    assert answer.status_code == 404


@pytest.mark.parametrize("ticket", ["x", "x" * 10_000, "*", "\u0000", "é"])
async def test_a_made_up_ticket_is_refused(client, running, ticket):
    answer = await client.get(f"{SEARCH}/{running}/events", params={"ticket": ticket})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_ticket_expires(postgres_server, template_urls, valkey_server, name):
    with own_api(postgres_server, template_urls, valkey_server.url, search={"ticket_ttl_s": 1}) as api:
        async with calling(api) as client:
            await client.get(f"{SEARCH}/{name}?wait=0", as_user=name)
            answer = await client.post(TICKET, as_user=name)
            await asyncio.sleep(1.2)
            late = await client.get(f"{SEARCH}/{name}/events", params={"ticket": answer.json()["ticket"]})

    assert answer.json()["expires_in_s"] == 1
    assert late.status_code == 401


async def test_tickets_are_given_to_the_signed_in_only(client):
    assert (await client.post(TICKET)).status_code == 401
