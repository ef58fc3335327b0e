"""What may stand in the place of a username, byte by byte as it came over the wire."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import quote, urlsplit

import pytest

pytestmark = pytest.mark.anyio
PREFIXES = ("/api/v1/search/creator", "/api/profile", "/instagram/profile")


async def raw_get(api, client, target, user):
    """The status and body of a request whose target nothing normalises."""
    address = urlsplit(api.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"GET {target} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {client.token(user)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode("latin-1"))
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head_bytes, _, body = answer.partition(b"\r\n\r\n")
    return int(head_bytes.split()[1]), head_bytes.decode("latin-1").lower(), body


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 31,
        "two%20words",
        "some.creator/../other",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "..",
        ".",
        "%2f",
        "//",
        "%00",
        "some%00creator",
        "some%0d%0acreator",
        "%ff%fe",
        "so%EF%BD%8De",  # a full-width m
        "%D1%95ome.creator",  # a Cyrillic s
        "some%E2%80%AEcreator",  # right to left
        "some%CC%81",  # a combining accent
        "1'%20or%20'1'='1",
        "x';drop%20table%20profiles;--",
        "$1",
        "*",
        "some..creator",
        ".creator",
        "creator.",
        "some-creator",
        "%40%40creator",
        quote("https://www.instagram.com/p/Cabc123/", safe=""),
        quote("https://www.instagram.com/reel/Cabc123/", safe=""),
        quote("https://www.instagram.com/some.creator/p/Cabc123/", safe=""),
        quote("https://evil.test/some.creator", safe=""),
        quote("https://instagram.com.evil.test/some.creator", safe=""),
        quote("https://user:pass@evil.test/@instagram.com/some.creator", safe=""),
        quote("javascript:alert(1)//instagram.com/x", safe=""),
        quote("https://[::1", safe=""),
        quote("file:///etc/passwd", safe=""),
    ],
)
@pytest.mark.parametrize("prefix", PREFIXES)
async def test_what_is_no_username_is_refused_as_a_problem(api, client, prefix, name):
    status, head, body = await raw_get(api, client, f"{prefix}/{name}?wait=0", "usernames")

    assert status in (404, 422), body
    assert "content-type: application/problem+json" in head
    assert json.loads(body)["code"] in ("invalid_username", "not_found")


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "@{}",
        "%40{}",
        "%20{}%20",
        "https%3A%2F%2Fwww.instagram.com%2F{}%2F",
        "https%3A%2F%2Finstagram.com%2F{}%3Figsh%3Dabc%26utm_source%3Dqr",
        "https://www.instagram.com/{}",
        "instagram.com%2F{}",
        "http%3A%2F%2Fm.instagram.com%2F{}%2F%23top",
    ],
)
@pytest.mark.parametrize("prefix", PREFIXES)
async def test_forms_that_people_paste_are_understood(api, client, name, prefix, form):
    status, _, body = await raw_get(api, client, f"{prefix}/{form.format(name.upper())}?wait=0", "usernames")

    assert (status, json.loads(body)["username"]) == (202, name)


@pytest.mark.parametrize("form", ["@{}", "https%3A%2F%2Fwww.instagram.com%2F{}%2F"])
async def test_events_and_posts_understand_them_too(api, client, name, form):
    await client.get(f"{PREFIXES[0]}/{name}?wait=0", as_user=f"{name}-u")

    posts, _, _ = await raw_get(api, client, f"/api/profile/{form.format(name)}/posts", f"{name}-u")
    events, _, body = await raw_get(api, client, f"{PREFIXES[0]}/{form.format('not.looked.up')}/events", f"{name}-u")

    assert posts == 403
    assert (events, json.loads(body)["code"]) == (404, "not_found")
