"""The API over real HTTP, on a real Postgres and a real Valkey; a test plays the worker by hand."""

from __future__ import annotations

import asyncio
import inspect
import tempfile
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.fixtures_database import (
    TEMPLATE,
    DatabaseUrls,
    User,
    free_port,
    fresh_database,
    open_database,
    with_database,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from uuid import UUID

    import httpx
    from fastapi import FastAPI

    from cluster.database import Database
    from cluster.embedded.postgres import EmbeddedPostgres
    from cluster.embedded.valkey import EmbeddedValkey
    from cluster.settings import Settings
    from cluster.stores.jobs import Job
    from tests.documented import Documented

OWNER = "a test's worker"
LEASE_S = 60.0
ANSWER_S_MAX = 30.0
PROBE_S = 0.02


@dataclass(frozen=True, slots=True)
class Api:
    """A running API with what stands behind it."""

    url: str
    app: FastAPI
    settings: Settings
    urls: DatabaseUrls
    documented: Documented


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[EmbeddedValkey]:
    """The session's Valkey. A test that stops one starts its own."""
    with own_valkey() as server:
        yield server


@pytest.fixture(scope="session")
def api(postgres_server: EmbeddedPostgres, template_urls: DatabaseUrls, valkey_server: EmbeddedValkey) -> Iterator[Api]:
    """The session's API. Its tests keep apart by the names of their users and creators."""
    with own_api(postgres_server, template_urls, valkey_server.url) as running:
        yield running


@pytest.fixture
async def client(api: Api) -> AsyncIterator[Client]:
    """A caller of the session's API."""
    async with calling(api) as caller:
        yield caller


@pytest.fixture
async def worker(api: Api) -> AsyncIterator[Worker]:
    """Plays the worker behind the session's API."""
    async with working(api) as playing:
        yield playing


@pytest.fixture
def name() -> str:
    """A creator's or user's name that no other test uses."""
    return f"t{uuid4().hex[:16]}"


@contextmanager
def own_valkey() -> Iterator[EmbeddedValkey]:
    """A Valkey for one purpose."""
    from cluster.embedded.valkey import EmbeddedValkey

    with tempfile.TemporaryDirectory(prefix="fvk-") as folder:
        server = EmbeddedValkey(Path(folder), free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def own_api(
    postgres_server: EmbeddedPostgres, template_urls: DatabaseUrls, cache_url: str, **changes: dict[str, Any]
) -> Iterator[Api]:
    """An API with a database of its own; changes: settings by section, as `search={"requests_per_minute": 3}`."""
    from api.app import create_app
    from tests.documented import Documented
    from tests.local_server import serving

    for owner in fresh_database(postgres_server.owner_url, TEMPLATE):
        database = urlsplit(owner).path[1:]
        api_url, worker_url = (with_database(url, database) for url in (template_urls.api, template_urls.worker))
        with tempfile.TemporaryDirectory(prefix="fapi-") as folder:
            urls = DatabaseUrls(owner, api_url, worker_url, Path(folder))
            settings = api_settings(urls, cache_url, **changes)
            app = create_app(settings, in_serve=False)
            with serving(app, lifespan="on") as url:
                yield Api(url, app, settings, urls, Documented(app.openapi()))


def api_settings(urls: DatabaseUrls, cache_url: str, **changes: dict[str, Any]) -> Settings:
    """Settings of an API on that database and cache, with the local token issuer."""
    from pydantic import SecretStr

    from cluster.settings import Settings

    fixed: dict[str, dict[str, Any]] = {
        "database": {"api_url": SecretStr(urls.api)},
        "cache": {"url": SecretStr(cache_url), "password": None},
        "auth": {"url": None, "jwt_secret": None},
        "r2": {"bucket": None},
        "refresh": {"poll_s": 0.5},
    }
    base = Settings.load(urls.home, runtime=False)
    return base.model_copy(
        update={
            section: getattr(base, section).model_copy(update=fixed.get(section, {}) | changes.get(section, {}))
            for section in fixed.keys() | changes.keys()
        }
    )


class Client:
    """Calls an API and holds every response to its OpenAPI document."""

    def __init__(self, api: Api, http: httpx.AsyncClient) -> None:
        self._api = api
        self._http = http

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """See call."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        """See call."""
        return await self.call("POST", path, **options)

    async def call(
        self,
        method: str,
        path: str,
        *,
        as_user: str | None = None,
        headers: dict[str, Any] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """One request, with the local token of that user."""
        response = await self._http.request(method, path, headers=self._headers(as_user, headers), **options)
        self._api.documented.check(response)
        return response

    @asynccontextmanager
    async def stream(
        self, path: str, *, as_user: str | None = None, headers: dict[str, Any] | None = None, **options: Any
    ) -> AsyncIterator[EventStream]:
        """An event stream that was opened well."""
        async with self._http.stream("GET", path, headers=self._headers(as_user, headers), **options) as response:
            assert response.status_code == 200, await response.aread()
            assert response.headers["Content-Type"].startswith("text/event-stream")
            yield EventStream(response)

    def token(self, user: str) -> str:
        """The local access token of a user."""
        from api.local_issuer import issue_token

        return issue_token(self._api.settings, user)

    def _headers(self, user: str | None, headers: dict[str, Any] | None) -> dict[str, Any]:
        signed = {"Authorization": f"Bearer {self.token(user)}"} if user else {}
        return signed | (headers or {})


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    id: int
    name: str
    data: dict[str, Any]


class EventStream:
    """The events of a response, one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> Event | None:
        """The next event; None at the end of the stream."""
        import json

        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line and fields:
                return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            if line and not line.startswith(":"):
                key, _, value = line.partition(": ")
                fields[key] = value
        return None

    async def rest(self) -> list[Event]:
        """All events until the stream ends."""
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found


@dataclass(slots=True)
class Worker:
    """Takes jobs and ends them as a test says."""

    database: Database
    urls: DatabaseUrls
    _owned: dict[str, Job] = field(default_factory=dict)

    async def claim(self, username: str) -> Job:
        """Take the waiting job of a creator; those of other tests are taken too and left alone."""
        from cluster.stores import jobs

        async with self.database.as_service() as db:
            self._owned |= {job.username: job for job in await jobs.claim(db, OWNER, lease_s=LEASE_S, limit=1_000)}
        return self._owned[username]

    async def claim_again(self, username: str) -> Job:
        """Take over a job that somebody holds, as if its lease had run out."""
        await self.execute(
            "update ai_analysis_jobs set lease_expires_at = now() - interval '1 s' where lease_owner <> ''"
        )
        return await self.claim(username)

    async def progress(self, username: str, step: str, done: int, total: int) -> None:
        """Report a step of a job that was claimed."""
        from cluster.stores import jobs

        async with self.database.as_service() as db:
            assert await jobs.progress(
                db,
                self._owned[username].id,
                OWNER,
                step=step,
                done=done,
                total=total,
                attempt=self._owned[username].attempts,
            )

    async def finish(self, username: str, **options: Any) -> None:
        """End a job that was claimed well; the creator must be stored."""
        from cluster.stores import jobs

        async with self.database.as_service() as db:
            assert await jobs.finish(
                db, self._owned[username].id, OWNER, access_days=30, attempt=self._owned[username].attempts, **options
            )

    async def fail(self, username: str, error: Exception) -> None:
        """End a job that was claimed with an error of the product."""
        from cluster.stores import jobs

        async with self.database.as_service() as db:
            record = error.to_record()  # type: ignore[attr-defined]
            assert await jobs.fail(
                db, self._owned[username].id, OWNER, record, retry_in_s=None, attempt=self._owned[username].attempts
            )

    async def store(self, username: str) -> UUID:
        """A complete stored creator."""
        from tests.integration.stored import complete_creator

        return await complete_creator(self.database, username)

    async def unlocked(self, username: str, *users: str, days: float = 30) -> UUID:
        """A complete stored creator that those users, known to the API already, have access to."""
        profile_id = await self.store(username)
        for user in users:
            await self.grant(user, profile_id, days=days)
        return profile_id

    async def grant(self, user: str, profile_id: UUID, *, days: float = 30) -> None:
        """Access for a user whom the API knows."""
        from api.local_issuer import local_user_id
        from tests.integration.stored import grant

        await grant(self.database, User(local_user_id(user), {}), profile_id, days=days)

    async def execute(self, statement: str, *arguments: Any) -> Any:
        """As the owner: the first value of a statement's first row."""
        import asyncpg

        db = await asyncpg.connect(self.urls.owner)
        try:
            return await db.fetchval(statement, *arguments)
        finally:
            await db.close()

    async def give_role(self, user: str, role: str) -> None:
        """A role for a user whom the API knows."""
        from api.local_issuer import local_user_id

        await self.execute(
            "insert into user_roles (user_id, role) values ($1, $2) on conflict do nothing", local_user_id(user), role
        )


async def eventually(probe: Callable[[], Any], within_s: float = 10.0) -> Any:
    """What probe (a function, plain or async) gives, as soon as it gives anything; fails after within_s."""
    async with asyncio.timeout(within_s):
        while True:
            found = probe()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(PROBE_S)


@asynccontextmanager
async def calling(api: Api) -> AsyncIterator[Client]:
    """A caller of an API."""
    import httpx

    async with httpx.AsyncClient(base_url=api.url, timeout=ANSWER_S_MAX) as http:
        yield Client(api, http)


@asynccontextmanager
async def working(api: Api) -> AsyncIterator[Worker]:
    """Plays the worker behind an API."""
    database = await open_database(api.urls.worker)
    try:
        yield Worker(database, api.urls)
    finally:
        await database.close()
