"""Is it well? Liveness of the process, and health of everything behind it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Literal

import asyncpg
import ray
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from ray.exceptions import RayError

from actors.profile_refresh import ACTOR_NAME, NAMESPACE
from api.guard import services_of
from api.problems import DATABASE_AWAY
from cluster.errors import FollowingError
from cluster.stores.liveness import database_answers

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from api.services import Services

CHECK_S_MAX = 2.0
TOLD = frozenset({"running", "running_max", "waiting", "done", "failed", "circuits_not_closed"})
KNOWN_S = 1.0  # the route is open to everyone, so its cost must not grow with its callers
WEIGHTS = {"database": 50, "cache": 10, "refresh": 40}  # of the score: what a lookup cannot do without weighs most

router = APIRouter(tags=["system"])


class Component(BaseModel):
    """One part of the system."""

    status: Literal["up", "down"]
    latency_ms: float | None = None
    detail: dict[str, Any] = Field(default_factory=dict)


class Health(BaseModel):
    """The whole system. score is the weighted share of parts that are up, 0 to 100."""

    status: Literal["healthy", "degraded", "down"]
    score: int = Field(ge=0, le=100)
    components: dict[str, Component]
    checked_at: float = Field(description="Seconds since the epoch.")

    model_config = {
        "json_schema_extra": {
            "example": {
                "status": "healthy",
                "score": 100,
                "components": {
                    "database": {"status": "up", "latency_ms": 0.9, "detail": {}},
                    "cache": {"status": "up", "latency_ms": 0.3, "detail": {}},
                    "refresh": {
                        "status": "up",
                        "latency_ms": 1.4,
                        "detail": {"running": 1, "running_max": 4, "waiting": 0},
                    },
                },
                "checked_at": 1795418404.1,
            }
        }
    }


class Liveness(BaseModel):
    """An answer at all is the news."""

    status: Literal["alive"] = Field("alive", examples=["alive"])


@router.get("/api/health/live")
async def live() -> Liveness:
    """This process answers."""
    return Liveness()


@router.get("/api/health", response_model=Health, responses={503: {"model": Health}})
async def health(request: Request) -> Response:
    """Every part that a lookup needs, as of a second ago at most; 503 when lookups cannot work."""
    state = request.app.state
    async with state.health_lock:
        body: Health | None = getattr(state, "health", None)
        if body is None or time.time() - body.checked_at > KNOWN_S:
            body = state.health = await _check(services_of(request))
    return Response(body.model_dump_json(), 503 if body.status == "down" else 200, media_type="application/json")


async def _check(services: Services) -> Health:
    names = ("database", "cache", "refresh")
    checks = (_database(services), _cache(services), _refresh())
    components = dict(zip(names, await asyncio.gather(*map(_timed, checks)), strict=True))
    score = sum(WEIGHTS[name] for name, component in components.items() if component.status == "up")
    down = components["database"].status == "down"
    status: Literal["healthy", "degraded", "down"] = "down" if down else "healthy" if score == 100 else "degraded"
    return Health(status=status, score=score, components=components, checked_at=time.time())


async def _timed(check: Awaitable[dict[str, Any]]) -> Component:
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(CHECK_S_MAX):
            detail = await check
    except (*DATABASE_AWAY, asyncpg.PostgresError, FollowingError, RayError, ValueError) as error:
        return Component(status="down", detail={"error": type(error).__name__})
    return Component(status="up", latency_ms=round(1000 * (time.perf_counter() - begun), 2), detail=detail)


async def _database(services: Services) -> dict[str, Any]:
    async with services.database.as_anon() as db:
        await database_answers(db)
    return {}


async def _cache(services: Services) -> dict[str, Any]:
    if not await services.cache.ping():
        raise ConnectionError
    return {}


async def _refresh() -> dict[str, Any]:
    if not ray.is_initialized():
        raise ConnectionError  # asking for an actor would start a cluster
    actor: Any = await asyncio.to_thread(ray.get_actor, ACTOR_NAME, NAMESPACE)  # waits for Ray's answer
    state = await actor.state.remote()
    if not state["alive"]:
        raise ConnectionError
    return {name: value for name, value in state.items() if name in TOLD}
