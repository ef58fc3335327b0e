"""A cluster of its own beside whatever else runs on the machine: for benchmarks and for the test suite."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import chdir
from functools import cached_property
from typing import TYPE_CHECKING
from unittest.mock import patch

import httpx
import psutil

from cluster.embedded import processes
from cluster.embedded.installation import Installation
from cluster.embedded.ray_head import RayHead
from cluster.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

COMMAND_S_MAX = 420.0
PORTS_NEEDED = 200
PORTS_FIXED = 15
PORT_BASES = range(20_000, 29_000, PORTS_NEEDED)  # below the range that the system hands out to clients
SETTING_PREFIXES = (
    *("FOLLOWING_", "DATABASE_", "REDIS_", "APIFY_", "DECODO_", "SMARTPROXY_", "SUPABASE_", "MEDIA_", "R2_", "AI_"),
    *("SEARCH_", "REFRESH_", "SIMULATOR_", "RETENTION_", "ENABLE_", "DISCOVERY_", "MONITORING_", "RAY_", "CIRCUIT_"),
)


class LocalCluster:
    """A cluster in a home folder and on ports of its own, driven by the command line as a user does."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        """Environment is own_environment's; nothing is started yet."""
        self.home = home
        self.environment = environment
        self.base_url = f"http://{processes.LOOPBACK}:{environment['FOLLOWING_PORT']}"
        self.simulator_url = f"http://{processes.LOOPBACK}:{environment['SIMULATOR_PORT']}"

    @cached_property
    def settings(self) -> Settings:
        """The settings as this cluster's processes read them; ask once it is up."""
        return settings_of(self.home, self.environment)

    def cli(self, *arguments: str, timeout_s: float = COMMAND_S_MAX) -> subprocess.CompletedProcess[str]:
        """Run `following ARGUMENTS` for this cluster."""
        return run_cli(self.environment, self.home, *arguments, timeout_s=timeout_s)

    def processes(self, *words: str) -> list[psutil.Process]:
        """Its own live Ray, Serve and HAProxy processes whose title holds all these words."""
        found = []
        for record in RayHead(self.settings).members():
            try:
                process = psutil.Process(record.pid)
                title = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if all(word in title for word in words):
                found.append(process)
        return found

    def memory_gib(self) -> dict[str, float]:
        """PSS of each component; pages that processes share are counted once among them."""
        with patch.dict(os.environ, self.environment, clear=True), chdir(self.home):
            components = Installation(self.home).components()
        return {component.name: round((component.memory_bytes or 0) / 2**30, 3) for component in components}

    async def profile_fetches(self) -> dict[str, int]:
        """How often the upstream was asked for each username's profile since the simulator started."""
        async with httpx.AsyncClient(base_url=self.simulator_url) as http:
            calls = (await http.get("/_control/calls")).raise_for_status().json()
        fetched: dict[str, int] = calls.get("apify.runs", {})
        return fetched


def own_environment(home: Path, **settings: str) -> dict[str, str]:
    """The caller's environment without any setting of the product, with a home and ports of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTING_PREFIXES)}
    return {**kept, "FOLLOWING_HOME": str(home), **free_ports(), **settings}


def settings_of(home: Path, environment: dict[str, str]) -> Settings:
    """The settings as a process of that environment reads them; no .env of the working folder among them."""
    home.mkdir(parents=True, exist_ok=True)
    with patch.dict(os.environ, environment, clear=True), chdir(home):
        return Settings.load(home)


def run_cli(
    environment: dict[str, str], folder: Path, *arguments: str, timeout_s: float = COMMAND_S_MAX
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does, from a folder without a .env."""
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def free_ports() -> dict[str, str]:
    """Settings for a cluster of its own: a block of ports of which none is in use. Raises OSError without such a block."""
    shift = os.getpid() % len(PORT_BASES)
    for base in (*PORT_BASES[shift:], *PORT_BASES[:shift]):
        if all(_is_free(base + offset) for offset in range(PORTS_FIXED)):
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
    raise OSError("no free block of ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((processes.LOOPBACK, port))
        except OSError:
            return False
    return True
