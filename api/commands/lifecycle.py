"""`following up`, `down`, `status`, `logs`, `migrate`, `doctor`, `clean`: the cluster of this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from cluster.embedded.doctor import Check

DEMO_USERNAME = "rich_lina.travels"
NOT_RUNNING = 3  # exit code of `status`, as service managers have it

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def up(
    *,
    demo: Annotated[bool, typer.Option(help="Look one creator up at the end and print the report.")] = True,
    username: Annotated[str, typer.Option(help="The creator of that lookup.")] = DEMO_USERNAME,
) -> None:
    """Start what is not running, wait until it is healthy, look up a creator, and leave the cluster running."""
    from api.commands.start import start
    from cluster.embedded.installation import Installation

    start(_console(), Installation(), username if demo else None)


def down() -> None:
    """Stop everything that `up` started, and nothing else; the data stays."""
    from api.commands.steps import Steps
    from cluster.embedded.installation import Installation

    installation, console = Installation(), _console()
    with installation.locked():
        steps = Steps(console)
        with steps.step("Stop") as step:
            step.say("Serve, Ray, Simulator, Valkey, Postgres")
            stopped = installation.stop()
            step.done(", ".join(stopped) if stopped else "nothing was running")
    console.print(f"Data stays in {installation.home}; `following up` starts again.", style="dim", highlight=False)


def status(*, as_json: Json = False) -> None:
    """Show what runs, where, and how much memory it takes; exits with 3 where the cluster is not healthy."""
    from api.commands.overview import cluster_state, print_state
    from cluster.embedded.installation import Installation

    state = cluster_state(Installation())
    if as_json:
        typer.echo(json.dumps(state, indent=2))
    else:
        print_state(_console(), state)
    if not state["healthy"]:
        raise typer.Exit(NOT_RUNNING)


def logs(
    name: Annotated[str | None, typer.Argument(help="A log's name, or a part of it; without one: the list.")] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what is added.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000, help="How many lines from the end.")] = 50,
) -> None:
    """List the logs, or print the end of those whose name matches."""
    from api.commands.log_files import find_logs, print_logs
    from cluster.embedded.installation import Installation

    installation = Installation()
    found = find_logs(installation)
    if name is None:
        _print_log_list(_console(), found)
        return
    chosen = {label: path for label, path in found.items() if name.lower() in label.lower()}
    if not chosen:
        raise SetupError("There is no such log.", name=name, known=", ".join(found) or "none yet")
    print_logs(chosen, lines=lines, follow=follow)


def migrate() -> None:
    """Bring the database's schema up to date; the embedded Postgres must be running."""
    from api.commands.start import migrate_database
    from cluster.embedded.installation import Installation

    installation = Installation()
    if installation.postgres is not None and not installation.postgres.running():
        raise SetupError("The embedded Postgres is not running; start it with `following up`, or set DATABASE_URL.")
    applied = migrate_database(installation)
    typer.echo(f"Applied: {', '.join(applied)}" if applied else "The schema is up to date.")


def doctor(*, as_json: Json = False) -> None:
    """Check whether this machine can run the cluster; exits with 1 where it cannot."""
    from cluster.embedded.doctor import examine
    from cluster.embedded.installation import Installation

    checks = examine(Installation())
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _print_checks(_console(), checks)
    if any(check.blocking and not check.ok for check in checks):
        raise typer.Exit(1)


def clean(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the cluster and remove all its data."""
    from cluster.embedded.installation import Installation

    installation = Installation()
    if not yes:
        typer.confirm(f"Remove {installation.home} with all data?", abort=True)
    with installation.locked():
        installation.erase()
    typer.echo(f"Removed {installation.home}.")


def _console() -> Console:
    from rich.console import Console

    return Console(soft_wrap=True)


def _print_checks(console: Console, checks: list[Check]) -> None:
    for check in checks:
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
        console.print(f"{mark} {check.name:<24} {check.detail}", highlight=False)
        if not check.ok:
            console.print(f"  {check.remedy}", style="yellow", highlight=False, markup=False)


def _print_log_list(console: Console, found: Mapping[str, Path]) -> None:
    for label, path in found.items():
        console.print(f"{label:<36} [dim]{path}[/]", highlight=False)
    console.print("`following logs NAME [--follow]` prints one.", style="dim")
