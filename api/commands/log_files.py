"""Which logs there are, and printing their ends."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster.embedded.installation import Installation

POLL_S = 0.3
LINE_CHARS_MAX = 20_000
SERVE_LOGS_MAX = 200


def find_logs(installation: Installation) -> dict[str, Path]:
    """Every log by its name: the services', the cluster's events, and Serve's newest for each replica."""
    found = {path.stem: path for path in sorted((installation.home / "logs").glob("*.log"))}
    found |= {path.stem: path for path in sorted((installation.home / "logs").glob("*.jsonl"))}
    if installation.postgres is not None and installation.postgres.log_file.exists():
        found["postgres"] = installation.postgres.log_file
    serve = sorted((installation.head.session_logs / "serve").glob("*.log"))[:SERVE_LOGS_MAX]
    found |= {f"serve/{path.stem}": path for path in serve}
    return found


def print_logs(chosen: Mapping[str, Path], *, lines: int, follow: bool) -> None:
    """Print the last lines of each, with the log's name where there are several; follow goes on until interrupted."""
    prefix = {label: f"{label} | " if len(chosen) > 1 else "" for label in chosen}
    offsets: dict[str, int] = {}
    for label, path in chosen.items():
        with path.open(errors="replace") as file:
            for line in deque(file, maxlen=lines):
                typer.echo(f"{prefix[label]}{line.rstrip()[:LINE_CHARS_MAX]}")
            offsets[label] = file.tell()
    while follow:
        for label, path in chosen.items():
            offsets[label] = _print_new(path, offsets[label], prefix[label])
        time.sleep(POLL_S)


def _print_new(path: Path, offset: int, prefix: str) -> int:
    """Print the whole lines after an offset; returns the new offset. A file that shrank was begun anew."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return 0
    offset = 0 if size < offset else offset
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                break
            typer.echo(f"{prefix}{line.decode(errors='replace').rstrip()[:LINE_CHARS_MAX]}")
            offset += len(line)
    return offset
