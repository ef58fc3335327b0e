"""Errors on the wire and in the log: one form, one id, no secret."""

from __future__ import annotations

import json

import pytest

from cluster import telemetry
from tests.fixtures_api import calling, own_api, own_valkey, working

pytestmark = pytest.mark.anyio
SEARCH = "/api/v1/search/creator"
TICKET = "/api/v1/search/events/ticket"
REQUEST_ID = "test-request.0001"


@pytest.fixture
def logged(tmp_path):
    """The log of this process, which the API of the tests runs in: its text and its events."""
    telemetry.configure("test", "debug", tmp_path)
    file = tmp_path / "test.jsonl"

    def read():
        text = file.read_text() if file.exists() else ""
        return text, [json.loads(line) for line in text.splitlines()]

    yield read
    telemetry.configure("test", "info", None)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("GET", f"{SEARCH}", 404, "not_found"),
        ("DELETE", f"{SEARCH}/some.creator", 405, "method_not_allowed"),
        ("POST", f"{SEARCH}/some.creator", 405, "method_not_allowed"),
        ("GET", TICKET, 405, "method_not_allowed"),
        ("OPTIONS", f"{SEARCH}/some.creator", 405, "method_not_allowed"),
        ("GET", f"{SEARCH}/two words", 422, "invalid_username"),
        ("GET", f"{SEARCH}/some.creator?refresh=perhaps", 422, "invalid_input"),
        ("GET", "/api/v1/search/jobs/1", 422, "invalid_input"),
        ("GET", "/api/v1/search/jobs/00000000-0000-0000-0000-000000000000", 404, "not_found"),
    ],
)
async def test_every_error_is_a_problem_with_its_code_and_request_id(client, name, method, path, status, code):
    answer = await client.call(method, path, as_user=name, headers={"X-Request-ID": REQUEST_ID})

    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["X-Request-ID"] == problem["request_id"] == REQUEST_ID
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == path.partition("?")[0]
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("given", ["<script>alert(1)</script>", "short", "x" * 65, "a b c d e f g h", "é" * 10])
async def test_a_strange_request_id_is_replaced(client, given):
    answer = await client.get("/nowhere", headers={"X-Request-ID": given.encode()})

    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 32


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused(api, client, name, announced):
    chunk = b"x" * 100_000
    count = api.settings.server.body_bytes_max // len(chunk) + 1

    async def chunks():
        for _ in range(count):
            yield chunk

    content = chunk * count if announced else chunks()
    answer = await client.post(TICKET, as_user=name, content=content)

    if announced:
        assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")
    else:
        assert answer.status_code == 200  # this route reads no body, so none is taken in


async def test_an_unexpected_error_tells_nothing_and_its_log_line_names_the_request(
    postgres_server, template_urls, valkey_server, name, logged
):
    with own_api(postgres_server, template_urls, valkey_server.url) as api:
        async with calling(api) as client, working(api) as worker:
            await client.get("/api/v1/auth/me", as_user=name)
            await worker.unlocked(name, name)
            await worker.execute("alter table related_profiles rename to somewhere_else")
            answer = await client.get(f"{SEARCH}/{name}", as_user=name, headers={"X-Request-ID": REQUEST_ID})
            token = client.token(name)

    text, events = logged()
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "related_profiles" not in answer.text
    (event,) = [event for event in events if event["event"] == "unexpected_error"]
    assert (event["request_id"], event["path"]) == (REQUEST_ID, f"{SEARCH}/{name}")
    assert "UndefinedTableError" in event["exception"]
    assert token not in text


async def test_no_token_ticket_or_password_is_ever_logged(postgres_server, template_urls, name, logged):
    with own_valkey() as valkey, own_api(postgres_server, template_urls, valkey.url) as api:
        async with calling(api) as client:
            token = client.token(name)
            ticket = (await client.post(TICKET, as_user=name)).json()["ticket"]
            valkey.stop()
            headers = {"X-Request-ID": REQUEST_ID}
            await client.get(f"{SEARCH}/{name}?wait=0", as_user=name, headers=headers)
            await client.get(f"{SEARCH}/{name}/events?ticket={ticket}", headers=headers)
            await client.post(TICKET, as_user=name, headers=headers)
            await client.get(f"{SEARCH}/{name}", headers={"Authorization": f"Bearer {token}x"})
            password = api.settings.cache.url.get_secret_value().split("@")[0].rpartition(":")[2]

    text, events = logged()
    assert {event["request_id"] for event in events if event["event"] == "cache_away"} == {REQUEST_ID}
    assert [event for event in events if event["event"] == "request_failed" and event["code"] == "unavailable"]
    for secret in (token, token.split(".")[2], ticket, password):
        assert secret not in text
