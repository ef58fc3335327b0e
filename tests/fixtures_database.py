"""A real Postgres for the tests: one server a session, one database a test, cloned from a migrated template."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator

    from cluster.database import Database
    from cluster.embedded.postgres import EmbeddedPostgres

TEMPLATE = "template_following"
POOL_MAX = 4


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One test's database under its three logins, and the home folder with their passwords."""

    owner: str
    api: str
    worker: str
    home: Path


@dataclass(frozen=True, slots=True)
class User:
    """A user with the claims of a verified token."""

    id: UUID
    claims: dict[str, Any]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """A server of its own for this session, on a free port, in a folder with a short path."""
    from cluster.embedded.postgres import EmbeddedPostgres

    with tempfile.TemporaryDirectory(prefix="fpg-", dir="/tmp") as folder:
        server = EmbeddedPostgres(Path(folder), free_port(), durable=False)
        server.start()
        try:
            yield server
        finally:
            server.erase()


@pytest.fixture(scope="session")
def template_urls(postgres_server: EmbeddedPostgres) -> DatabaseUrls:
    """The migrated template. Tests clone it and never change it."""
    return make_template(postgres_server)


@pytest.fixture
def empty_database(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The owner's DSN of a database without anything."""
    yield from fresh_database(postgres_server.owner_url, "template1")


@pytest.fixture
def database_urls(postgres_server: EmbeddedPostgres, template_urls: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A fresh, migrated, empty database."""
    for owner in fresh_database(postgres_server.owner_url, TEMPLATE):
        name = urlsplit(owner).path[1:]
        api, worker = (with_database(url, name) for url in (template_urls.api, template_urls.worker))
        yield DatabaseUrls(owner, api, worker, template_urls.home)


@pytest.fixture
async def api_db(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The database as the API opens it."""
    database = await open_database(database_urls.api)
    yield database
    await database.close()


@pytest.fixture
async def worker_db(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The database as workers open it."""
    database = await open_database(database_urls.worker)
    yield database
    await database.close()


@pytest.fixture
async def alice(api_db: Database) -> User:
    """A signed-in user."""
    return await sign_in(api_db, "alice")


@pytest.fixture
async def bob(api_db: Database) -> User:
    """Another signed-in user."""
    return await sign_in(api_db, "bob")


def make_template(server: EmbeddedPostgres) -> DatabaseUrls:
    """Migrate a database of that server that others can be cloned from."""
    from cluster.migrations import migrate

    run_apart(_execute(server.owner_url, f"create database {TEMPLATE}"))
    owner = with_database(server.owner_url, TEMPLATE)
    migrated = run_apart(migrate(owner, server.home))
    return DatabaseUrls(owner, migrated.api_url, migrated.worker_url, server.home)


async def open_database(url: str) -> Database:
    """A small pool on one DSN."""
    from cluster.database import Database

    return await Database.open(
        url, pool_max=POOL_MAX, connect_timeout_s=5, statement_timeout_s=10, application_name="tests"
    )


async def sign_in(api_db: Database, name: str) -> User:
    """A user of that name, known to the database."""
    from cluster.stores import access

    user_id = uuid4()
    claims = {"sub": str(user_id), "role": "authenticated", "email": f"{name}@local.test"}
    async with api_db.as_user(claims) as db:
        await access.ensure_user(db)
    return User(user_id, claims)


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on a loop and thread of its own, whatever loop the caller is in."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def with_database(url: str, name: str) -> str:
    """The same DSN for another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def fresh_database(owner_url: str, template: str) -> Iterator[str]:
    """The owner's DSN of a clone of the template, which is dropped at the end."""
    name = f"test_{uuid4().hex}"
    run_apart(_execute(owner_url, f"create database {name} template {template} strategy file_copy"))
    yield with_database(owner_url, name)
    run_apart(_execute(owner_url, f"drop database {name} with (force)"))


async def _execute(url: str, statement: str) -> None:
    import asyncpg

    db = await asyncpg.connect(url)
    try:
        await db.execute(statement)
    finally:
        await db.close()
