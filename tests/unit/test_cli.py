"""The command line tells what is wrong and what to do; a stack trace never reaches the terminal."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys

import pytest

from api import cli
from cluster.errors import SetupError
from loadtests.local_cluster import own_environment, run_cli


@pytest.fixture
def environment(tmp_path):
    return own_environment(tmp_path / "home")


@pytest.fixture
def following(environment, tmp_path):
    def run(*arguments, **settings):
        result = run_cli({**environment, **settings}, tmp_path / "cwd", *arguments, timeout_s=60)
        assert "Traceback" not in result.stdout + result.stderr
        return result

    return run


def test_help_names_every_command_and_imports_nothing_heavy(following):
    helped = following("--help")
    imports = "import sys, api.cli; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True).stdout.split()

    for name in (
        "up",
        "down",
        "status",
        "logs",
        "migrate",
        "token",
        "import",
        "analyze",
        "predict",
        "doctor",
        "bench",
        "models",
    ):
        assert f" {name} " in helped.stdout
    assert not {"ray", "torch", "numpy", "fastapi", "asyncpg"} & set(modules)


def test_a_bad_setting_is_named(following):
    result = following("status", FOLLOWING_PORT="eight thousand")

    assert result.returncode == 1
    assert "port" in result.stderr
    assert "valid integer" in result.stderr


def test_status_of_nothing_exits_with_3_and_says_stopped(following):
    result = following("status", "--json")
    state = json.loads(result.stdout)

    assert result.returncode == 3
    assert not state["healthy"]
    assert {part["name"]: part["state"] for part in state["components"]} == {
        "Postgres": "stopped",
        "Valkey": "stopped",
        "Simulator": "stopped",
        "Ray and Serve": "stopped",
    }


def test_services_of_the_environment_are_not_ours(following):
    settings = {"DATABASE_URL": "postgresql://x@db.test/x", "REDIS_URL": "redis://cache.test", "APIFY_TOKEN": "real"}
    state = json.loads(following("status", "--json", **settings).stdout)

    assert [part["state"] for part in state["components"]] == ["external", "external", "external", "stopped"]


def test_down_of_nothing_is_no_error(following):
    result = following("down")

    assert result.returncode == 0
    assert "nothing was running" in result.stdout


def test_doctor_names_who_holds_a_port_and_the_setting_that_moves_it(following, environment):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", int(environment["REDIS_PORT"])))
        holder.listen()
        told = following("doctor")
        as_json = json.loads(following("doctor", "--json").stdout)

    assert told.returncode == 1
    assert f"pid {os.getpid()}" in told.stdout
    assert "REDIS_PORT" in told.stdout
    assert [check["name"] for check in as_json if not check["ok"]] == ["Port"]


def test_up_starts_nothing_while_a_port_is_taken(following, environment, tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", int(environment["FOLLOWING_PORT"])))
        holder.listen()
        result = following("up")

    assert result.returncode == 1
    assert "FOLLOWING_PORT" in result.stderr
    assert not (tmp_path / "home" / "postgres").exists()


def test_a_data_folder_that_cannot_be_made_is_told(following, tmp_path):
    (tmp_path / "file").write_text("")
    result = following("up", FOLLOWING_HOME=str(tmp_path / "file" / "home"))

    assert result.returncode == 1
    assert "data folder" in result.stderr.lower()


def test_two_at_once_are_refused(following, tmp_path):
    (tmp_path / "home" / "run").mkdir(parents=True)
    with (tmp_path / "home" / "run" / "lifecycle.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = following("down")

    assert result.returncode == 1
    assert "at work" in result.stderr


def test_migrate_needs_a_database(following):
    result = following("migrate")

    assert result.returncode == 1
    assert "following up" in result.stderr


def test_an_unknown_log_is_told(following):
    result = following("logs", "nothing-like-it")

    assert result.returncode == 1
    assert "no such log" in result.stderr


def test_clean_asks_first(following, tmp_path):
    (tmp_path / "home").mkdir()
    following("clean")
    assert (tmp_path / "home").exists()

    following("clean", "--yes")
    assert not (tmp_path / "home").exists()


def test_the_context_of_an_error_stands_in_lines_of_its_own():
    text = cli._message(SetupError("It did not start.", log="/x/y.log", it_said="one\ntwo"))

    assert text == "It did not start.\n  log: /x/y.log\n  it said: \n    one\n    two"


def test_a_full_disk_is_named():
    assert "disk is full" in cli._unexpected(OSError(errno.ENOSPC, "No space left on device", "/x"))


def test_the_unexpected_goes_to_a_file_and_the_terminal_names_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FOLLOWING_HOME", str(tmp_path))
    monkeypatch.setattr(cli, "app", lambda: 1 / 0)

    with pytest.raises(SystemExit) as ended:
        cli.main()

    log = tmp_path / "logs" / "cli.log"
    assert ended.value.code == 1
    assert "Traceback" not in capsys.readouterr().err
    assert "ZeroDivisionError" in log.read_text()
