"""Daemons: started, recorded, found again, stopped; strangers left alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest

from cluster.embedded import processes
from cluster.embedded.processes import ProcessRecord
from cluster.errors import SetupError


@pytest.fixture
def sleeper(tmp_path):
    records = []

    def start(command=("sleep", "60")):
        records.append(processes.spawn(command, log=tmp_path / "log" / "sleeper.log"))
        return records[-1]

    yield start
    processes.stop(records, grace_s=1)


def test_a_daemon_gets_a_session_of_its_own_and_writes_to_its_log(sleeper, tmp_path):
    record = sleeper(("sh", "-c", "echo hello; exec sleep 60"))
    log = tmp_path / "log" / "sleeper.log"

    assert processes.wait_until(lambda: "hello" in processes.tail(log), limit_s=5)
    assert processes.session_of(record.pid) == record.pid
    assert record.alive


def test_stop_ends_a_daemon_and_a_second_stop_does_nothing(sleeper):
    record = sleeper()

    assert processes.stop([record], grace_s=5) == [record]
    assert not record.alive
    assert processes.stop([record], grace_s=5) == []


def test_a_daemon_that_ignores_the_request_is_killed(sleeper, tmp_path):
    record = sleeper(
        (
            sys.executable,
            "-c",
            "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
        )
    )
    assert processes.wait_until(lambda: "up" in processes.tail(tmp_path / "log" / "sleeper.log"), limit_s=5)

    processes.stop([record], grace_s=0.2)

    assert not record.alive


def test_a_number_that_went_to_a_stranger_is_never_signalled(sleeper):
    stranger = sleeper()
    stale = replace(stranger, started=stranger.started - 1)

    assert not stale.alive
    assert not stale.send(signal.SIGKILL)
    assert stranger.alive


def test_a_record_of_an_earlier_boot_names_nobody(sleeper):
    assert not replace(sleeper(), boot="another").alive


def test_a_pid_file_finds_the_live_daemon_again(sleeper, tmp_path):
    record = sleeper()
    processes.save(tmp_path / "run" / "x.pid", record)

    assert processes.load(tmp_path / "run" / "x.pid") == record


@pytest.mark.parametrize("text", ["", "{", "12", "[]", '{"pid": 1}', '{"pid": 1, "started": 0, "boot": "x"}'])
def test_a_damaged_or_stale_pid_file_names_nobody(tmp_path, text):
    path = tmp_path / "x.pid"
    path.write_text(text)

    assert processes.load(path) is None
    assert processes.load(tmp_path / "missing.pid") is None


def test_a_dead_child_that_nobody_reaped_is_not_alive():
    child = subprocess.Popen(["true"])
    record = ProcessRecord(child.pid, 0, processes.boot_id())
    time.sleep(0.2)

    assert ProcessRecord.of(child.pid) is None
    assert not record.alive
    child.wait()


def test_descendants_and_sessions_are_found_and_the_caller_is_spared(sleeper):
    record = sleeper(("sh", "-c", "sleep 60 & setsid sleep 61 & wait"))
    assert processes.wait_until(lambda: len(processes.descendants_and_sessions([record.pid])) == 3, limit_s=5)

    by_session = processes.descendants_and_sessions([], [record.pid])
    with_caller = processes.descendants_and_sessions([os.getpid(), os.getppid()])

    assert len(by_session) == 3
    assert os.getpid() not in {found.pid for found in with_caller}
    assert os.getppid() not in {found.pid for found in with_caller}
    processes.stop(by_session, grace_s=1)


def test_a_taken_port_names_its_holder_and_the_setting():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]

        assert not processes.port_free(port)
        with pytest.raises(SetupError, match=rf"FOLLOWING_PORT.*{port}.*pid {os.getpid()}"):
            processes.require_port(port, what="the API", setting="FOLLOWING_PORT")
    assert processes.port_free(port)


def test_a_missing_program_is_told(tmp_path):
    with pytest.raises(SetupError, match="no-such-program"):
        processes.spawn(["/no-such-program"], log=tmp_path / "x.log")


def test_a_record_survives_json(sleeper):
    record = sleeper()

    assert ProcessRecord(**json.loads(json.dumps(asdict(record)))) == record


def test_a_process_whose_first_thread_ended_is_alive_until_the_others_have(sleeper, tmp_path):
    script = (
        "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start(); print('up', flush=True);"
        "ctypes.CDLL(None).pthread_exit(None)"
    )
    record = sleeper((sys.executable, "-c", script))
    assert processes.wait_until(lambda: processes._stat(record.pid).state == "Z", limit_s=5)

    assert record.alive
    assert processes.stop([record], grace_s=1) == [record]
    assert not record.alive
