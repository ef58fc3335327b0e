"""Valkey, as a cache: losing it slows reads down and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cluster import telemetry
from cluster.errors import CircuitOpen, Unavailable
from cluster.resilience import CACHE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cluster.resilience import CircuitBreaker, Policy
    from cluster.settings import CacheSettings

T = TypeVar("T")

KEY_PREFIX = "following:"
CONNECTIONS_MAX = 64
SCANNED_AT_ONCE = 1_000
# A lost or refused connection is worth another try; a time-out has cost the caller a whole timeout_s already.
_TRIED_AGAIN = (redis.ConnectionError, ConnectionError)

log = telemetry.get_logger(__name__)


class Cache:
    """Bytes by key with a time to live. A cache that does not answer reads as a miss and forgets writes."""

    def __init__(self, client: redis.Redis, breaker: CircuitBreaker, policy: Policy = CACHE) -> None:
        self._client = client
        self._breaker = breaker
        self._policy = policy

    @classmethod
    def open(cls, settings: CacheSettings, breaker: CircuitBreaker, policy: Policy = CACHE) -> Self:
        """Connect lazily to settings.url."""
        return cls(connect(settings), breaker, policy)

    @property
    def pool(self) -> redis.ConnectionPool:
        """The connections, for a library that brings its own commands; wrap its calls in `guarded`."""
        return self._client.connection_pool

    async def get(self, key: str) -> bytes | None:
        """The value, or None when it is missing, expired, or the cache is away."""
        value: Any = await self.guarded(lambda: self._client.get(KEY_PREFIX + key))
        return bytes(value) if value is not None else None

    async def set(self, key: str, value: bytes, ttl_s: int) -> None:
        """Keep a value for that long; nothing happens when the cache is away."""
        await self.guarded(lambda: self._client.set(KEY_PREFIX + key, value, ex=ttl_s))

    async def delete(self, key: str) -> None:
        """Forget a value; it ages out by itself when the cache is away."""
        await self.guarded(lambda: self._client.delete(KEY_PREFIX + key))

    async def delete_all(self, prefix: str) -> bool:
        """Forget every value whose key begins so; False when the cache is away. Reads all keys: not for requests."""

        async def sweep() -> bool:
            async for key in self._client.scan_iter(match=f"{KEY_PREFIX}{prefix}*", count=SCANNED_AT_ONCE):
                await self._client.delete(key)
            return True

        return bool(await self.guarded(sweep))

    async def add(self, key: str, value: bytes, ttl_s: int) -> bool:
        """Keep a value unless there is one; False when there is. Raises Unavailable when the cache is away."""
        return bool(await self._required(lambda: self._client.set(KEY_PREFIX + key, value, ex=ttl_s, nx=True)))

    async def take(self, key: str) -> bytes | None:
        """Read and remove a value in one step. Raises Unavailable when the cache is away."""
        taken: Any = await self._required(lambda: self._client.getdel(KEY_PREFIX + key))
        return bytes(taken) if taken is not None else None

    async def ping(self) -> bool:
        """Whether the cache answers."""
        try:
            return bool(await self._client.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        await self._client.aclose()

    async def guarded(self, call: Callable[[], Awaitable[T]]) -> T | None:
        """What a call to the server gives; None when the cache is away."""
        try:
            return await self._tried(call)
        except CircuitOpen:
            return None  # said when the circuit opened
        except (RedisError, OSError) as error:
            log.warning("cache_away", error=repr(error))
            return None

    async def _required(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._tried(call)
        except (RedisError, OSError) as error:
            raise Unavailable("The cache does not answer right now.") from error

    async def _tried(self, call: Callable[[], Awaitable[T]]) -> T:
        with self._breaker.guard():
            return await self._policy.retry_on(_TRIED_AGAIN, call)


def connect(settings: CacheSettings) -> redis.Redis:
    """A client for settings.url; raises Unavailable when no URL is set.

    It waits for a free connection at most timeout_s, and never repeats a command by itself: Cache does, by its policy.
    """
    if settings.url is None:
        raise Unavailable("REDIS_URL is not set and no embedded Valkey runs; `following up` starts one.")
    password = {"password": settings.password.get_secret_value()} if settings.password else {}
    pool: redis.ConnectionPool = redis.BlockingConnectionPool.from_url(
        settings.url.get_secret_value(),
        socket_timeout=settings.timeout_s,
        socket_connect_timeout=settings.timeout_s,
        timeout=settings.timeout_s,
        max_connections=CONNECTIONS_MAX,
        retry=Retry(NoBackoff(), 0),
        **password,
    )
    return redis.Redis.from_pool(pool)
