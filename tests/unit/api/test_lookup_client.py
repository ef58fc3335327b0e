"""The command line's lookup over real HTTP: waiting, progress, and what it says when something is wrong."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.lookup_client import LookupRefused, Step, StillRunning, look_up
from cluster.errors import SetupError, Unavailable

PATH = "/api/v1/search/creator/some.creator"
ANSWER = b'{"meta": {}}'


@contextmanager
def serving(answer):
    """An HTTP server on a free port; answer(handler) is called for each GET."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler, status, body, content_type="application/json"):
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_stored_creator_comes_at_once_and_with_the_token():
    seen = []

    def answer(handler):
        seen.append((handler.path.partition("?")[0], handler.headers["Authorization"]))
        send(handler, 200, ANSWER)

    with serving(answer) as url:
        body = asyncio.run(look_up(url, "secret", "some.creator", wait_s=5))

    assert body == ANSWER
    assert seen == [(PATH, "Bearer secret")]


def test_a_running_lookup_is_asked_again_with_the_same_key_and_its_steps_are_reported():
    keys, steps = [], []

    def answer(handler):
        if handler.path.startswith(f"{PATH}/events"):
            event = {"seq": 1, "step": "pictures", "done": 7, "total": 12, "elapsed_s": 1.0}
            send(
                handler,
                200,
                b": hello\n\nid: 1\nevent: progress\ndata: " + json.dumps(event).encode() + b"\n\n",
                "text/event-stream",
            )
            return
        keys.append(handler.headers["Idempotency-Key"])
        time.sleep(0.2)
        send(handler, 202 if len(keys) < 3 else 200, b"{}" if len(keys) < 3 else ANSWER)

    with serving(answer) as url:
        body = asyncio.run(look_up(url, "t", "some.creator", wait_s=5, refresh=True, on_step=steps.append))

    assert body == ANSWER
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert steps[0] == Step("pictures", 7, 12)


def test_a_lookup_past_the_wait_says_that_it_goes_on():
    with serving(lambda handler: send(handler, 202, b"{}")) as url, pytest.raises(StillRunning, match="goes on"):
        asyncio.run(look_up(url, "t", "some.creator", wait_s=0))


def test_an_error_keeps_the_words_of_the_api():
    problem = json.dumps({"detail": "Instagram has no public account of that name.", "request_id": "r1"}).encode()

    with (
        serving(lambda handler: send(handler, 404, problem)) as url,
        pytest.raises(LookupRefused, match="no public account"),
    ):
        asyncio.run(look_up(url, "t", "some.creator", wait_s=1))


def test_an_error_that_is_no_json_is_still_told():
    with serving(lambda handler: send(handler, 502, b"<html>")) as url, pytest.raises(LookupRefused, match="502"):
        asyncio.run(look_up(url, "t", "some.creator", wait_s=1))


def test_a_cluster_that_breaks_off_is_told_from_one_that_is_not_there():
    with (
        serving(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)) as url,
        pytest.raises(Unavailable, match="stopped answering"),
    ):
        asyncio.run(look_up(url, "t", "some.creator", wait_s=1))

    with pytest.raises(SetupError, match="make up"):
        asyncio.run(look_up(f"http://127.0.0.1:{free_port()}", "t", "some.creator", wait_s=1))


def test_analyze_prints_the_report_or_json(tmp_path, monkeypatch):
    from api.compose import compose
    from tests.stored_creators import BASE_URL, creator

    body = compose(creator(), base_url=BASE_URL).model_dump_json().encode()
    monkeypatch.chdir(tmp_path)

    with serving(lambda handler: send(handler, 200, body)) as url:
        monkeypatch.setenv("FOLLOWING_PORT", url.rpartition(":")[2])
        monkeypatch.setenv("FOLLOWING_HOME", str(tmp_path / "home"))
        report = CliRunner().invoke(app, ["analyze", "@marta.come.lisboa"])
        as_json = CliRunner().invoke(app, ["analyze", "marta.come.lisboa", "--json"])

    assert report.exit_code == 0, report.output
    assert "Marta Figueiredo" in report.output
    assert as_json.exit_code == 0, as_json.output
    assert json.loads(as_json.stdout) == json.loads(body)
