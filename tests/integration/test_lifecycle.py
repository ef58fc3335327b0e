"""The running cluster as its operator meets it: up again, status, repairs, logs without secrets."""

from __future__ import annotations

import json
import os
import re
import signal

import httpx
import pytest

from cluster.embedded import processes
from cluster.embedded.installation import Installation
from cluster.embedded.ray_head import RayHead

pytestmark = pytest.mark.slow

UP_AGAIN_S_MAX = 60
MEMORY_GIB_MAX = 6


def state_of(cluster):
    return json.loads(cluster.cli("status", "--json").stdout)


def pids(state):
    return {part["name"]: part["pid"] for part in state["components"]}


def test_the_whole_idle_cluster_is_healthy_and_fits_its_memory(cluster):
    result = cluster.cli("status", "--json")
    state = json.loads(result.stdout)

    assert result.returncode == 0
    assert state["healthy"]
    assert len(state["deployments"]) == 12
    assert {one["status"] for one in state["deployments"]} == {"HEALTHY"}
    assert 0 < state["memory_bytes"] / 2**30 < MEMORY_GIB_MAX


def test_up_again_starts_nothing_and_only_reports(cluster):
    before = state_of(cluster)

    result = cluster.cli("up", timeout_s=UP_AGAIN_S_MAX)

    assert result.returncode == 0
    assert "was running already" in result.stdout
    assert "Look up" not in result.stdout
    assert f"{cluster.base_url}/docs" in result.stdout
    assert pids(state_of(cluster)) == pids(before)


def test_the_printed_curl_line_works(cluster):
    printed = cluster.cli("up", "--no-demo").stdout
    token, url = re.search(r'curl -H "Authorization: Bearer (\S+)" "(\S+)"', printed).groups()

    answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=120)

    assert answer.status_code == 200
    assert set(answer.json()) == {"meta", "overview", "audience", "engagement", "content", "posts"}


@pytest.mark.parametrize("name", ["Valkey", "Simulator", "Postgres"])
def test_a_killed_service_is_noticed_and_up_starts_it_alone(cluster, name):
    before = pids(state_of(cluster))
    os.kill(before[name], signal.SIGKILL)
    assert processes.wait_until(lambda: processes.ProcessRecord.of(before[name]) is None, limit_s=5)

    result = cluster.cli("status", "--json")
    assert result.returncode == 3
    assert not json.loads(result.stdout)["healthy"]

    assert cluster.cli("up", "--no-demo", timeout_s=UP_AGAIN_S_MAX).returncode == 0
    after = pids(state_of(cluster))
    assert after.pop(name) != before.pop(name)
    assert after == before


def test_the_demo_prints_the_report(cluster):
    result = cluster.cli("analyze", "rich_lina.travels")

    assert result.returncode == 0
    assert "Lina" in result.stdout


def test_doctor_finds_nothing_wrong_while_the_cluster_runs(cluster):
    assert cluster.cli("doctor").returncode == 0


def test_the_schema_is_up_to_date(cluster):
    assert cluster.cli("migrate").stdout == "The schema is up to date.\n"


def test_every_log_is_listed_and_can_be_printed(cluster):
    listed = cluster.cli("logs").stdout

    for name in ("postgres", "valkey", "ray", "serve/replica_following_Ingress"):
        assert name in listed
    assert cluster.cli("logs", "valkey", "--lines", "1").stdout.count("\n") == 1


def test_no_log_holds_a_secret(cluster):
    secrets = {path.read_text().strip() for path in (cluster.home / "secrets").iterdir()}
    secrets |= {(cluster.home / name).read_text().strip() for name in ("ray.token", "token.key")}
    folders = (cluster.home / "logs", RayHead(cluster.settings).session_logs.resolve())
    leaked = [
        path.name
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and any(secret in path.read_text(errors="replace") for secret in secrets)
    ]

    assert len(secrets) >= 5
    assert leaked == []


def test_secrets_are_for_the_owner_alone(cluster):
    files = [cluster.home / "runtime.env", cluster.home / "ray.token", *(cluster.home / "secrets").iterdir()]

    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_a_second_installation_sees_nothing_of_this_one(cluster, tmp_path):
    other = Installation(tmp_path / "other")

    assert other.head.members() == []
    assert other.stop() == []
    assert state_of(cluster)["healthy"]
