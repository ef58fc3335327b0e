"""What a request handler may use, opened once for each ingress replica."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.auth import TokenVerifier
from api.job_watch import JobWatch
from api.rate_limit import RateLimit
from api.roles import Roles
from cluster.cache import Cache
from cluster.database import Database
from cluster.media import open_media
from cluster.resilience import CircuitBreaker, policies_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cluster.media import MediaStore
    from cluster.settings import Settings

BACKGROUND_S_MAX = 5.0  # at the end, for what no answer waited for


@dataclass(frozen=True, slots=True)
class Services:
    """Connections and shared state of one replica."""

    settings: Settings
    database: Database
    cache: Cache
    media: MediaStore
    verifier: TokenVerifier
    job_watch: JobWatch
    roles: Roles
    rate_limit: RateLimit
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
        cache_policy = policies_of(settings.resilience).cache
        cache = Cache.open(settings.cache, CircuitBreaker("cache", cache_policy), cache_policy)
        stack.push_async_callback(cache.close)
        verifier = TokenVerifier(settings)
        stack.push_async_callback(verifier.close)
        job_watch = JobWatch(database, settings.refresh.poll_s, settings.search.waits_per_user_max)
        await job_watch.start()
        services = Services(
            settings=settings,
            database=database,
            cache=cache,
            media=open_media(settings),
            verifier=verifier,
            job_watch=job_watch,
            roles=Roles(database, settings.auth.role_ttl_s),
            rate_limit=RateLimit(cache, settings.search.requests_per_minute),
        )
        stack.push_async_callback(_drain, services.background)
        yield services


async def _drain(background: set[asyncio.Task[None]]) -> None:
    """Let what still runs end, within limits, before the connections under it close."""
    if background:
        _, late = await asyncio.wait(set(background), timeout=BACKGROUND_S_MAX)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
