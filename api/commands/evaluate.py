"""`following evaluate`: how good the models are on labelled data, beside the rules that stand in for them."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console


COLUMNS = {"": 24, "value": 5, "95 % interval": 14, "n": 6, "goal": 7, "rows/s": 8}  # the first is the metric


def evaluate(
    model: Annotated[
        str | None,
        typer.Argument(
            help="sentiment, language, category, emotion, offensive, advanced_nlp or account_authenticity; without one: all."
        ),
    ] = None,
    *,
    data: Annotated[Path, typer.Option(help="Folder with the labelled sets; a missing one is named.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON instead of the table.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="Where the JSON goes; by default beside the weights, which feeds /api/v1/models."),
    ] = None,
) -> None:
    """Measure the models on labelled data: metric, 95 % interval by bootstrap, rows and rows a second."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from cluster.settings import Settings
    from deployments.evaluation.record import RECORD, record_of, write
    from deployments.evaluation.run import evaluate as run
    from deployments.evaluation.tasks import tasks_of

    tasks = tasks_of(model)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars: dict[str, Any] = {}

        def on_progress(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        evaluation = run(tasks, data, Settings.load().models, on_progress)
    record = record_of(evaluation)
    write(record, output or RECORD)
    if as_json:
        typer.echo(json.dumps(record, ensure_ascii=False))
        return
    print_table(record, Console())
    typer.echo(f"written to {output or RECORD}")


def print_table(record: dict[str, Any], console: Console) -> None:
    """The figures below their model and data, with those by language, then what is missing."""
    from rich.table import Table

    for number, ((task, dataset, tier), rows) in enumerate(groupby(record["results"], key=_title)):
        table = Table(box=None, header_style="bold", pad_edge=False, show_header=number == 0)
        for title, width in COLUMNS.items():
            table.add_column(title, justify="right" if title else "left", width=width, no_wrap=True)
        for row in rows:
            table.add_row(*_cells(row))
        console.print(f"[bold]{task}[/] ({tier}), {dataset}", highlight=False, soft_wrap=True)
        console.print(table)
    for row in record["results"]:
        for title, figures in row["groups"].items():
            line = ", ".join(f"{name} {figure:.3f}" for name, figure in figures.items())
            what = f"{row['task']} ({row['model']['tier']}), {row['metric']} {title.replace('_', ' ')}"
            console.print(f"{what}: {line}", highlight=False, style="dim", soft_wrap=True)
    for sentence in record["missing"]:
        console.print(f"not measured: {sentence}", highlight=False, markup=False, style="yellow", soft_wrap=True)


def _title(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["task"], row["dataset"], row["model"]["tier"]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    low, high = row["interval"]
    mark = {True: " ✓", False: " ✗", None: ""}[row["met"]]
    return (
        f"  {row['metric']}",
        f"{row['value']:.3f}",
        f"{low:.3f} to {high:.3f}",
        str(row["n"]),
        "" if row["goal"] is None else f"{row['goal']}{mark}",
        f"{row['rows_per_s']:,.0f}",
    )
