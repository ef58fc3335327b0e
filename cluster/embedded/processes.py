"""Processes that outlive the command that started them, and their records.

A process is known by its number *and* its start time (in clock ticks of this boot), so that a number which the system
gave to somebody else is never signalled. Signals go through a pidfd, which closes the gap between look and kill.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

POLL_S = 0.05
PORT_S_MAX = 2.0  # a server that just ended may hold its port for a moment
KILL_S_MAX = 5.0  # how long a killed process may take to disappear
LOG_BYTES_MAX = 20_000_000  # a longer log is set aside as NAME.1 at the next start
TAIL_BYTES = 4_000
LOOPBACK = "127.0.0.1"

_children: list[subprocess.Popen[bytes]] = []  # kept, so that the ones that die while this command runs are reaped


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """One process of this boot."""

    pid: int
    started: int  # clock ticks since boot, from /proc/PID/stat
    boot: str

    @classmethod
    def of(cls, pid: int) -> ProcessRecord | None:
        """The live process of that number; None where there is none, or only a dead one nobody has reaped."""
        fields = _stat(pid)
        return None if fields is None or fields.ended else cls(pid, fields.started, boot_id())

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        reap()
        return ProcessRecord.of(self.pid) == self

    def send(self, number: signal.Signals) -> bool:
        """Signal this very process; False where it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        try:
            if not self.alive:  # the number belongs to another one; the pidfd keeps it from changing hands now
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True


@dataclass(frozen=True, slots=True)
class _Stat:
    state: str
    parent: int
    session: int
    threads: int
    started: int

    @property
    def ended(self) -> bool:
        """Only an entry in the process table is left; while other threads still end, ports and files stay open."""
        return self.state in "ZX" and self.threads <= 1


def boot_id() -> str:
    """Names this boot of the machine: after the next one no recorded process is alive."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def reap() -> None:
    """Collect children of this command that have ended."""
    _children[:] = [child for child in _children if child.poll() is None]


def spawn(
    command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> ProcessRecord:
    """Start a daemon in a session of its own; its output is appended to `log`.

    Raises SetupError where the program is missing or the log cannot be written.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_name(log.name + ".1"))
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab") as output:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=None if env is None else dict(env),
                cwd=cwd,
            )
    except OSError as error:
        raise SetupError("A program cannot be started.", program=str(command[0]), reason=str(error)) from error
    _children.append(child)
    record = ProcessRecord.of(child.pid)
    return record if record is not None else ProcessRecord(child.pid, 0, boot_id())


def stop(records: Iterable[ProcessRecord], *, grace_s: float) -> list[ProcessRecord]:
    """Ask the processes to end, and kill those that are left after `grace_s`; returns those that were alive."""
    targets = [record for record in records if record.send(signal.SIGTERM)]
    if not wait_until(lambda: not any(record.alive for record in targets), limit_s=grace_s):
        for record in targets:
            record.send(signal.SIGKILL)
        wait_until(lambda: not any(record.alive for record in targets), limit_s=KILL_S_MAX)
    return targets


def wait_until(condition: Callable[[], bool], *, limit_s: float, poll_s: float = POLL_S) -> bool:
    """Poll until it holds; False after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll_s)
    return True


def save(path: Path, record: ProcessRecord) -> None:
    """Write a pid file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(asdict(record)))
    partial.replace(path)


def load(path: Path) -> ProcessRecord | None:
    """The live process that a pid file names; None where it is gone, stale, cut short or was never there."""
    with suppress(FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        record = ProcessRecord(**json.loads(path.read_text()))
        if record.alive:
            return record
    return None


def descendants_and_sessions(pids: Iterable[int], sessions: Iterable[int] = ()) -> list[ProcessRecord]:
    """These processes, all their descendants, and all members of these sessions; never the caller or its parents."""
    table = {pid: fields for pid in _pids() if (fields := _stat(pid)) is not None}
    wanted_sessions = set(sessions)
    found = set(pids) | {pid for pid, fields in table.items() if fields.session in wanted_sessions}
    while more := {pid for pid, fields in table.items() if fields.parent in found} - found:
        found |= more
    spared = {os.getpid(), 0, 1}
    parent = os.getppid()
    while parent not in spared and parent in table:
        spared.add(parent)
        parent = table[parent].parent
    records = (ProcessRecord.of(pid) for pid in sorted(found - spared))
    return [record for record in records if record is not None]


def session_of(pid: int) -> int | None:
    """The session that a process belongs to."""
    fields = _stat(pid)
    return None if fields is None else fields.session


def command_lines() -> dict[int, list[str]]:
    """The arguments of all live processes whose arguments this user may read."""
    found: dict[int, list[str]] = {}
    for pid in _pids():
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            text = (Path("/proc") / str(pid) / "cmdline").read_bytes()
            if text:
                found[pid] = text.decode(errors="replace").rstrip("\0").split("\0")
    return found


def memory_bytes(records: Iterable[ProcessRecord]) -> int:
    """Proportional memory (PSS: shared pages counted once) of the processes; those of other users are left out."""
    total = 0
    for record in records:
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            for line in (Path("/proc") / str(record.pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def port_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def port_holder(port: int) -> str:
    """Who listens on a port, as far as this user may know: `name (pid 123)`."""
    import psutil

    with suppress(psutil.Error):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,) and connection.pid:
                with suppress(psutil.Error):
                    return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "a process of another user"


def require_port(port: int, *, what: str, setting: str, host: str = LOOPBACK) -> None:
    """Raise SetupError, with the holder and the setting to change, where the port is taken."""
    if not wait_until(lambda: port_free(port, host), limit_s=PORT_S_MAX):
        raise SetupError(
            f"The port of {what} is taken: stop what holds it or set {setting}.", port=port, held_by=port_holder(port)
        )


def tail(path: Path, size_bytes: int = TAIL_BYTES) -> str:
    """The end of a log, for an error message."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size_bytes))
        return file.read().decode(errors="replace").strip()
    return ""


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> _Stat | None:
    try:
        text = (Path("/proc") / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold spaces and brackets
    return _Stat(
        state=fields[0], parent=int(fields[1]), session=int(fields[3]), threads=int(fields[17]), started=int(fields[19])
    )
