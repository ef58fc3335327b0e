"""The embedded Valkey as its users meet it: a real server each time."""

from __future__ import annotations

import os
import signal
import socket

import pytest
import redis

from cluster.embedded import processes
from cluster.embedded.valkey import EmbeddedValkey
from cluster.errors import SetupError


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def valkey(tmp_path, free_port):
    server = EmbeddedValkey(tmp_path, free_port)
    yield server
    server.stop()


def test_it_starts_answers_with_its_password_only_and_listens_on_loopback(valkey, tmp_path, free_port):
    url = valkey.start()

    with redis.Redis.from_url(url) as client:
        assert client.ping()
        assert client.info("server")["server_name"] == "valkey"
        assert client.config_get("bind")["bind"] == "127.0.0.1"
    with redis.Redis(port=free_port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert (tmp_path / "secrets" / "valkey").stat().st_mode & 0o077 == 0
    assert (tmp_path / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0


def test_starting_twice_keeps_the_first_server(valkey):
    valkey.start()
    first = valkey.record

    valkey.start()

    assert valkey.record == first


def test_what_it_holds_survives_a_stop(valkey):
    with redis.Redis.from_url(valkey.start()) as client:
        client.set("kept", "1")
    assert valkey.stop()
    assert not valkey.running()
    assert not valkey.stop()

    with redis.Redis.from_url(valkey.start()) as client:
        assert client.get("kept") == b"1"


def test_a_killed_server_is_started_again(valkey):
    valkey.start()
    valkey.record.send(signal.SIGKILL)
    assert processes.wait_until(lambda: valkey.record is None, limit_s=5)

    valkey.start()

    assert valkey.running()


def test_a_hanging_server_is_replaced(valkey):
    valkey.start()
    hanging = valkey.record
    hanging.send(signal.SIGSTOP)

    valkey.start()

    assert valkey.running()
    assert valkey.record != hanging


def test_a_stale_pid_file_of_a_stranger_does_not_kill_it(valkey, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "valkey.pid").write_text(
        f'{{"pid": {os.getpid()}, "started": 1, "boot": "{processes.boot_id()}"}}'
    )

    assert valkey.record is None
    valkey.start()

    assert valkey.running()


def test_a_taken_port_is_told_with_its_setting(valkey, free_port):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", free_port))
        holder.listen()

        with pytest.raises(SetupError, match="REDIS_PORT"):
            valkey.start()


def test_a_deep_folder_with_spaces_works(tmp_path, free_port):
    deep = tmp_path / ("a very deep folder " * 6) / ("with more levels " * 6)
    server = EmbeddedValkey(deep, free_port)
    try:
        server.start()
        assert server.running()
    finally:
        server.stop()
