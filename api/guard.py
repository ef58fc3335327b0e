"""In front of every route: who calls, may they, and how often."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request, Response
from limits.errors import StorageError
from redis.exceptions import RedisError

from api.auth import Caller
from api.authorization import Role, authorize
from cluster import telemetry
from cluster.errors import TooManyRequests, Unauthenticated
from cluster.stores import access

if TYPE_CHECKING:
    from limits import RateLimitItem

    from api.services import Services

ROLE_TTL_S = 30.0
ROLES_KEPT_MAX = 10_000
TICKET_KEY = "ticket:"
LIMITER_ERRORS = (RedisError, StorageError, OSError, asyncio.TimeoutError)

log = telemetry.get_logger(__name__)
_roles: dict[str, tuple[float, Role]] = {}


def services_of(request: Request) -> Services:
    """The replica's services."""
    services: Services = request.app.state.services
    return services


async def guard(request: Request, response: Response) -> Caller | None:
    """Authenticate, authorise and rate limit one request; the caller, or None for an anonymous one.

    Raises Unauthenticated, Forbidden or TooManyRequests.
    """
    services = services_of(request)
    caller = await _caller_of(request, services)
    role = await role_of(caller, services)
    authorize(request.method, request.scope["route"].path, caller, role)
    if caller is not None and not caller.is_service:
        await _count(services, services.rate_limit, str(caller.user_id), response)
    return caller


async def signed_in(caller: Annotated[Caller | None, Depends(guard)]) -> Caller:
    """The caller of a route that knows no anonymous one."""
    if caller is None:
        raise Unauthenticated
    return caller


async def _caller_of(request: Request, services: Services) -> Caller | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await services.verifier.verify(token.strip())
    if scheme:
        raise Unauthenticated
    ticket = request.query_params.get("ticket")
    if ticket and request.scope["route"].path.endswith("/events"):
        token_bytes = await services.cache.take(TICKET_KEY + ticket[:128])
        if token_bytes is None:
            raise Unauthenticated("The event ticket is unknown, used or older than a minute; ask for a new one.")
        return await services.verifier.verify(token_bytes.decode())
    return None


async def role_of(caller: Caller | None, services: Services) -> Role:
    if caller is None:
        return Role.ANONYMOUS
    if caller.is_service:
        return Role.SERVICE
    key = str(caller.user_id)
    known = _roles.get(key)
    if known and time.monotonic() - known[0] < ROLE_TTL_S:
        return known[1]
    async with services.database.as_user(caller.claims) as db:
        role = Role(await access.ensure_user(db))
    if len(_roles) >= ROLES_KEPT_MAX:
        _roles.clear()
    _roles[key] = (time.monotonic(), role)
    return role


async def _count(services: Services, item: RateLimitItem, who: str, response: Response) -> None:
    """Count the request. When the counters are away the request goes on: a lost cache must not close the house."""
    try:
        allowed = await services.limiter.hit(item, who)
        window = await services.limiter.get_window_stats(item, who)
    except LIMITER_ERRORS as error:
        log.warning("rate_limit_away", error=repr(error))
        return
    reset_s = max(0, math.ceil(window.reset_time - time.time()))
    response.headers["RateLimit-Limit"] = str(item.amount)
    response.headers["RateLimit-Remaining"] = str(window.remaining)
    response.headers["RateLimit-Reset"] = str(reset_s)
    if not allowed:
        raise TooManyRequests(f"More than {item.amount} requests a minute; wait {reset_s} s.", retry_after_s=reset_s)
