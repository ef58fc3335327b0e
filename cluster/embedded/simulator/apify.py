"""Apify's HTTP: start a run, poll it, read its dataset, or all in one synchronous call."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response

from cluster.embedded.simulator.apify_items import comment_item, iso, post_item, profile_items
from cluster.embedded.simulator.comments import comments_of
from cluster.embedded.simulator.creators import creator_of, post_of
from cluster.embedded.simulator.shortcodes import owner_of
from cluster.errors import InvalidUsername
from cluster.records import parse_username

if TYPE_CHECKING:
    from cluster.embedded.simulator.faults import Service
    from cluster.embedded.simulator.world import World

PROFILE_ACTOR, COMMENT_ACTOR, POST_ACTOR = (
    "apify~instagram-profile-scraper",
    "apify~instagram-comment-scraper",
    "apify~instagram-scraper",
)
RUNS_KEPT_MAX = 10_000
INPUTS_MAX = 1_000
COMMENTS_DEFAULT = 15
SYNC_LIMIT_S = 300.0
WAIT_S_MAX = 60.0
_CLOCK_STEP_S = 0.01  # the event loop may wake a little before the wall clock is there
_OUTCOMES = {"failed": "FAILED", "aborted": "ABORTED", "timedout": "TIMED-OUT"}
_HTTP_FAULTS = {
    "429": (429, "rate-limit-exceeded", "You have exceeded the rate limit of 30 requests per second"),
    "500": (500, "internal-server-error", "Internal server error"),
    "503": (503, "service-unavailable", "The service is temporarily unavailable"),
    "402": (402, "not-enough-usage-to-run-paid-actor", "Your remaining usage is not enough to run this Actor"),
    "401": (401, "user-or-token-not-found", "User was not found or authentication token is not valid"),
}
_POST_URL = re.compile(r"instagram\.com/(?:[\w.]+/)?(?:p|reel|reels|tv)/([\w-]{2,60})")


@dataclass(slots=True)
class Run:
    """One actor run. fault is the kind that strikes when its dataset or status is read."""

    id: str
    actor: str
    input: dict[str, Any]
    subject: str  # the username the call is about
    started_at: datetime
    takes_s: float
    fault: str | None
    items_max: int | None = None  # what the caller pays for at most
    aborted: bool = False

    def status(self, now: datetime) -> str:
        if self.aborted:
            return "ABORTED"
        if now < self.finishes_at:
            return "RUNNING"
        return _OUTCOMES.get(self.fault or "", "SUCCEEDED")

    @property
    def finishes_at(self) -> datetime:
        return self.started_at + timedelta(seconds=self.takes_s)


@dataclass(slots=True)
class _Runs:
    """The latest runs by id; the oldest are forgotten."""

    kept: OrderedDict[str, Run] = field(default_factory=OrderedDict)

    def add(self, run: Run) -> None:
        self.kept[run.id] = run
        if len(self.kept) > RUNS_KEPT_MAX:
            self.kept.popitem(last=False)


def routes(world: World) -> APIRouter:
    """All routes of Apify's API that the product and its operators use."""
    return _Apify(world).router()


class _Apify:
    def __init__(self, world: World) -> None:
        self._world = world
        self._runs = _Runs()

    def router(self) -> APIRouter:
        router = APIRouter()
        for acts in ("acts", "actors"):
            path = f"/v2/{acts}/{{actor}}"
            router.add_route(f"{path}/runs", self._start, methods=["POST"])
            router.add_route(f"{path}/runs", self._list, methods=["GET"])
            router.add_route(f"{path}/runs/last", self._last, methods=["GET"])
            router.add_route(f"{path}/run-sync-get-dataset-items", self._sync, methods=["POST"])
        router.add_route("/v2/actor-runs/{run}", self._show, methods=["GET"])
        router.add_route("/v2/actor-runs/{run}/abort", self._abort, methods=["POST"])
        router.add_route("/v2/actor-runs/{run}/dataset/items", self._items, methods=["GET"])
        router.add_route("/v2/datasets/{run}/items", self._items, methods=["GET"])
        router.add_route("/v2/users/me", self._me, methods=["GET"])
        return router

    async def _start(self, request: Request) -> Response:
        run = await self._new_run(request)
        if isinstance(run, Response):
            return run
        await self._wait(run, _number(request, "waitForFinish"))
        return self._render(run, 201)

    async def _sync(self, request: Request) -> Response:
        run = await self._new_run(request)
        if isinstance(run, Response):
            return run
        limit_s = min(_number(request, "timeout") or SYNC_LIMIT_S, SYNC_LIMIT_S)
        if run.fault == "408" or run.takes_s > limit_s:
            if run.fault != "408":
                await asyncio.sleep(limit_s)
            return _error(
                408, "run-timeout-exceeded", "Actor run exceeded the timeout of 300 seconds for this API endpoint"
            )
        await self._wait(run, run.takes_s + _CLOCK_STEP_S)
        status = run.status(self._world.now())
        if status != "SUCCEEDED":
            return _error(400, "run-failed", f"Actor run did not succeed (run ID: {run.id}, status: {status}).")
        return self._dataset(request, run, 201)

    async def _list(self, request: Request) -> Response:
        refusal = _unauthorized(request)
        if refusal:
            return refusal
        runs = [run for run in self._runs.kept.values() if run.actor == _actor(request)]
        if request.query_params.get("desc") in {"1", "true"}:
            runs.reverse()
        limit = min(_whole(request, "limit") or 1_000, 1_000)
        items = [self._as_json(run) for run in runs[:limit]]
        return _json({"data": {"total": len(runs), "count": len(items), "offset": 0, "limit": limit, "items": items}})

    async def _last(self, request: Request) -> Response:
        refusal = _unauthorized(request)
        if refusal:
            return refusal
        runs = [run for run in self._runs.kept.values() if run.actor == _actor(request)]
        return self._render(runs[-1]) if runs else _not_found("Actor run was not found")

    async def _show(self, request: Request) -> Response:
        run = self._find(request)
        if isinstance(run, Response):
            return run
        await self._wait(run, _number(request, "waitForFinish"))
        return self._render(run)

    async def _abort(self, request: Request) -> Response:
        run = self._find(request)
        if isinstance(run, Response):
            return run
        run.aborted = run.status(self._world.now()) == "RUNNING" or run.aborted
        return self._render(run)

    async def _items(self, request: Request) -> Response:
        run = self._find(request)
        if isinstance(run, Response):
            return run
        self._world.count("apify.items", run.subject)
        return self._dataset(request, run, 200)

    async def _me(self, request: Request) -> Response:
        return _unauthorized(request) or _json(
            {"data": {"id": "simulator", "username": "simulator", "plan": {"id": "FREE"}}}
        )

    async def _new_run(self, request: Request) -> Run | Response:
        refusal = _unauthorized(request)
        if refusal:
            return refusal
        actor = _actor(request)
        if actor not in {PROFILE_ACTOR, COMMENT_ACTOR, POST_ACTOR}:
            return _not_found("Actor was not found")
        try:
            content = orjson.loads(await request.body())
            subject = _subject(actor, content)
        except (orjson.JSONDecodeError, ValueError, InvalidUsername) as error:
            return _error(400, "invalid-input", f"Input is not valid: {error}")
        service: Service = "comments" if actor == COMMENT_ACTOR else "apify"
        self._world.count(f"{service}.runs", subject)
        fault = self._world.faults.next_for(service, subject)
        if fault == "timeout":
            await asyncio.sleep(self._world.hang_s)
            return _error(504, "gateway-timeout", "The server did not answer in time")
        if fault in _HTTP_FAULTS:
            return _error(*_HTTP_FAULTS[fault], headers={"Retry-After": "1"} if fault == "429" else None)
        takes_s = self._world.delay_s + (self._world.slow_run_s if fault == "408" else 0.0)
        run = Run(
            secrets.token_urlsafe(13)[:17],
            actor,
            content,
            subject,
            self._world.now(),
            takes_s,
            fault,
            _whole(request, "maxItems"),
        )
        self._runs.add(run)
        return run

    def _find(self, request: Request) -> Run | Response:
        refusal = _unauthorized(request)
        if refusal:
            return refusal
        run = self._runs.kept.get(request.path_params["run"])
        return run or _not_found("Actor run or dataset was not found")

    async def _wait(self, run: Run, wait_s: float | None) -> None:
        left_s = (run.finishes_at - self._world.now()).total_seconds()
        if wait_s and left_s > 0:
            await asyncio.sleep(min(wait_s, left_s + _CLOCK_STEP_S, max(WAIT_S_MAX, run.takes_s)))

    def _dataset(self, request: Request, run: Run, status: int) -> Response:
        finished = run.status(self._world.now()) == "SUCCEEDED"
        items = self._make_items(run, _base_url(request)) if finished else []
        items = items[: run.items_max or None]
        offset, limit = _whole(request, "offset") or 0, _whole(request, "limit")
        total = len(items)
        items = items[offset : None if limit is None else offset + limit]
        fields = request.query_params.get("fields")
        if fields:
            items = [{key: item[key] for key in fields.split(",") if key in item} for item in items]
        body = orjson.dumps(items)
        if run.fault == "truncated":
            body = body[: len(body) * 2 // 3]
        headers = {"X-Apify-Pagination-Total": str(total), "X-Apify-Pagination-Offset": str(offset)}
        return Response(body, status, headers, "application/json; charset=utf-8")

    def _make_items(self, run: Run, base_url: str) -> list[dict[str, Any]]:
        today = self._world.today()
        if run.actor == PROFILE_ACTOR:
            names = [parse_username(name) for name in run.input["usernames"]]
            return [item for name in names for item in profile_items(creator_of(name, today), base_url)]
        limit = run.input.get("resultsLimit")
        limit = limit if isinstance(limit, int) and limit > 0 else COMMENTS_DEFAULT
        items: list[dict[str, Any]] = []
        for url in run.input["directUrls"]:
            found = post_of(_shortcode(url) or "", today)
            if found is None:
                items.append(
                    {"url": url, "inputUrl": url, "error": "not_found", "errorDescription": "Post does not exist"}
                )
                continue
            creator, post = found
            if run.actor == POST_ACTOR:
                items.append({"inputUrl": url, **post_item(creator, post, base_url, comments=True)})
            else:
                comments = comments_of(creator, post, limit)
                items += [{"inputUrl": url, **comment_item(post, comment, base_url)} for comment in comments]
        return items

    def _render(self, run: Run, status: int = 200) -> Response:
        return _json({"data": self._as_json(run)}, status)

    def _as_json(self, run: Run) -> dict[str, Any]:
        status = run.status(self._world.now())
        return {
            "id": run.id,
            "actId": run.actor,
            "userId": "simulator",
            "startedAt": iso(run.started_at),
            "finishedAt": None if status == "RUNNING" else iso(run.finishes_at),
            "status": status,
            "statusMessage": f"{status.title()} in the simulator",
            "defaultDatasetId": run.id,
            "defaultKeyValueStoreId": run.id,
            "defaultRequestQueueId": run.id,
            "buildNumber": "0.0.1",
            "options": {"build": "latest", "timeoutSecs": 300, "memoryMbytes": 1024, "diskMbytes": 2048},
            "meta": {"origin": "API"},
            "usageTotalUsd": 0.0026,
        }


def _actor(request: Request) -> str:
    return str(request.path_params["actor"]).replace("/", "~")


def _subject(actor: str, content: Any) -> str:
    """The username that a run is about; raises ValueError for input that the actor would refuse."""
    key = "usernames" if actor == PROFILE_ACTOR else "directUrls"
    values = content.get(key) if isinstance(content, dict) else None
    if not isinstance(values, list) or not 0 < len(values) <= INPUTS_MAX or not all(isinstance(v, str) for v in values):
        raise ValueError(f"Field input.{key} must be a list of 1 to {INPUTS_MAX} strings")
    if actor == PROFILE_ACTOR:
        return next(iter([parse_username(value) for value in values]))
    owner = owner_of(_shortcode(values[0]) or "")
    return owner[0] if owner else ""


def _shortcode(url: str) -> str | None:
    found = _POST_URL.search(url)
    return found[1] if found else None


def _unauthorized(request: Request) -> Response | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if (scheme.lower() == "bearer" and token.strip()) or request.query_params.get("token"):
        return None
    return _error(*_HTTP_FAULTS["401"])


def _base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _number(request: Request, name: str) -> float | None:
    text = request.query_params.get(name, "")
    return float(text) if text.replace(".", "", 1).isdigit() else None


def _whole(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    return int(text) if text.isdigit() else None


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json; charset=utf-8")


def _error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> Response:
    body = orjson.dumps({"error": {"type": kind, "message": message}})
    return Response(body, status, headers, "application/json; charset=utf-8")


def _not_found(message: str) -> Response:
    return _error(404, "record-not-found", message)
