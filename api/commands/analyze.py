"""`following analyze`: one creator's answer from the running cluster, as a report or as JSON."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from api.lookup_client import Step

WAIT_S_DEFAULT = 120.0
_STEPS = {
    "fetch": "Fetching the profile",
    "store": "Storing it",
    "pictures": "Pictures",
    "looks": "Looking at them",
    "captions": "Captions",
    "creator": "Judging the whole",
}


def analyze(
    username: Annotated[str, typer.Argument(help="An Instagram username, @name or profile URL.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a new creator.")] = WAIT_S_DEFAULT,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch anew even what is stored.")] = False,
    user: Annotated[str, typer.Option(help="Local user to ask as.")] = "demo",
    token: Annotated[
        str | None, typer.Option(envvar="FOLLOWING_TOKEN", help="Access token, where SUPABASE_URL is set.")
    ] = None,
) -> None:
    """Look a creator up through the running cluster and print the report."""
    import asyncio
    import sys

    from rich.console import Console

    from api.local_issuer import issue_token
    from api.lookup_client import look_up
    from cluster.embedded.installation import base_url
    from cluster.records import parse_username
    from cluster.settings import Settings

    name = parse_username(username)
    settings = Settings.load()
    bearer = token or issue_token(settings, user)
    with _progress(Console(stderr=True), name) as on_step:
        asking = look_up(base_url(settings.server), bearer, name, wait_s=wait, refresh=refresh, on_step=on_step)
        body = asyncio.run(asking)
    if as_json:
        sys.stdout.buffer.write(body + b"\n")
        return
    from api.report import render
    from api.sections import CreatorAnswer

    render(CreatorAnswer.model_validate_json(body))


@contextmanager
def _progress(console: Console, username: str) -> Iterator[Callable[[Step], None]]:
    """A line that follows the job while it runs, on a terminal only."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"Looking up {username}", total=None)

        def on_step(step: Step) -> None:
            words = _STEPS.get(step.step, step.step)
            progress.update(task, description=words, completed=step.done, total=step.total or None)

        yield on_step
