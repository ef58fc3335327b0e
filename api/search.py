"""The main route: a username in, five sections out; its job and its events."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api import examples
from api.auth import Caller
from api.guard import TICKET_KEY, services_of, signed_in
from api.job_out import JobEventOut, JobOut
from api.lookup import Found, Pending, Wish, look_up, wait_for
from api.problems import Problem
from api.sections import CreatorAnswer
from cluster.errors import InvalidInput, NotFound
from cluster.records import parse_username
from cluster.stores import jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cluster.stores.jobs import Job

    from api.services import Services

JSON = "application/json"
EVENTS_S_MAX = 900.0
EVENTS_HEARTBEAT_S = 10.0
IDEMPOTENCY_KEY_LENGTH_MAX = 255
REFUSALS = {status: {"model": Problem} for status in (401, 403, 404, 409, 422, 429, 503)}

router = APIRouter(tags=["search"])
CurrentCaller = Annotated[Caller, Depends(signed_in)]


@router.get(
    "/api/v1/search/creator/{username}",
    response_model=CreatorAnswer,
    responses={
        200: {"content": {JSON: {"example": examples.creator_answer()}}},
        202: {"model": JobOut, "description": "The job still runs; follow events_url or ask again."},
        **REFUSALS,
    },
)
async def search_creator(
    request: Request,
    username: str,
    caller: CurrentCaller,
    refresh: Annotated[bool, Query(description="Fetch anew, for the price; needs Idempotency-Key.")] = False,
    wait: Annotated[float | None, Query(ge=0, description="Seconds to wait for a new creator.")] = None,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=IDEMPOTENCY_KEY_LENGTH_MAX)] = None,
) -> Response:
    """The whole picture of a creator in five sections; new ones are fetched and analysed first."""
    services = services_of(request)
    if refresh and idempotency_key is None:
        raise InvalidInput("refresh=true is charged, so it needs an Idempotency-Key header.")
    limits = services.settings.search
    wait_s = min(limits.wait_s if wait is None else wait, limits.wait_s_max)
    wish = Wish(parse_username(username), wait_s, refresh, idempotency_key)
    return answer_response(await look_up(services, caller, wish))


def answer_response(outcome: Found | Pending) -> Response:
    """200 with the five sections, or 202 with the job."""
    if isinstance(outcome, Found):
        return Response(outcome.body, media_type=JSON)
    job = JobOut.of(outcome.job)
    return Response(job.model_dump_json(), 202, {"Location": f"/api/v1/search/jobs/{job.id}"}, JSON)


@router.get("/api/v1/search/jobs/{job_id}", response_model=JobOut, responses=REFUSALS)
async def search_job(request: Request, job_id: UUID, caller: CurrentCaller) -> JobOut:
    """One of the caller's jobs."""
    return JobOut.of(await wait_for(services_of(request), caller, job_id, wait_s=0))


class EventTicket(BaseModel):
    """A one-time ticket for an event stream, since a browser's EventSource sends no header."""

    ticket: str = Field(examples=["XJ0kq6r2m1b8Q0dGJ7b0kA"])
    expires_in_s: int = Field(examples=[60])


@router.post("/api/v1/search/events/ticket", dependencies=[Depends(signed_in)], responses=REFUSALS)
async def event_ticket(request: Request) -> EventTicket:
    """A ticket to open one event stream with (`?ticket=`), within a minute."""
    services = services_of(request)
    ticket = secrets.token_urlsafe(24)
    token = request.headers["Authorization"].partition(" ")[2].strip()
    ttl_s = services.settings.search.ticket_ttl_s
    await services.cache.add(TICKET_KEY + ticket, token.encode(), ttl_s)
    return EventTicket(ticket=ticket, expires_in_s=ttl_s)


@router.get(
    "/api/v1/search/creator/{username}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                "text/event-stream": {
                    "example": 'id: 3\nevent: progress\ndata: {"seq":3,"step":"pictures","done":7,"total":12,"elapsed_s":1.8}\n\n'
                }
            }
        },
        **REFUSALS,
    },
)
async def search_events(
    request: Request,
    username: str,
    caller: CurrentCaller,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """Progress of the caller's newest lookup of that creator: `progress` events, then one `done` or `failed`."""
    services = services_of(request)
    name = parse_username(username)
    async with services.database.as_user(caller.claims) as db:
        job = await jobs.latest_job(db, name)
    if job is None:
        raise NotFound("No lookup of yours for this creator; start one with the search route.", username=name)
    stream = _events(services, caller, job, last_event_id or 0)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _events(services: Services, caller: Caller, job: Job, after_seq: int) -> AsyncIterator[bytes]:
    give_up_at = time.monotonic() + EVENTS_S_MAX
    quiet_since = time.monotonic()
    async with services.job_watch.watching(job.id) as moves:
        while time.monotonic() < give_up_at:
            async with services.database.as_user(caller.claims) as db:
                events = await jobs.events(db, job.id, after_seq)
                current = await jobs.get_job(db, job.id)
            for event in events:
                after_seq = event.seq
                yield _sse("progress", JobEventOut.of(event), event.seq)
            if current is None:
                return
            if current.status in ("succeeded", "failed"):
                yield _sse("done" if current.status == "succeeded" else "failed", JobOut.of(current), after_seq + 1)
                return
            if events:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > EVENTS_HEARTBEAT_S:
                quiet_since = time.monotonic()
                yield b": still running\n\n"
            await moves.next(EVENTS_HEARTBEAT_S)


def _sse(name: str, body: BaseModel, seq: int) -> bytes:
    return f"id: {seq}\nevent: {name}\ndata: {body.model_dump_json()}\n\n".encode()
