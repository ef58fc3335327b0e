"""In front of every route: who calls, may they, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import Depends, Request

from api.auth import Caller, caller_of
from api.authorization import authorize, is_public
from api.middleware import add_headers
from cluster.errors import (
    CircuitOpen,
    FollowingError,
    Forbidden,
    InvalidInput,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    from api.services import Services

TICKET_KEY = "ticket:"
TICKET_LENGTH_MAX = 128
# What any route with a caller may refuse, for its documentation.
GUARDED = (Unauthenticated, Forbidden, InvalidInput, TooManyRequests, FollowingError, Unavailable, CircuitOpen)


def services_of(request: Request) -> Services:
    """The replica's services."""
    services: Services = request.app.state.services
    return services


async def guard(request: Request) -> Caller | None:
    """Authenticate, authorise and rate limit one request; the caller, or None where nobody has to say who they are.

    The application depends on it, so that no route can forget it. Raises Unauthenticated, Forbidden or TooManyRequests.
    """
    route = request.scope["route"].path
    if is_public(request.method, route):
        return None  # health is told, and pictures are shown, even while nobody can be looked up
    services = services_of(request)
    caller = await _caller_of(request, services)
    authorize(request.method, route, caller, await services.roles.of(caller))
    if caller is not None and caller.user_id is not None:
        await _count(request, services, str(caller.user_id))
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
        claims = await services.cache.take(TICKET_KEY + ticket[:TICKET_LENGTH_MAX])
        if claims is None:
            raise Unauthenticated("The event ticket is unknown, used or older than a minute; ask for a new one.")
        return caller_of(orjson.loads(claims))
    return None


async def _count(request: Request, services: Services, who: str) -> None:
    allowance = await services.rate_limit.count(who)
    if allowance is None:
        return
    add_headers(request.scope, allowance.headers)
    if not allowance.allowed:
        wait_s = allowance.reset_s
        raise TooManyRequests(f"More than {allowance.limit} requests a minute; wait {wait_s} s.", retry_after_s=wait_s)
