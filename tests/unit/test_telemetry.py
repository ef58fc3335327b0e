"""What is logged, and what never is."""

from __future__ import annotations

import json
import logging

import pytest

from cluster import telemetry


@pytest.fixture
def events(tmp_path):
    telemetry.configure("test", "info", tmp_path)

    def read():
        path = tmp_path / "test.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    yield read
    telemetry.configure("test", "info", None)


def test_an_event_is_one_json_line_with_time_level_component_and_request(events):
    with telemetry.scope(request_id="req-1", job_id="job-1"):
        telemetry.get_logger("here").info("profile_stored", username="anna")
    telemetry.get_logger("here").info("outside")

    first, second = events()
    assert first["event"] == "profile_stored"
    assert first["username"] == "anna"
    assert (first["level"], first["component"], first["request_id"]) == ("info", "test", "req-1")
    assert first["timestamp"].endswith("Z")
    assert first["job_id"] == "job-1"
    assert not {"request_id", "job_id"} & second.keys()


def test_events_below_the_level_are_left_out(events):
    telemetry.get_logger("here").debug("detail")

    assert events() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"token": "abcdefgh"},
        {"APIFY_TOKEN": "abcdefgh"},
        {"headers": {"Authorization": "abcdefgh"}},
        {"header": "Bearer abcdefgh"},
        {"header": "Basic abcdefgh"},
        {"url": "postgresql://owner:abcdefgh@127.0.0.1/db"},
        {"note": "sent eyJhbGciOiJIUzI1NiJ9.abcdefgh.abcdefgh"},
        {"items": [{"api_key": "abcdefgh"}]},
        {"error": RuntimeError("cannot reach redis://:abcdefgh@host")},
    ],
)
def test_secrets_are_left_out_by_name_and_by_shape(events, fields):
    telemetry.get_logger("here").info("call", **fields)

    assert "abcdefgh" not in json.dumps(events())


def test_counts_of_tokens_are_no_secret(events):
    telemetry.get_logger("here").info("call", input_token=12, tokens_used=7)

    assert events()[0]["input_token"] == 12
    assert events()[0]["tokens_used"] == 7


def test_an_exception_is_told_with_its_traceback(events):
    try:
        raise ValueError("bad")
    except ValueError:
        telemetry.get_logger("here").exception("failed")

    assert "ValueError: bad" in events()[0]["exception"]


def test_standard_logging_comes_the_same_way_from_warnings_on(events):
    logging.getLogger("some.library").warning("it is %s", "late")

    assert events()[0]["message"] == "it is late"
    assert events()[0]["level"] == "warning"


def test_an_overlong_event_is_cut_and_still_readable(events):
    telemetry.get_logger("here").info("big", text="x" * 100_000)

    assert events()[0]["cut_bytes"] > 100_000


def test_a_full_file_is_rotated_once(tmp_path, monkeypatch):
    monkeypatch.setattr(telemetry, "LOG_BYTES_MAX", 10)
    monkeypatch.setattr(telemetry, "ROTATION_CHECK_LINES", 1)
    telemetry.configure("test", "info", tmp_path)
    for number in range(3):
        telemetry.get_logger("here").info("event", number=number)

    assert json.loads((tmp_path / "test.jsonl").read_text())["number"] == 2
    assert json.loads((tmp_path / "test.jsonl.1").read_text())["number"] == 1


def test_a_logger_taken_before_configure_follows_it(tmp_path):
    log = telemetry.get_logger("early")
    telemetry.configure("late", "info", tmp_path)

    log.info("event")

    assert json.loads((tmp_path / "late.jsonl").read_text())["module"] == "early"
    telemetry.configure("test", "info", None)
