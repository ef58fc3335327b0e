"""The door to Postgres: pooled connections, each used for one transaction under one role.

Row-level security does the rest: `as_user` runs as `authenticated` with the caller's claims, `as_service` as
`service_role`. The driver's errors pass through; the edge (request, job, actor) decides what they mean.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import asyncpg
import orjson
import structlog

from cluster.errors import SetupError
from cluster.pg_values import encode_json
from cluster.resilience import DATABASE, CircuitBreaker, policies_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from asyncpg.pool import PoolConnectionProxy

    from cluster.resilience import Policy
    from cluster.settings import Settings

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

IDLE_S_MAX = 300.0
IDLE_IN_TRANSACTION_S_MAX = 60
LISTEN_PAUSE_S = 1.0
LISTEN_CHECK_S = 10.0
# Raised before anything of a transaction has run, so beginning anew is safe.
_LOST_BEFORE_BEGIN = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
)
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)  # a worker waits them out

log = structlog.get_logger(__name__)


class Database:
    """One process's connections to Postgres under one login. Lives in one event loop."""

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        connection_arguments: Mapping[str, Any],
        policy: Policy,
        breaker: CircuitBreaker | None,
    ) -> None:
        self._pool = pool
        self._arguments = connection_arguments
        self._policy = policy
        self._breaker = breaker
        self._free = asyncio.Semaphore(pool.get_max_size())
        self._wait_s_max = float(connection_arguments["timeout"])
        self._listeners: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        pool_max: int,
        connect_timeout_s: float,
        statement_timeout_s: float,
        application_name: str,
        policy: Policy = DATABASE,
        breaker: CircuitBreaker | None = None,
    ) -> Self:
        """A pool of at most pool_max connections, made when they are needed: a database that is away delays no start."""
        arguments: dict[str, Any] = {
            "dsn": url,
            "timeout": connect_timeout_s,
            "command_timeout": statement_timeout_s + connect_timeout_s,  # the server gives up first
            "server_settings": {
                "application_name": application_name,
                "statement_timeout": f"{round(statement_timeout_s * 1000)}ms",
                "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S_MAX}s",
                "timezone": "UTC",
            },
        }
        pool = await asyncpg.create_pool(
            **arguments,
            min_size=0,
            max_size=pool_max,
            max_inactive_connection_lifetime=IDLE_S_MAX,
            init=prepare,
            reset=_keep,  # every change is local to its transaction, so the driver's reset would cost a round trip for nothing
        )
        return cls(pool, arguments, policy, breaker)

    @classmethod
    async def open_api(cls, settings: Settings) -> Self:
        """Under the login that becomes `authenticated` or `anon` only, behind a circuit breaker."""
        policy = policies_of(settings.resilience).database
        return await cls._open_login(settings, "api", policy, CircuitBreaker("database", policy))

    @classmethod
    async def open_worker(cls, settings: Settings) -> Self:
        """Under the login that becomes `service_role`. Workers wait a lost database out, so no circuit opens."""
        return await cls._open_login(settings, "worker", policies_of(settings.resilience).database, None)

    @classmethod
    async def _open_login(cls, settings: Settings, login: str, policy: Policy, breaker: CircuitBreaker | None) -> Self:
        url = getattr(settings.database, f"{login}_url")
        if url is None:
            raise SetupError(
                f"DATABASE_{login.upper()}_URL is not set; `following up` or `following migrate` writes it."
            )
        return await cls.open(
            url.get_secret_value(),
            pool_max=settings.database.pool_max,
            connect_timeout_s=settings.database.connect_timeout_s,
            statement_timeout_s=settings.database.statement_timeout_s,
            application_name=f"following-{login}",
            policy=policy,
            breaker=breaker,
        )

    async def close(self) -> None:
        """Close all connections; transactions still open are rolled back."""
        for task in self._listeners:
            task.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
        try:
            await asyncio.wait_for(self._pool.close(), self._wait_s_max)
        except TimeoutError:
            self._pool.terminate()

    def as_user(self, claims: Mapping[str, Any]) -> AbstractAsyncContextManager[Connection]:
        """A transaction as `authenticated` with a verified token's claims; commits at the end, rolls back on an error."""
        return self._session("authenticated", claims)

    def as_anon(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction as `anon`, which may read nothing of anybody."""
        return self._session("anon", {"role": "anon"})

    def as_service(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction as `service_role`, for which row-level security does not hold. Only the worker's login may."""
        return self._session("service_role", {"role": "service_role"})

    async def listen(self, channel: str, callback: Callable[[str], None]) -> None:
        """Call back with each notification's payload until close(); a lost connection is made again.

        Returns after the first attempt to connect. What is sent while the connection is away is lost.
        """
        tried = asyncio.Event()
        task = asyncio.create_task(self._keep_listening(channel, callback, tried))
        self._listeners.add(task)
        task.add_done_callback(self._listeners.discard)
        await tried.wait()

    @asynccontextmanager
    async def _session(self, role: str, claims: Mapping[str, Any]) -> AsyncIterator[Connection]:
        async with asyncio.timeout(self._wait_s_max):
            await self._free.acquire()
        try:
            with self._breaker.guard() if self._breaker else nullcontext():
                db, transaction = await self._policy.retry_on(_LOST_BEFORE_BEGIN, self._begin, role, claims)
            try:
                try:
                    yield db
                except BaseException:
                    await _roll_back(db, transaction)
                    raise
                await transaction.commit()
            finally:
                await self._pool.release(db)
        finally:
            self._free.release()

    async def _begin(
        self, role: str, claims: Mapping[str, Any]
    ) -> tuple[PoolConnectionProxy[asyncpg.Record], asyncpg.transaction.Transaction]:
        db = await self._pool.acquire(timeout=self._wait_s_max)
        transaction = db.transaction()
        try:
            await transaction.start()
            await db.execute(
                "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)",
                role,
                encode_json(dict(claims)),
            )
        except BaseException:
            await _roll_back(db, transaction)
            await self._pool.release(db)
            raise
        return db, transaction

    async def _keep_listening(self, channel: str, callback: Callable[[str], None], tried: asyncio.Event) -> None:
        while True:
            try:
                db = await asyncpg.connect(**self._arguments)
                try:
                    lost = asyncio.Event()
                    db.add_termination_listener(lambda _db, lost=lost: lost.set())
                    await db.add_listener(channel, lambda *event: callback(str(event[-1])))
                    tried.set()
                    while not lost.is_set():
                        with suppress(TimeoutError):
                            await asyncio.wait_for(lost.wait(), LISTEN_CHECK_S)
                        await db.execute("select")  # a server that vanished without a word shows only when spoken to
                finally:
                    db.terminate()
            except DATABASE_ERRORS as error:
                log.warning("listening_interrupted", channel=channel, error=repr(error))
            tried.set()
            await asyncio.sleep(LISTEN_PAUSE_S)


async def prepare(db: Any) -> None:
    """Give a new connection the JSON codecs that the stores rely on."""
    for name in ("json", "jsonb"):
        await db.set_type_codec(name, schema="pg_catalog", encoder=encode_json, decoder=orjson.loads)


async def _keep(_db: Any) -> None:
    """Return a connection to the pool as it is."""


async def _roll_back(db: PoolConnectionProxy[asyncpg.Record], transaction: asyncpg.transaction.Transaction) -> None:
    try:
        await transaction.rollback()
    except DATABASE_ERRORS as error:  # the connection is lost, and the transaction with it
        log.debug("rolled_back_by_loss", error=repr(error))
        db.terminate()
