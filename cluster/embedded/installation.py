"""One installation: a home folder, the services it runs itself, and those that the environment brings."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cluster.embedded import processes
from cluster.embedded.postgres import EmbeddedPostgres
from cluster.embedded.ray_environment import ray_ports
from cluster.embedded.ray_head import RayHead
from cluster.embedded.runtime_file import write_runtime_file
from cluster.embedded.serve_control import ServeControl
from cluster.embedded.simulator_daemon import SimulatorDaemon
from cluster.embedded.valkey import EmbeddedValkey
from cluster.errors import SetupError
from cluster.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cluster.embedded.processes import ProcessRecord
    from cluster.settings import ServerSettings

SIMULATOR_TOKEN = "simulator"  # noqa: S105 - the simulator takes any


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the installation, as `status` shows it. state: running, stopped, unhealthy or external."""

    name: str
    state: str
    address: str
    pid: int | None = None
    memory_bytes: int = 0
    log: str | None = None


class Installation:
    """Everything that `following up` starts and `following down` stops, for one home folder.

    A service is external where the environment or .env names it; then it is neither started nor stopped here. The
    simulator stands in only where neither Apify nor Decodo is configured: made-up creators never mix with real ones.
    """

    def __init__(self, home: Path | None = None) -> None:
        """home: the data folder (FOLLOWING_HOME, else ./.following)."""
        self.configured = Settings.load(home, runtime=False)
        self.home = self.configured.home
        database, cache = self.configured.database, self.configured.cache
        self._postgres = EmbeddedPostgres(self.home, database.port)
        self._valkey = EmbeddedValkey(self.home, cache.port)
        self._simulator = SimulatorDaemon(self.home, self.configured.simulator)
        no_source = self.configured.apify.token is None and not _decodo_configured(self.configured)
        self.postgres = self._postgres if database.url is None else None
        self.valkey = self._valkey if cache.url is None else None
        self.simulator = self._simulator if no_source else None
        self.head = RayHead(self.configured)

    @property
    def base_url(self) -> str:
        """Where this machine reaches the API."""
        return base_url(self.configured.server)

    def settings(self) -> Settings:
        """The settings that the cluster runs with: what `up` started included."""
        return Settings.load(self.home)

    def serve(self) -> ServeControl:
        """Serve on this installation's head."""
        return ServeControl(self.configured, self.head)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One `up`, `down` or `clean` at a time for this home; raises SetupError where another one runs."""
        try:
            (self.home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.home / "run" / "lifecycle.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SetupError("The data folder cannot be written.", home=str(self.home), reason=str(error)) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
                raise SetupError("Another `following up` or `down` is at work here; wait for it.", pid=holder) from None
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(handle)

    def write_runtime(self, *, owner_url: str, api_url: str, worker_url: str) -> None:
        """Tell every process of the cluster where its services are (.following/runtime.env)."""
        values = {"DATABASE_URL": owner_url, "DATABASE_API_URL": api_url, "DATABASE_WORKER_URL": worker_url}
        if self.valkey is not None:
            values["REDIS_URL"] = self.valkey.url
        if self.simulator is not None:
            values |= {
                "APIFY_BASE_URL": self.simulator.url,
                "APIFY_TOKEN": SIMULATOR_TOKEN,
                "DECODO_BASE_URL": self.simulator.url,
                "DECODO_API_KEY": SIMULATOR_TOKEN,
                "MEDIA_ALLOW_ORIGIN": self.simulator.url,
            }
        write_runtime_file(self.home, values)

    def ports(self) -> dict[int, tuple[str, str]]:
        """Every port that is needed and not in use by this installation, with what it is and the setting that moves it."""
        needed: dict[int, tuple[str, str]] = {}
        if self.postgres is not None and self.postgres.pid is None:
            needed[self.postgres.port] = ("Postgres", "DATABASE_PORT")
        if self.valkey is not None and self.valkey.record is None:
            needed[self.configured.cache.port] = ("Valkey", "REDIS_PORT")
        if self.simulator is not None and self.simulator.record is None:
            needed[self.configured.simulator.port] = ("the upstream simulator", "SIMULATOR_PORT")
        if not self.head.members():
            needed |= ray_ports(self.configured)
        return needed

    def components(self) -> list[Component]:
        """What runs and what does not."""
        database, cache, server = self.configured.database, self.configured.cache, self.configured.server
        found = [
            _external("Postgres", "DATABASE_URL"),
            _external("Valkey", "REDIS_URL"),
            _external("Upstream", "APIFY_TOKEN"),
        ]
        if self.postgres is not None:
            pid = self.postgres.pid
            members = processes.descendants_and_sessions([pid]) if pid is not None else []
            state = "running" if self.postgres.running() else "unhealthy" if pid else "stopped"
            found[0] = _component("Postgres", state, database.port, members, self.postgres.log_file)
        if self.valkey is not None:
            state = _state(self.valkey.record, answers=self.valkey.running())
            found[1] = _component("Valkey", state, cache.port, _all_of(self.valkey.record), self.valkey.log_file)
        if self.simulator is not None:
            state = _state(self.simulator.record, answers=self.simulator.running())
            port = self.configured.simulator.port
            found[2] = _component("Simulator", state, port, _all_of(self.simulator.record), self.simulator.log_file)
        members = self.head.members()
        state = "running" if self.head.running() else "unhealthy" if members else "stopped"
        ray = _component("Ray and Serve", state, server.dashboard_port, members, self.head.session_logs)
        return [*found, replace(ray, pid=None)]

    def stop(self) -> list[str]:
        """Stop everything of this installation and nothing else; returns the names of what was running.

        Also what an earlier `up` started before the environment named an external service for it.
        """
        stopped = []
        if self.head.members():
            self.serve().shutdown()
            self.head.stop()
            stopped.append("Ray and Serve")
        if self._simulator.stop():
            stopped.append("Simulator")
        if self._valkey.stop():
            stopped.append("Valkey")
        if self._postgres.pid is not None:
            self._postgres.stop()
            stopped.append("Postgres")
        return stopped

    def erase(self) -> None:
        """Stop everything and remove the home folder with all data."""
        self.stop()
        self.head.erase()
        self._postgres.erase()  # its data may lie outside the home folder
        shutil.rmtree(self.home, ignore_errors=True)


def base_url(server: ServerSettings) -> str:
    """Where this machine reaches the API: loopback where it listens on every interface."""
    host = processes.LOOPBACK if server.host in {"0.0.0.0", "::", ""} else server.host  # noqa: S104 - compared, not bound
    return f"http://{host}:{server.port}"


def _decodo_configured(settings: Settings) -> bool:
    decodo = settings.decodo
    return decodo.api_key is not None or (decodo.username is not None and decodo.password is not None)


def _external(name: str, variable: str) -> Component:
    return Component(name, "external", f"set by {variable}")


def _all_of(record: ProcessRecord | None) -> list[ProcessRecord]:
    return [] if record is None else processes.descendants_and_sessions([record.pid])


def _state(record: ProcessRecord | None, *, answers: bool) -> str:
    return "stopped" if record is None else "running" if answers else "unhealthy"


def _component(name: str, state: str, port: int, members: list[ProcessRecord], log: Path) -> Component:
    memory = processes.memory_bytes(members)
    pid = members[0].pid if members else None
    return Component(name, state, f"{processes.LOOPBACK}:{port}", pid, memory, str(log))
