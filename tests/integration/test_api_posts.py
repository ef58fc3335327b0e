"""A creator's stored posts over HTTP: pages, cursors and lines."""

from __future__ import annotations

import base64
import json

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def user(client, name):
    """A user whom the API knows."""
    await client.get("/api/v1/auth/me", as_user=name)
    return name


@pytest.fixture
def creator(name):
    return f"{name}.c"


async def test_posts_come_page_by_page_and_as_lines(client, worker, user, creator):
    await worker.unlocked(creator, user)
    seen, cursor = [], None
    for _ in range(3):
        page = (await client.get(f"/api/profile/{creator}/posts", as_user=user, params=with_cursor(cursor))).json()
        seen += [post["url"] for post in page["posts"]]
        cursor = page["next_cursor"]
    lines = (await client.get(f"/api/profile/{creator}/posts?stream=true", as_user=user)).text.splitlines()

    assert cursor is None
    assert len(set(seen)) == 12
    assert [json.loads(line)["url"] for line in lines] == seen


def with_cursor(cursor):
    return {"limit": 5} | ({"cursor": cursor} if cursor else {})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[1]",
        b'["x","y","z"]',
        b'["soon","1"]',
        b'["0001-01-01T00:00:00+14:00","1"]',
        b'["2026-01-01T00:00:00Z","\\u0000"]',
        b'["2026-01-01T00:00:00Z",{}]',
        b'[5,"1"]',
        b'{"a":1,"b":2}',
        b"\xff\xfe",
    ],
)
async def test_a_cursor_that_was_not_given_out_is_refused(client, worker, user, creator, content):
    await worker.unlocked(creator, user)

    answer = await client.get(
        f"/api/profile/{creator}/posts", as_user=user, params={"cursor": base64.urlsafe_b64encode(content).decode()}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("options", [{"limit": 0}, {"limit": 101}, {"cursor": "é"}, {"cursor": "x" * 201}])
async def test_pages_and_cursors_have_limits(client, worker, user, creator, options):
    await worker.unlocked(creator, user)

    answer = await client.get(f"/api/profile/{creator}/posts", as_user=user, params=options)

    assert answer.status_code == 422
