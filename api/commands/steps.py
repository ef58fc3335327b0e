"""Progress on the terminal: what is being done, for how long, and how it ended."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

TITLE_WIDTH = 22


class Step:
    """One piece of work; say() tells how far it is, done() how it ended."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._task = progress.add_task("", title=title, detail="")
        self.detail = ""

    def say(self, detail: str) -> None:
        """Show where the work is."""
        self.detail = detail
        self._progress.update(self._task, detail=escape(detail))

    done = say


class Steps:
    """Prints a line for each finished step, and on a terminal a spinner with the elapsed time meanwhile."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first step could begin."""
        return time.monotonic() - self._begun

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """One step; an exception marks it as failed and passes on."""
        begun = time.monotonic()
        columns = (
            SpinnerColumn(),
            TextColumn(f"{{task.fields[title]:<{TITLE_WIDTH}}}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}", style="dim"),
        )
        progress = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        mark, style = "✗", "red"
        with progress:
            step = Step(progress, title)
            try:
                yield step
                mark, style = "✓", "green"
            finally:
                progress.stop()
                took = f"{time.monotonic() - begun:5.1f} s"
                detail = escape(step.detail) if mark == "✓" else ""
                self._console.print(
                    f"[{style}]{mark}[/] {title:<{TITLE_WIDTH}} [dim]{took}[/]  {detail}", highlight=False
                )
