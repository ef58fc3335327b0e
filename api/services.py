"""What a request handler may use, opened once for each ingress replica."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster.database import Database
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from api.auth import TokenVerifier
from api.job_watch import JobWatch
from cluster.cache import Cache
from cluster.media import open_media
from cluster.resilience import CircuitBreaker, policies_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cluster.media import MediaStore
    from cluster.settings import CacheSettings, Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Connections and shared state of one replica."""

    settings: Settings
    database: Database
    cache: Cache
    media: MediaStore
    verifier: TokenVerifier
    job_watch: JobWatch
    limiter: SlidingWindowCounterRateLimiter
    rate_limit: RateLimitItemPerMinute
    background: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        """What links in answers begin with."""
        server = self.settings.server
        return (server.public_url or f"http://{server.host}:{server.port}").rstrip("/")


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open everything and close it again, in the opposite order."""
    async with AsyncExitStack() as stack:
        database = await Database.open_api(settings)
        stack.push_async_callback(database.close)
        cache = Cache.open(settings.cache, CircuitBreaker("cache", policies_of(settings.resilience).cache))
        stack.push_async_callback(cache.close)
        job_watch = JobWatch(database, settings.refresh.poll_s)
        await job_watch.start()
        yield Services(
            settings=settings,
            database=database,
            cache=cache,
            media=open_media(settings),
            verifier=TokenVerifier(settings),
            job_watch=job_watch,
            limiter=SlidingWindowCounterRateLimiter(_limit_storage(settings.cache)),
            rate_limit=RateLimitItemPerMinute(settings.search.requests_per_minute),
        )


def _limit_storage(settings: CacheSettings) -> RedisStorage:
    """Counters in Valkey, so that all replicas share them and no restart forgets them."""
    assert settings.url is not None
    password = settings.password.get_secret_value() if settings.password else None
    return RedisStorage(
        f"async+{settings.url.get_secret_value()}",
        implementation="redispy",
        password=password,
        socket_timeout=settings.timeout_s,
        socket_connect_timeout=settings.timeout_s,
    )
