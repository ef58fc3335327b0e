"""The pictures of the embedded media folder, over HTTP."""

from __future__ import annotations

import hashlib

import pytest

from cluster.media import FolderStore, key_of
from tests.integration.test_api_usernames import raw_get

pytestmark = pytest.mark.anyio
PICTURE = b"RIFF\x00\x00\x00\x00WEBP a picture"


@pytest.fixture
async def key(api):
    """The key of a stored picture."""
    key = key_of(hashlib.sha256(PICTURE).hexdigest())
    await FolderStore(api.settings.home / "media").put(key, PICTURE)
    return key


async def test_a_picture_is_shown_to_everybody_and_kept_for_ever(client, key):
    answer = await client.get(f"/media/{key}")

    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_a_picture_that_the_caller_has_is_not_sent_again(client, key, form):
    etag = (await client.get(f"/media/{key}")).headers["ETag"]

    answer = await client.get(f"/media/{key}", headers={"If-None-Match": form.format(etag)})

    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)


async def test_another_picture_is_sent(client, key):
    answer = await client.get(f"/media/{key}", headers={"If-None-Match": '"another"'})

    assert answer.status_code == 200


async def test_an_unknown_picture_is_not_found(client):
    answer = await client.get(f"/media/{key_of('0' * 64)}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "..%2ftoken.key",
        "../token.key",
        "%2e%2e/%2e%2e/etc/passwd",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "ab/..%2f..%2ftoken.key",
        "ab/ab.webp",
        "ab%00/x.webp",
        "{key}%00",
        "{key}/",
        "{upper}",
        "%5c..%5ctoken.key",
    ],
)
async def test_no_other_file_is_ever_shown(api, client, key, path):
    status, head, body = await raw_get(api, client, f"/media/{path.format(key=key, upper=key.upper())}", "media")

    assert status in (404, 422)
    assert "application/problem+json" in head
    assert PICTURE not in body
