"""`following forget USERNAME`: erase a person and never fetch them again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cluster.settings import Settings
    from cluster.stores.erasure import Erased

STATEMENT_S_MAX = 600.0  # names in other people's posts are found by reading all of them


def forget(
    username: Annotated[str, typer.Argument(help="Instagram username, @name or profile URL.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Erase everything stored about a person, and stop all future fetches, imports and discovery of them."""
    import asyncio

    from cluster.records import parse_username
    from cluster.settings import Settings

    name = parse_username(username)
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Erase everything about {name}, for good?", abort=True)
    erased = asyncio.run(_forget(Settings.load(), name))
    stored = "the profile" if erased.profile_id else "no profile"
    typer.echo(
        f"{name} is forgotten: {stored}, {erased.posts} posts, {erased.comments} comments, {erased.mentions} mentions, "
        f"{len(erased.media_keys)} pictures erased. No fetch or import brings them back."
    )


async def _forget(settings: Settings, username: str) -> Erased:
    """The opt-out is committed first: whatever fails after it, no fetch comes between, and the command can be repeated."""
    from cluster.database import Database
    from cluster.media import open_media
    from cluster.stores import creators

    patient = settings.database.model_copy(update={"statement_timeout_s": STATEMENT_S_MAX})
    database = await Database.open_worker(settings.model_copy(update={"database": patient}))
    media = open_media(settings)
    try:
        async with database.as_service() as db:
            await creators.opt_out(db, username)
        async with database.as_service() as db:
            erased = await creators.delete_creator(db, username)
            for key in erased.media_keys:  # before the commit: the rows are what finds the files
                await media.delete(key)
    finally:
        await database.close()
    if settings.cache.url is not None:
        await _forget_answers(settings)
    return erased


async def _forget_answers(settings: Settings) -> None:
    """Drop every composed answer: those about others may name the person, too."""
    from api.lookup import ANSWER_KEY
    from cluster.cache import Cache
    from cluster.resilience import CircuitBreaker, policies_of

    cache = Cache.open(settings.cache, CircuitBreaker("cache", policies_of(settings.resilience).cache))
    try:
        if not await cache.delete_all(ANSWER_KEY):
            typer.echo("The cache does not answer: its copies age out within a day, and nothing reads them.", err=True)
    finally:
        await cache.close()
