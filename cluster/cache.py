"""Valkey, as a cache: losing it slows reads down and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from redis import asyncio as redis
from redis.exceptions import RedisError

from cluster import telemetry
from cluster.errors import CircuitOpen, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cluster.resilience import CircuitBreaker
    from cluster.settings import CacheSettings

KEY_PREFIX = "following:"
CONNECTIONS_MAX = 64
SCANNED_AT_ONCE = 1_000

log = telemetry.get_logger(__name__)


class Cache:
    """Bytes by key with a time to live. A cache that does not answer reads as a miss and forgets writes."""

    def __init__(self, client: redis.Redis, breaker: CircuitBreaker) -> None:
        self._client = client
        self._breaker = breaker

    @classmethod
    def open(cls, settings: CacheSettings, breaker: CircuitBreaker) -> Self:
        """Connect lazily to settings.url."""
        return cls(connect(settings), breaker)

    async def get(self, key: str) -> bytes | None:
        """The value, or None when it is missing, expired, or the cache is away."""
        value: bytes | None = await self._guarded(lambda: self._client.get(KEY_PREFIX + key))
        return value

    async def set(self, key: str, value: bytes, ttl_s: int) -> None:
        """Keep a value for that long; nothing happens when the cache is away."""
        await self._guarded(lambda: self._client.set(KEY_PREFIX + key, value, ex=ttl_s))

    async def delete(self, key: str) -> None:
        """Forget a value; it ages out by itself when the cache is away."""
        await self._guarded(lambda: self._client.delete(KEY_PREFIX + key))

    async def delete_all(self, prefix: str) -> bool:
        """Forget every value whose key begins so; False when the cache is away. Reads all keys: not for requests."""

        async def sweep() -> bool:
            async for key in self._client.scan_iter(match=f"{KEY_PREFIX}{prefix}*", count=SCANNED_AT_ONCE):
                await self._client.delete(key)
            return True

        return bool(await self._guarded(sweep))

    async def add(self, key: str, value: bytes, ttl_s: int) -> bool:
        """Keep a value unless there is one; False when there is. Raises Unavailable when the cache is away."""
        return bool(await self._required(lambda: self._client.set(KEY_PREFIX + key, value, ex=ttl_s, nx=True)))

    async def take(self, key: str) -> bytes | None:
        """Read and remove a value in one step. Raises Unavailable when the cache is away."""
        taken: bytes | None = await self._required(lambda: self._client.getdel(KEY_PREFIX + key))
        return taken

    async def ping(self) -> bool:
        """Whether the cache answers."""
        try:
            return bool(await self._client.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        await self._client.aclose()

    async def _guarded(self, call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            with self._breaker.guard():
                return await call()
        except (RedisError, OSError, CircuitOpen) as error:
            log.warning("cache_away", error=repr(error))
            return None

    async def _required(self, call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            with self._breaker.guard():
                return await call()
        except (RedisError, OSError) as error:
            raise Unavailable("The cache does not answer right now.") from error


def connect(settings: CacheSettings) -> redis.Redis:
    """A client for settings.url; raises Unavailable when no URL is set."""
    if settings.url is None:
        raise Unavailable("REDIS_URL is not set and no embedded Valkey runs; `following up` starts one.")
    password = settings.password.get_secret_value() if settings.password else None
    return redis.from_url(
        settings.url.get_secret_value(),
        password=password,
        socket_timeout=settings.timeout_s,
        socket_connect_timeout=settings.timeout_s,
        max_connections=CONNECTIONS_MAX,
    )
