"""How often a user may call, and what they are told."""

from __future__ import annotations

import pytest

from tests.fixtures_api import calling, own_api

pytestmark = pytest.mark.anyio
ME = "/api/v1/auth/me"
LIMIT = 3


@pytest.fixture
async def client(postgres_server, template_urls, valkey_server):
    """A caller of an API with few requests a minute."""
    limits = {"requests_per_minute": LIMIT}
    with own_api(postgres_server, template_urls, valkey_server.url, search=limits) as api:
        async with calling(api) as client:
            yield client


async def test_the_request_beyond_the_limit_is_refused_with_the_time_to_wait(client, name):
    allowed = [await client.get(ME, as_user=name) for _ in range(LIMIT)]
    refused = await client.get(ME, as_user=name)

    assert [answer.status_code for answer in allowed] == [200] * LIMIT
    assert [answer.headers["RateLimit-Remaining"] for answer in allowed] == ["2", "1", "0"]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert refused.headers["RateLimit-Reset"] == refused.headers["Retry-After"]


async def test_users_are_counted_apart(client, name):
    for _ in range(LIMIT + 1):
        await client.get(ME, as_user=f"{name}-a")

    answer = await client.get(ME, as_user=f"{name}-b")

    assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (200, str(LIMIT - 1))


async def test_every_kind_of_answer_tells_what_is_left(client, name):
    """Routes that make their own responses, and errors."""
    answers = [
        await client.get("/api/v1/search/creator/some.creator?wait=0", as_user=name),
        await client.get("/api/v1/search/creator/not a name", as_user=name),
        await client.get("/api/profile/some.creator/posts", as_user=name),
    ]

    assert [answer.status_code for answer in answers] == [202, 422, 403]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {str(LIMIT)}


async def test_public_routes_are_not_counted(client, name):
    for _ in range(LIMIT + 1):
        answer = await client.get("/api/health/live", as_user=name)

    assert answer.status_code == 200
    assert (await client.get(ME, as_user=name)).headers["RateLimit-Remaining"] == str(LIMIT - 1)
