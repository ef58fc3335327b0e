"""A Ray head of its own, beside whatever else runs on the machine: closed to strangers, and gone when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import grpc
import httpx
import psutil
import pytest

from cluster.embedded import processes
from cluster.embedded.ray_environment import ray_environment, ray_ports
from cluster.embedded.ray_head import RayHead
from cluster.embedded.serve_control import ServeControl
from cluster.errors import SetupError
from loadtests.local_cluster import own_environment, settings_of

pytestmark = pytest.mark.slow

STOP_S_MAX = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("head")


@pytest.fixture(scope="module")
def settings(folder):
    return settings_of(folder / "home", own_environment(folder / "home"))


@pytest.fixture(scope="module")
def head(settings):
    head = RayHead(settings)
    yield head
    head.erase()


@pytest.fixture
def running(head):
    if not head.running():
        head.stop()
        head.launch()
        head.wait_ready()
    return head


@pytest.fixture
def serve(running, settings):
    return ServeControl(settings, running)


def tiny_config(settings, function="build"):
    return {
        "proxy_location": "HeadOnly",
        "http_options": {"host": "127.0.0.1", "port": settings.server.port},
        "applications": [
            {
                "name": "following",
                "route_prefix": "/",
                "import_path": f"tests.integration.tiny_app:{function}",
                "deployments": [
                    {"name": "Ingress", "ray_actor_options": {"num_cpus": 0.1}, "health_check_period_s": 1}
                ],
            }
        ],
    }


@pytest.fixture
def answering(serve, settings):
    serve.deploy(tiny_config(settings))
    serve.wait_healthy(lambda _state: None, limit_s=60)
    url = f"http://127.0.0.1:{settings.server.port}/pid"
    assert processes.wait_until(lambda: status_of(url) == 200, limit_s=20)
    return url


def status_of(url):
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.HTTPError:
        return None


def test_everything_but_the_guarded_replica_port_listens_on_loopback(answering, running):
    members = {record.pid for record in running.members()}
    listening = [
        (connection.laddr.ip.removeprefix("::ffff:"), connection.laddr.port, title)
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.pid in members and (title := title_of(connection.pid))
    ]

    assert [one for one in listening if one[0] != "127.0.0.1" and "ServeReplica" not in one[2]] == []
    assert len(listening) > 10


def test_the_port_between_replicas_answers_nobody_without_the_token(answering, running):
    replicas = {record.pid for record in running.members() if "ServeReplica" in title_of(record.pid)}
    ports = {
        connection.laddr.port
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
        and connection.pid in replicas
        and connection.laddr.ip.removeprefix("::ffff:") != "127.0.0.1"
    }
    assert ports

    for port in ports:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary("/ray.serve.ASGIService/HandleRequest")
            with pytest.raises(grpc.RpcError) as refused:
                call(b"", timeout=10)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def title_of(pid):
    """A process's command line; empty once it has ended, and with it its ports."""
    try:
        return " ".join((Path("/proc") / str(pid) / "cmdline").read_text().split("\0"))
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_the_dashboard_and_its_job_interface_want_the_token(running, settings):
    for path in ("/api/version", "/api/jobs/", "/api/serve/applications/"):
        assert httpx.get(f"{running.dashboard_url}{path}").status_code == 401
    token = (settings.home / "ray.token").read_text()
    assert (
        httpx.get(f"{running.dashboard_url}/api/jobs/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    )


def test_secrets_and_sockets_are_for_the_owner_alone(running, settings):
    assert (settings.home / "ray.token").stat().st_mode & 0o077 == 0
    assert running.folder.stat().st_mode & 0o077 == 0


def test_sockets_fit_however_deep_the_home_lies(tmp_path):
    deep = tmp_path.joinpath(*["a folder with a long name"] * 12)
    environment = ray_environment(
        settings_of(tmp_path, {"FOLLOWING_HOME": str(deep)}).model_copy(update={"home": deep})
    )

    node = "0" * 56
    socket = Path(environment["RAY_SERVE_HAPROXY_SOCKET_PATH"])
    assert len(f"{socket.parent}/{node}/{socket.name}.{2**22}.tmp") < 108  # sun_path of Linux


def test_haproxy_answers_for_missing_replicas_with_a_retryable_problem(answering, running):
    (configuration,) = running.folder.glob("h/*/haproxy.cfg")
    (page,) = running.folder.glob("h/*/500.http")
    head, _, body = page.read_bytes().partition(b"\r\n\r\n")

    assert f"errorfile 503 {page}" in configuration.read_text()
    assert head.startswith(b"HTTP/1.1 503 ")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Retry-After: 1" in head
    assert json.loads(body)["code"] == "unavailable"


def test_a_killed_replica_costs_a_wait_or_a_retryable_problem_and_nothing_else(answering, running):
    pid = httpx.get(answering).json()["pid"]
    os.kill(pid, signal.SIGKILL)

    statuses = set()
    problem = None
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        response = httpx.get(answering, timeout=60)  # the stand-by proxy keeps a request until a replica is back
        statuses.add(response.status_code)
        if response.status_code == 503:
            problem = response
        if response.status_code == 200 and response.json()["pid"] != pid:
            break
        time.sleep(0.05)

    assert statuses <= {200, 503}
    assert 200 in statuses
    if problem is not None:
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.json()["code"] == "unavailable"
        assert problem.headers["retry-after"] == "1"


def test_a_killed_haproxy_comes_back(answering, running):
    def proxies():
        return [pid for pid, arguments in running._by_arguments().items() if Path(arguments[0]).name == "haproxy"]

    killed = proxies()
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    assert processes.wait_until(lambda: status_of(answering) == 200, limit_s=30)
    assert not set(killed) & set(proxies())


def test_a_deployment_that_fails_is_named_with_its_own_error_and_log(serve, settings):
    serve.deploy(tiny_config(settings, "build_broken"))

    with pytest.raises(SetupError) as told:
        serve.wait_healthy(lambda _state: None, limit_s=90)

    assert told.value.context["deployment"] == "Ingress"
    assert told.value.context["it_said"] == "RuntimeError: no artefact in /models: get it with `make models`"
    assert Path(told.value.context["log"]).exists()


def test_stopping_takes_seconds_and_leaves_nothing_behind(answering, running, serve, settings):
    bystander = processes.spawn(["sleep", "60"], log=settings.home / "logs" / "bystander.log")
    members = running.members()
    begun = time.monotonic()

    serve.shutdown()
    running.stop()

    assert time.monotonic() - begun < STOP_S_MAX
    assert not any(record.alive for record in members)
    assert {port: processes.port_holder(port) for port in ray_ports(settings) if not processes.port_free(port)} == {}
    assert bystander.alive
    processes.stop([bystander], grace_s=1)


def test_the_remains_of_a_killed_head_are_found_and_stopped(answering, running):
    before = running.members()
    kill(running, "gcs_server")
    assert processes.wait_until(lambda: not running.running(), limit_s=10)

    running.stop()

    assert not any(record.alive for record in before)


def test_remains_are_found_without_any_record_too(answering, running, settings):
    before = running.members()
    (settings.home / "run" / "ray.json").unlink()
    kill(running, "raylet", "gcs_server")

    running.stop()

    assert processes.wait_until(lambda: not any(record.alive for record in before), limit_s=10)
    assert running.members() == []


def kill(head, *programs):
    for pid, arguments in head._by_arguments().items():
        if Path(arguments[0]).name in programs:
            os.kill(pid, signal.SIGKILL)


def test_a_taken_port_is_told_with_its_holder_and_setting(head, settings):
    head.stop()
    import socket

    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections to the stopped head may linger
        holder.bind(("127.0.0.1", settings.server.dashboard_port))
        holder.listen()
        with pytest.raises(SetupError, match=f"FOLLOWING_DASHBOARD_PORT.*{os.getpid()}"):
            head.launch()
    assert head.members() == []
