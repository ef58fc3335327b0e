"""The simulator's own doors: health, the table of cases, faults on demand, calls that were made, planted truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response

from cluster.embedded.simulator.cases import CREATOR_CASES, FAULT_CASES, IMAGE_CASES
from cluster.embedded.simulator.creators import creator_of
from cluster.embedded.simulator.faults import KINDS, SERVICES, PlannedFault
from cluster.embedded.simulator.truth import truth_of
from cluster.errors import InvalidUsername
from cluster.records import parse_username

if TYPE_CHECKING:
    from cluster.embedded.simulator.world import World


def routes(world: World) -> APIRouter:
    """GET / and /healthz; everything under /_control."""
    return _Control(world).router()


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_route("/", self._index, methods=["GET"])
        router.add_route("/healthz", self._health, methods=["GET"])
        router.add_route("/_control/faults", self._list_faults, methods=["GET"])
        router.add_route("/_control/faults", self._plan_fault, methods=["PUT", "POST"])
        router.add_route("/_control/faults", self._clear_faults, methods=["DELETE"])
        router.add_route("/_control/calls", self._calls, methods=["GET"])
        router.add_route("/_control/calls", self._clear_calls, methods=["DELETE"])
        router.add_route("/_control/delay", self._delay, methods=["POST", "PUT"])
        router.add_route("/_control/truth/{username}", self._truth, methods=["GET"])
        return router

    async def _index(self, request: Request) -> Response:
        return _json(
            {
                "name": "Following's upstream simulator",
                "services": {"apify": "/v2/acts/…", "decodo": "/v2/scrape, /v3/task", "images": "/images/…"},
                "prefixes": {"creators": CREATOR_CASES, "images": IMAGE_CASES, "faults": FAULT_CASES},
                "control": {"faults": {"services": SERVICES, "kinds": KINDS}, "delay_s": self._world.delay_s},
                "example": f"{request.base_url}_control/truth/emma.cooks",
            }
        )

    async def _health(self, _request: Request) -> Response:
        return _json({"status": "ok"})

    async def _list_faults(self, _request: Request) -> Response:
        return _json({"faults": [fault.as_json() for fault in self._world.faults.planned]})

    async def _plan_fault(self, request: Request) -> Response:
        try:
            self._world.faults.plan(_planned(orjson.loads(await request.body())))
        except ValueError as error:  # JSONDecodeError is one
            return _json({"error": str(error)}, 422)
        return await self._list_faults(request)

    async def _clear_faults(self, request: Request) -> Response:
        self._world.faults.clear(request.query_params.get("service"))
        return Response(status_code=204)

    async def _calls(self, _request: Request) -> Response:
        calls: dict[str, dict[str, int]] = {}
        for (service, subject), count in self._world.calls.items():
            calls.setdefault(service, {})[subject] = count
        return _json(calls)

    async def _clear_calls(self, _request: Request) -> Response:
        self._world.calls.clear()
        return Response(status_code=204)

    async def _delay(self, request: Request) -> Response:
        try:
            content = orjson.loads(await request.body())
            delay_s, hang_s = _seconds(content, "delay_s"), _seconds(content, "hang_s")
            slow_run_s = _seconds(content, "slow_run_s")
        except ValueError as error:
            return _json({"error": str(error)}, 422)
        world = self._world
        world.delay_s = world.delay_s if delay_s is None else delay_s
        world.hang_s = world.hang_s if hang_s is None else hang_s
        world.slow_run_s = world.slow_run_s if slow_run_s is None else slow_run_s
        return _json({"delay_s": world.delay_s, "hang_s": world.hang_s, "slow_run_s": world.slow_run_s})

    async def _truth(self, request: Request) -> Response:
        try:
            username = parse_username(request.path_params["username"])
        except InvalidUsername as error:
            return _json({"error": str(error)}, 422)
        return _json(truth_of(creator_of(username, self._world.today())))


def _planned(content: Any) -> PlannedFault:
    """A fault from its JSON; raises ValueError that names the field."""
    content = content if isinstance(content, dict) else {}
    service, kind, username = str(content.get("service")), str(content.get("kind")), content.get("username")
    count, probability = content.get("count"), content.get("probability", 1.0)
    if service not in SERVICES:
        raise ValueError(f"service must be one of {', '.join(SERVICES)}")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    if not (count is None or (isinstance(count, int) and count > 0)):
        raise ValueError("count must be a positive whole number")
    if not isinstance(probability, int | float) or not 0 < probability <= 1:
        raise ValueError("probability must be in (0, 1]")
    return PlannedFault(service, kind, None if username is None else str(username).lower(), count, float(probability))


def _seconds(content: Any, name: str) -> float | None:
    value = content.get(name) if isinstance(content, dict) else None
    if value is not None and (not isinstance(value, int | float) or not 0 <= value <= 3_600):
        raise ValueError(f"{name} must be between 0 and 3600 seconds")
    return None if value is None else float(value)


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
