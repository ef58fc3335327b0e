"""The suite's one real cluster: started by `following up` in a home and on ports of its own, stopped at the end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest.mock import patch

import psutil
import pytest

from cluster.embedded.ray_head import RayHead
from cluster.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

UP_S_MAX = 420
DOWN_S_MAX = 60
PORTS_NEEDED = 200
PORT_BASES = range(20_000, 29_000, PORTS_NEEDED)  # below the range that the system hands out to clients
SETTING_PREFIXES = (
    *("FOLLOWING_", "DATABASE_", "REDIS_", "APIFY_", "DECODO_", "SMARTPROXY_", "SUPABASE_", "MEDIA_", "R2_", "AI_"),
    *("SEARCH_", "REFRESH_", "SIMULATOR_", "RETENTION_", "ENABLE_", "DISCOVERY_", "MONITORING_", "RAY_", "CIRCUIT_"),
)


@dataclass(frozen=True)
class RunningCluster:
    """What a test needs to know about the cluster it talks to."""

    home: Path
    base_url: str
    simulator_url: str
    settings: Settings
    environment: dict[str, str]

    def cli(self, *arguments, timeout_s=UP_S_MAX):
        """Run `following ARGUMENTS` for this cluster."""
        return run_cli(self.environment, self.home, *arguments, timeout_s=timeout_s)

    def processes(self, *words):
        """This cluster's own live Ray, Serve and HAProxy processes whose title holds all these words."""
        found = []
        for record in RayHead(self.settings).members():
            try:
                title = " ".join(psutil.Process(record.pid).cmdline())
            except psutil.Error:
                continue
            if all(word in title for word in words):
                found.append(psutil.Process(record.pid))
        return found


def free_ports():
    """Settings for a cluster of its own: a block of ports of which none is in use."""
    shift = os.getpid() % len(PORT_BASES)
    for base in (*PORT_BASES[shift:], *PORT_BASES[:shift]):
        if all(_free(base + offset) for offset in range(15)):
            return {
                "FOLLOWING_PORT": str(base),
                "FOLLOWING_DASHBOARD_PORT": str(base + 1),
                "FOLLOWING_RAY_PORT": str(base + 2),
                "FOLLOWING_METRICS_PORT": str(base + 3),
                "FOLLOWING_HAPROXY_METRICS_PORT": str(base + 4),
                "FOLLOWING_INTERNAL_PORT_MIN": str(base + 5),
                "DATABASE_PORT": str(base + 11),
                "REDIS_PORT": str(base + 12),
                "SIMULATOR_PORT": str(base + 13),
                "FOLLOWING_HAPROXY_BACKEND_PORT_MIN": str(base + 20),
                "FOLLOWING_HAPROXY_BACKEND_PORT_MAX": str(base + PORTS_NEEDED - 1),
            }
    raise AssertionError("no free block of ports")


def own_environment(home, **settings):
    """The caller's environment without any setting of the product, with a home and ports of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTING_PREFIXES)}
    return {**kept, "FOLLOWING_HOME": str(home), **free_ports(), **settings}


def settings_of(home, environment):
    """The settings as a process of that environment reads them; no .env of the working folder among them."""
    home.mkdir(parents=True, exist_ok=True)
    with patch.dict(os.environ, environment, clear=True), chdir(home):
        return Settings.load(home)


def run_cli(environment, folder, *arguments, timeout_s=UP_S_MAX):
    """Run the command line as a user does, from a folder without a .env."""
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        check=False,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """One cluster for the whole run, in the embedded tier, with a simulator that answers at once."""
    home = tmp_path_factory.mktemp("cluster")
    environment = own_environment(home)
    result = run_cli(environment, home, "up", "--no-demo")
    try:
        if result.returncode != 0:
            pytest.fail(f"the cluster did not start:\n{result.stdout}\n{result.stderr}", pytrace=False)
        yield RunningCluster(
            home=home,
            base_url=f"http://127.0.0.1:{environment['FOLLOWING_PORT']}",
            simulator_url=f"http://127.0.0.1:{environment['SIMULATOR_PORT']}",
            settings=settings_of(home, environment),
            environment=environment,
        )
    finally:
        run_cli(environment, home, "clean", "--yes", timeout_s=DOWN_S_MAX)


def _free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
