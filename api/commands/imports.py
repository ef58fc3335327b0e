"""`following import`: profiles from export files, stored and queued for analysis as if they had just been fetched."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from rich.progress import Progress

    from cluster.clients.exports import ExportItem
    from cluster.database import Database

WAIT_S_DEFAULT = 600.0
POLL_S = 0.5
POLLED_MAX = 50  # jobs asked for in one round; they end roughly in the order of the queue
REJECTIONS_KEPT_MAX = 10_000  # in the summary; each is also printed as it happens


@dataclass(frozen=True, slots=True)
class Rejection:
    """An item that was not imported: where it stands and why."""

    file: str
    item: int | None  # counted from 1; None for a whole file
    line: int | None
    username: str | None
    reason: str

    def __str__(self) -> str:
        if self.item is None:
            return self.reason  # names the file
        who = f" ({self.username})" if self.username else ""
        return f"{self.file}:{self.line} item {self.item}{who}: {self.reason}"


@dataclass(slots=True)
class ImportSummary:
    """What became of the items. waiting: analyses that had not ended when the command did."""

    files: int = 0
    items: int = 0
    imported: int = 0
    posts: int = 0
    posts_left_out: int = 0  # without an id; they stay in the profile's raw JSON
    rejected: int = 0
    analyzed: int = 0
    failed: int = 0
    waiting: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def import_files(
    files: Annotated[list[Path], typer.Argument(help="Apify profile exports: JSON, JSON Lines or CSV.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as one JSON object.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until the imported profiles are analysed.")] = True,
    wait_max: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = WAIT_S_DEFAULT,
) -> None:
    """Import creators from exports of Apify's profile scraper and analyse them.

    One line for each rejected item says why; the others go on. Ends with 1 when nothing could be imported.
    """
    from rich.console import Console
    from rich.markup import escape

    from cluster.settings import Settings

    console = Console(stderr=as_json)
    with _progress(console) as progress:
        run = _Import(
            progress, lambda text: console.print(f"[red]rejected[/red] {escape(text)}", highlight=False, soft_wrap=True)
        )
        asyncio.run(run.all(Settings.load(), files, wait_s_max=wait_max if wait else 0.0))
    if as_json:
        typer.echo(json.dumps(asdict(run.summary), ensure_ascii=False))
    else:
        _print_summary(console, run.summary)
    if not run.summary.imported:
        raise typer.Exit(1)


class _Import:
    """One run of the command: reads, stores and queues, then waits."""

    def __init__(self, progress: Progress, report: Callable[[str], None]) -> None:
        self.summary = ImportSummary()
        self._progress = progress
        self._report = report
        self._jobs: dict[UUID, str] = {}

    async def all(self, settings: Any, files: Sequence[Path], *, wait_s_max: float) -> None:
        """Raises SetupError without a database, Unavailable when it goes away; what is stored by then stays."""
        from asyncpg import InterfaceError, PostgresError

        from cluster.database import Database
        from cluster.errors import Unavailable

        database = await Database.open_worker(settings)
        try:
            for file in files:
                self.summary.files += 1
                await self._file(database, file)
            if self._jobs and wait_s_max:
                await self._wait(database, wait_s_max)
        except (OSError, PostgresError, InterfaceError) as error:
            done = f"{self.summary.imported:,} profiles were stored before"
            raise Unavailable(f"Postgres does not answer; `following status` tells why ({done}).") from error
        finally:
            self.summary.waiting = len(self._jobs)
            await database.close()

    async def _file(self, database: Database, file: Path) -> None:
        from cluster.clients.exports import read_export
        from cluster.errors import InvalidInput

        size_bytes = max(1, _size_of(file))
        task = self._progress.add_task(f"Reading {file.name}", total=size_bytes, items="")
        try:
            for item in read_export(file):
                self.summary.items += 1
                await self._item(database, str(file), item)
                self._progress.update(task, completed=item.read_bytes, items=f"{self.summary.imported:,} stored")
        except InvalidInput as error:
            self._reject(Rejection(str(file), None, None, None, str(error)))
        self._progress.update(task, completed=size_bytes)

    async def _item(self, database: Database, file: str, item: ExportItem) -> None:
        from asyncpg import DataError, IntegrityConstraintViolationError

        from cluster.clients.items import parse_apify_profile
        from cluster.errors import FollowingError, PrivateAccount, Retryable
        from cluster.records import Source
        from cluster.stores import creators, jobs

        username = None
        try:
            if item.problem:
                self._reject(Rejection(file, item.number, item.line, None, item.problem))
                return
            profile = parse_apify_profile(item.data, source=Source.IMPORT)
            username = profile.username
            if profile.is_private:
                raise PrivateAccount("The account is private; only public ones are analysed.")
            async with database.as_service() as db:
                await creators.upsert_profile(db, profile, fetched_at=datetime.now(UTC))
                job = await jobs.enqueue(db, username, kind="analyze")
        except Retryable:  # says nothing about the item
            raise
        except FollowingError as error:
            reason = str(error)
        except (DataError, IntegrityConstraintViolationError) as error:
            reason = f"the database refuses it: {error}"
        else:
            self._jobs[job.id] = username
            self.summary.imported += 1
            self.summary.posts += len(profile.posts)
            self.summary.posts_left_out += len(profile.raw.get("latestPosts", ()))
            return
        self._reject(Rejection(file, item.number, item.line, username, reason))

    def _reject(self, rejection: Rejection) -> None:
        self.summary.rejected += 1
        if len(self.summary.rejections) < REJECTIONS_KEPT_MAX:
            self.summary.rejections.append(rejection)
        self._report(str(rejection))

    async def _wait(self, database: Database, wait_s_max: float) -> None:
        """Until every analysis has ended, at most wait_s_max."""
        from cluster.stores import jobs

        ends_s = time.monotonic() + wait_s_max
        task = self._progress.add_task("Analysing", total=len(self._jobs), items="")
        while self._jobs and time.monotonic() < ends_s:
            async with database.as_service() as db:
                found = [await jobs.get_job(db, job_id) for job_id in list(self._jobs)[:POLLED_MAX]]
            for job in found:
                if job is not None and job.status in ("succeeded", "failed"):
                    username = self._jobs.pop(job.id)
                    self._count(username, job.error if job.status == "failed" else None)
            running = next((f"{job.username}: {job.step}" for job in found if job and job.status == "running"), "")
            self._progress.update(task, completed=self.summary.analyzed + self.summary.failed, items=running)
            if self._jobs:
                await asyncio.sleep(POLL_S)

    def _count(self, username: str, error: dict[str, Any] | None) -> None:
        if error is None:
            self.summary.analyzed += 1
            return
        self.summary.failed += 1
        if len(self.summary.failures) < REJECTIONS_KEPT_MAX:
            self.summary.failures.append(f"{username}: {error.get('message')}")


def _size_of(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _progress(console: Any) -> Progress:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[items]}", style="dim"),
        console=console,
    )


def _print_summary(console: Any, summary: ImportSummary) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "", show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        "items read": summary.items,
        "profiles stored": summary.imported,
        "posts stored": summary.posts,
        "posts without an id, kept in raw": summary.posts_left_out,
        "items rejected": summary.rejected,
        "analysed": summary.analyzed,
        "analysis failed": summary.failed,
        "analysis still going": summary.waiting,
    }
    for name, number in rows.items():
        if number or name in ("items read", "profiles stored", "items rejected"):
            table.add_row(name, f"{number:,}")
    console.print(table)
    for failure in summary.failures:
        console.print(f"[red]failed[/red] {escape(failure)}", highlight=False, soft_wrap=True)
    if summary.waiting:
        console.print("The rest is analysed as the running cluster gets to it; `following status` tells.")
