"""What a service can do to a client on the wire, beyond the simulator's faults."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import stamina
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from cluster.clients import json_http
from cluster.clients.json_http import JsonService, open_client, retry_after_s
from cluster.clients.sources import open_sources
from cluster.errors import CreatorNotFound, UpstreamMalformed, UpstreamRefused, UpstreamUnavailable
from cluster.records import Source
from cluster.settings import ApifySettings, DecodoSettings, Settings
from tests.local_server import serving

pytestmark = pytest.mark.anyio


class Script:
    """Answers each path with its list of responses in turn; the last one repeats."""

    def __init__(self, **answers) -> None:
        self.calls: list[tuple[str, str]] = []
        self._answers = answers

    async def answer(self, request):
        name = request.url.path.strip("/").split("/")[1]
        self.calls.append((request.method, name))
        answers = self._answers[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer()

    def count(self, name) -> int:
        return sum(called == name for _, called in self.calls)

    @contextmanager
    def served(self):
        with serving(Starlette(routes=[Route("/{rest:path}", self.answer, methods=["GET", "POST"])])) as base_url:
            yield base_url


def run(status="SUCCEEDED"):
    return lambda: JSONResponse({"data": {"id": "run1", "status": status, "defaultDatasetId": "set1"}}, 201)


def items(*found):
    return lambda: JSONResponse(list(found))


def error(status, **headers):
    return lambda: JSONResponse({"error": {"type": "x", "message": "said so"}}, status, headers)


def text(content, **kwargs):
    return lambda: Response(content, media_type="application/json", **kwargs)


ANNA = {"username": "anna", "followersCount": 1, "latestPosts": []}


async def fetch(script, *, decodo=False):
    with script.served() as base_url:
        apify = ApifySettings(
            token=None if decodo else "t", base_url=base_url, poll_interval_s=0.1, comments_per_post=3
        )
        fallback = DecodoSettings(username="u", password="p", base_url=base_url) if decodo else DecodoSettings()
        settings = Settings.load(runtime=False).model_copy(update={"apify": apify, "decodo": fallback})
        with stamina.set_testing(True, attempts=100, cap=True):
            async with open_sources(settings) as sources:
                return await sources.fetch("anna")


async def test_polls_and_reads_are_repeated_and_the_start_is_not():
    broken = text(b'{"data": {"id"')
    script = Script(
        acts=[run("READY")],
        **{"actor-runs": [error(500), broken, run("RUNNING"), error(429), run()]},
        datasets=[error(503), text(b"[{"), items(ANNA)],
    )
    assert (await fetch(script)).profile.source is Source.APIFY
    assert (script.count("acts"), script.count("actor-runs"), script.count("datasets")) == (1, 5, 3)


@pytest.mark.parametrize("answer", [text(b'{"data": {"id"'), text(b"{}"), text(b"[1]"), error(504), text(b"\xff")])
async def test_a_start_whose_answer_is_lost_is_not_repeated(answer):
    script = Script(acts=[answer])
    with pytest.raises(UpstreamUnavailable):
        await fetch(script)
    assert script.calls == [("POST", "acts")]


@pytest.mark.parametrize(
    "dataset", [text(b'{"a": 1}'), text(b"null"), items({"username": "someone.else"}), items({"x": 1}), items([])]
)
async def test_a_dataset_of_another_shape_or_account_is_unreadable(dataset):
    with pytest.raises(UpstreamUnavailable, match="apify: unreadable answer"):
        await fetch(Script(acts=[run()], **{"actor-runs": [run()]}, datasets=[dataset]))


async def test_an_empty_dataset_is_a_missing_account():
    with pytest.raises(CreatorNotFound):
        await fetch(Script(acts=[run()], **{"actor-runs": [run()]}, datasets=[items()]))


async def test_half_an_emoji_spoils_nothing():
    cut = json.dumps([ANNA | {"biography": "cut \ud83d"}]).encode()
    fetched = await fetch(Script(acts=[run()], **{"actor-runs": [run()]}, datasets=[text(cut)]))
    assert fetched.profile.biography == "cut \ufffd"


async def test_decodo_that_is_not_ready_is_asked_again():
    ready = {"results": [{"status_code": 200, "content": json.dumps({"data": {"user": {"username": "anna"}}})}]}
    script = Script(scrape=[lambda: Response(status_code=204), lambda: JSONResponse(ready)])
    assert (await fetch(script, decodo=True)).profile.source is Source.DECODO
    assert script.count("scrape") == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": []},
        {"results": [{"content": None}]},
        {"results": [{"content": "<html>"}]},
        {"results": "x"},
        [],
        7,
    ],
)
async def test_decodos_answers_of_another_shape_are_unreadable(body):
    with pytest.raises(UpstreamUnavailable, match="decodo: unreadable answer"):
        await fetch(Script(scrape=[lambda: JSONResponse(body)]), decodo=True)


@contextmanager
def service(script):
    with script.served() as base_url:
        yield JsonService("service", open_client(base_url, {}, read_timeout_s=5))


async def call(script):
    with service(script) as client:
        try:
            return await client.call("GET", "/v2/thing")
        finally:
            await client.close()


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (400, UpstreamRefused, "interface"),
        (401, UpstreamRefused, "key"),
        (402, UpstreamRefused, "top it up"),
        (403, UpstreamRefused, "permissions"),
        (404, UpstreamRefused, "no such thing"),
        (408, UpstreamUnavailable, "not well"),
        (418, UpstreamRefused, "refused"),
        (422, UpstreamRefused, "invalid"),
        (429, UpstreamUnavailable, "no more calls"),
        (500, UpstreamUnavailable, "not well"),
    ],
)
async def test_an_error_names_the_service_the_status_and_the_remedy(status, kind, says):
    with pytest.raises(kind, match=says) as raised:
        await call(Script(thing=[error(status, **{"Retry-After": "7"})]))
    assert raised.value.context["service"] == "service"
    assert raised.value.context["upstream_status"] == status
    assert raised.value.context["said"] == "said so"
    assert raised.value.context.get("retry_after_s") == (7 if kind is UpstreamUnavailable else None)


async def test_a_redirect_is_not_followed():
    script = Script(thing=[lambda: RedirectResponse("http://127.0.0.1:1/")])
    with pytest.raises(UpstreamMalformed, match="redirects"):
        await call(script)


async def test_an_answer_past_the_limit_is_left(monkeypatch):
    monkeypatch.setattr(json_http, "ANSWER_BYTES_MAX", 1_000)
    with pytest.raises(UpstreamMalformed, match="too large"):
        await call(Script(thing=[items("x" * 2_000)]))


async def test_a_connection_that_breaks_inside_the_answer_is_no_answer():
    async def half():
        yield b'{"a": '
        raise ConnectionResetError

    with pytest.raises(UpstreamUnavailable, match="broke the connection"):
        await call(Script(thing=[lambda: StreamingResponse(half(), headers={"Content-Length": "100"})]))


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"a": ', b"[" * 100_000, b"9" * 5_000, b"\xff\xfe{"])
async def test_what_is_no_json_is_malformed(content):
    with pytest.raises(UpstreamMalformed, match="not whole JSON"):
        await call(Script(thing=[text(content)]))


async def test_a_proxy_of_the_environment_does_not_stand_before_loopback(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert (await call(Script(thing=[items(1)]))).body == [1]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("Thu, 15 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 15 Jan 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("9" * 400, 999_999_999),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after_s(header, datetime(2026, 1, 15, 12, tzinfo=UTC)) == seconds
