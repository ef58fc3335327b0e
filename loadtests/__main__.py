"""`python -m loadtests NAME [--json]`: run one benchmark, print its table, write its report."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from loadtests.report import Report, cell

# Each is a module of this package with run(progress); imported when asked for, since some load torch.
BENCHMARKS = ("search", "planted", "production")


def main(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(BENCHMARKS)}")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Measure baseline and ours side by side."""
    if name not in BENCHMARKS:
        raise typer.BadParameter(f"There is no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}.")
    progress = Console(stderr=True)
    report: Report = import_module(f"loadtests.{name}").run(progress)
    paths = report.write()
    if as_json:
        typer.echo(json.dumps(report.record(), default=str))
    else:
        Console().print(_table(report))
    progress.print("Written: " + ", ".join(map(str, paths)))


def _table(report: Report) -> Table:
    table = Table(title=f"bench {report.name}")
    for heading in ("what", "unit", "baseline", "ours", "ratio", "goal", "met"):
        table.add_column(heading, justify="left" if heading in ("what", "unit", "met") else "right")
    for row in report.rows:
        table.add_row(*map(cell, (row.name, row.unit, row.baseline, row.ours, row.ratio, row.goal, row.met)))
    return table


if __name__ == "__main__":
    typer.run(main)
