"""How often a user may call: counters in Valkey, so that all replicas share them and no restart forgets them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

if TYPE_CHECKING:
    from limits import WindowStats

    from cluster.cache import Cache


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a user's requests; reset_s: until at least one more is free."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """The fields of the IETF's RateLimit draft, one value each."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }


class RateLimit:
    """A sliding window of a minute for each caller."""

    def __init__(self, cache: Cache, requests_per_minute: int) -> None:
        self._cache = cache
        self._item = RateLimitItemPerMinute(requests_per_minute)
        storage = RedisStorage("redis://", implementation="redispy", connection_pool=cache.pool)  # type: ignore[arg-type]
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    async def count(self, who: str) -> Allowance | None:
        """Count one request; None when the counters are away: a lost cache must not close the house."""
        counted = await self._cache.guarded(lambda: self._count(who))
        if counted is None:
            return None
        allowed, window = counted
        reset_s = max(1, math.ceil(window.reset_time - time.time()))
        return Allowance(allowed, self._item.amount, window.remaining if allowed else 0, reset_s)

    async def _count(self, who: str) -> tuple[bool, WindowStats]:
        allowed = await self._limiter.hit(self._item, who)
        return allowed, await self._limiter.get_window_stats(self._item, who)
