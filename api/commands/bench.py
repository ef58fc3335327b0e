"""`following bench`: benchmarks live in loadtests, which nothing imports, so they run as a program of their own."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer


def bench(
    name: Annotated[str, typer.Argument(help="The benchmark, for instance: search.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Measure baseline and ours side by side; writes loadtests/reports/NAME.{json,md,png}."""
    command = [sys.executable, "-m", "loadtests", name, *(["--json"] if as_json else [])]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
