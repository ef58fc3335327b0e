"""Decodo's HTTP: the graphql shape of a profile, at once or as a task."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response

from cluster.embedded.simulator.creators import creator_of
from cluster.embedded.simulator.decodo_content import graphql_profile
from cluster.embedded.simulator.shortcodes import stable_number
from cluster.errors import InvalidUsername
from cluster.records import parse_username

if TYPE_CHECKING:
    from datetime import datetime

    from cluster.embedded.simulator.world import World

TARGET = "instagram_graphql_profile"
TASKS_KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Task:
    id: str
    username: str
    created_at: datetime
    fault: str | None


def routes(world: World) -> APIRouter:
    """POST /v2/scrape, POST /v3/task, GET /v3/task/{id} and /v3/task/{id}/results."""
    return _Decodo(world).router()


class _Decodo:
    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks: OrderedDict[str, _Task] = OrderedDict()

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_route("/v2/scrape", self._scrape, methods=["POST"])
        router.add_route("/v3/task", self._start, methods=["POST"])
        router.add_route("/v3/task/{task}", self._show, methods=["GET"])
        router.add_route("/v3/task/{task}/results", self._results, methods=["GET"])
        return router

    async def _scrape(self, request: Request) -> Response:
        task = await self._accept(request, "decodo.scrape")
        if isinstance(task, Response):
            return task
        await asyncio.sleep(self._world.delay_s)
        return self._answer(task, str(request.base_url).rstrip("/"))

    async def _start(self, request: Request) -> Response:
        task = await self._accept(request, "decodo.tasks")
        if isinstance(task, Response):
            return task
        self._tasks[task.id] = task
        if len(self._tasks) > TASKS_KEPT_MAX:
            self._tasks.popitem(last=False)
        return _json(self._as_json(task), 201)

    async def _show(self, request: Request) -> Response:
        task = self._tasks.get(request.path_params["task"])
        return _unauthorized(request) or (_json(self._as_json(task)) if task else _message(404, "Task not found"))

    async def _results(self, request: Request) -> Response:
        refusal = _unauthorized(request)
        if refusal:
            return refusal
        task = self._tasks.get(request.path_params["task"])
        if task is None:
            return _message(404, "Task not found")
        return (
            self._answer(task, str(request.base_url).rstrip("/")) if self._is_done(task) else Response(status_code=204)
        )

    async def _accept(self, request: Request, service: str) -> _Task | Response:
        refusal = _unauthorized(request)
        if refusal:
            return refusal
        try:
            content = orjson.loads(await request.body())
            if not isinstance(content, dict) or content.get("target") != TARGET:
                return _message(422, f"target must be {TARGET}")
            username = parse_username(str(content.get("query", "")))
        except (orjson.JSONDecodeError, InvalidUsername) as error:
            return _message(422, f"The request cannot be processed: {error}")
        self._world.count(service, username)
        fault = self._world.faults.next_for("decodo", username)
        if fault == "timeout":
            await asyncio.sleep(self._world.hang_s)
            return _message(504, "Gateway Timeout")
        if fault is not None and fault.isdigit():
            return _message(int(fault), "fault on purpose", {"Retry-After": "1"} if fault == "429" else None)
        return _Task(str(secrets.randbits(62)), username, self._world.now(), fault)

    def _is_done(self, task: _Task) -> bool:
        return (self._world.now() - task.created_at).total_seconds() >= self._world.delay_s

    def _as_json(self, task: _Task) -> dict[str, Any]:
        done = self._is_done(task)
        failed = task.fault in {"failed", "aborted", "timedout"}
        return {
            "id": task.id,
            "status": "pending" if not done else "faulted" if failed else "done",
            "target": TARGET,
            "query": task.username,
            "created_at": f"{task.created_at:%Y-%m-%d %H:%M:%S}",
        }

    def _answer(self, task: _Task, base_url: str) -> Response:
        creator = creator_of(task.username, self._world.today())
        content: Any = graphql_profile(creator, base_url)
        if stable_number("content", task.username) % 2:
            content = orjson.dumps(content).decode()  # both readings of the documentation occur
        exists = creator.exists and task.fault is None
        when = f"{self._world.now():%Y-%m-%d %H:%M:%S}"
        result = {
            "content": content if "missingempty" not in creator.persona.cases else "",
            "status_code": 200 if exists else 404 if task.fault is None else 613,
            "url": f"https://www.instagram.com/{task.username}/",
            "task_id": task.id,
            "created_at": when,
            "updated_at": when,
        }
        body = orjson.dumps({"results": [result]})
        if task.fault == "truncated":
            body = body[: len(body) * 2 // 3]
        return Response(body, media_type="application/json")


def _unauthorized(request: Request) -> Response | None:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic" and credential.strip():
        return None
    return _message(401, "Unauthorized")


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _message(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps({"status": "failed", "message": message}), status, headers, "application/json")
