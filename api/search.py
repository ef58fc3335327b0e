"""The main route: a username in, five sections out; its job and its events."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import asyncpg
import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api import examples
from api.auth import Caller
from api.guard import GUARDED, TICKET_KEY, services_of, signed_in
from api.job_out import JobEventOut, JobOut
from api.lookup import Found, Pending, Wish, look_up, wait_for
from api.problems import DATABASE_AWAY, is_database_away, refusals
from api.sections import CreatorAnswer
from cluster import telemetry
from cluster.errors import (
    CircuitOpen,
    Conflict,
    CreatorNotFound,
    InvalidInput,
    InvalidUsername,
    NotFound,
    OptedOut,
    Overloaded,
    PrivateAccount,
    UpstreamRefused,
    UpstreamUnavailable,
)
from cluster.records import parse_username
from cluster.stores import jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.services import Services
    from cluster.stores.jobs import Job

JSON = "application/json"
EVENTS_S_MAX = 900.0
EVENTS_HEARTBEAT_S = 10.0
IDEMPOTENCY_KEY_LENGTH_MAX = 255
EVENT_SEQ_MAX = 2**31 - 2  # what a job's log counts in
LOOKUP_REFUSALS = refusals(
    *GUARDED,
    InvalidUsername,
    PrivateAccount,
    OptedOut,
    CreatorNotFound,
    Conflict,
    UpstreamRefused,
    UpstreamUnavailable,
    Overloaded,
)
PENDING = {"model": JobOut, "description": "The job still runs; follow events_url or ask again."}

log = telemetry.get_logger(__name__)
router = APIRouter(tags=["search"], responses=refusals(*GUARDED))
CurrentCaller = Annotated[Caller, Depends(signed_in)]


def answer_response(outcome: Found | Pending) -> Response:
    """200 with the five sections, or 202 with the job."""
    if isinstance(outcome, Found):
        return Response(outcome.body, media_type=JSON)
    job = JobOut.of(outcome.job)
    return Response(job.model_dump_json(), 202, {"Location": f"/api/v1/search/jobs/{job.id}"}, JSON)


@router.get("/api/v1/search/jobs/{job_id}", response_model=JobOut, responses=refusals(NotFound))
async def search_job(request: Request, job_id: UUID, caller: CurrentCaller) -> JobOut:
    """One of the caller's jobs."""
    return JobOut.of(await wait_for(services_of(request), caller, job_id, wait_s=0))


class EventTicket(BaseModel):
    """A one-time ticket for an event stream, since a browser's EventSource sends no header."""

    ticket: str = Field(examples=["XJ0kq6r2m1b8Q0dGJ7b0kA"])
    expires_in_s: int = Field(examples=[60])


@router.post("/api/v1/search/events/ticket")
async def event_ticket(request: Request, caller: CurrentCaller) -> EventTicket:
    """A ticket to open one event stream with (`?ticket=`), within a minute."""
    services = services_of(request)
    ticket = secrets.token_urlsafe(24)
    ttl_s = services.settings.search.ticket_ttl_s
    # The verified claims, not the token: what lies in the cache opens nothing else.
    await services.cache.add(TICKET_KEY + ticket, orjson.dumps(dict(caller.claims)), ttl_s)
    return EventTicket(ticket=ticket, expires_in_s=ttl_s)


@router.get(
    "/api/v1/search/creator/{username:path}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                "text/event-stream": {
                    "example": 'id: 3\nevent: progress\ndata: {"seq":3,"step":"pictures","done":7,"total":12,"elapsed_s":1.8}\n\n'
                }
            }
        },
        **refusals(NotFound, *GUARDED, InvalidUsername),
    },
)
async def search_events(
    request: Request,
    username: str,
    caller: CurrentCaller,
    last_event_id: Annotated[int, Header(ge=0, le=EVENT_SEQ_MAX)] = 0,
) -> StreamingResponse:
    """Progress of the caller's newest lookup of that creator: `progress` events, then one `done` or `failed`."""
    services = services_of(request)
    name = parse_username(username)
    async with services.database.as_user(caller.claims) as db:
        job = await jobs.latest_job(db, name)
    if job is None:
        raise NotFound("No lookup of yours for this creator; start one with the search route.", username=name)
    services.job_watch.admit(caller.user_id)
    stream = _events(services, caller, job, last_event_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


# Registered after the events: a profile URL in the path has slashes, so this one takes whatever is left.
@router.get(
    "/api/v1/search/creator/{username:path}",
    response_model=CreatorAnswer,
    responses={
        200: {"content": {JSON: {"example": examples.creator_answer()}}},
        202: PENDING,
        **LOOKUP_REFUSALS,
    },
)
async def search_creator(
    request: Request,
    username: str,
    caller: CurrentCaller,
    refresh: Annotated[bool, Query(description="Fetch anew, for the price; needs Idempotency-Key.")] = False,
    wait: Annotated[
        float | None, Query(ge=0, allow_inf_nan=False, description="Seconds to wait for a new creator.")
    ] = None,
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


async def _events(services: Services, caller: Caller, job: Job, after_seq: int) -> AsyncIterator[bytes]:
    """A database that is away is waited for: the stream's ticket is used, so its reader could not come back."""
    give_up_at = time.monotonic() + EVENTS_S_MAX
    said_at = time.monotonic()
    async with services.job_watch.watching(job.id, caller.user_id) as moves:
        while time.monotonic() < give_up_at:
            news = await _news(services, caller, job, after_seq)
            if news is not None:
                current, events = news
                for event in events:
                    after_seq = event.seq
                    yield _sse("progress", JobEventOut.of(event), event.seq)
                if len(events) >= jobs.EVENTS_MAX:
                    continue
                if current is None:
                    return  # erased meanwhile
                if current.status in ("succeeded", "failed"):
                    name = "done" if current.status == "succeeded" else "failed"
                    yield _sse(name, JobOut.of(current), after_seq + 1)
                    return
                if events:
                    said_at = time.monotonic()
            if time.monotonic() - said_at > EVENTS_HEARTBEAT_S:
                said_at = time.monotonic()
                yield b": still running\n\n"
            await moves.next(EVENTS_HEARTBEAT_S)


async def _news(
    services: Services, caller: Caller, job: Job, after_seq: int
) -> tuple[Job | None, list[jobs.JobEvent]] | None:
    """The job, and its events up to that state of it at least; None while the database is away."""
    try:
        async with services.database.as_user(caller.claims) as db:
            current = await jobs.get_job(db, job.id)
            return current, await jobs.events(db, job.id, after_seq)
    except (CircuitOpen, asyncpg.PostgresError, *DATABASE_AWAY) as error:
        if not isinstance(error, CircuitOpen) and not is_database_away(error):
            raise
        log.warning("events_wait_for_database", job_id=str(job.id), error=repr(error))
        return None


def _sse(name: str, body: BaseModel, seq: int) -> bytes:
    return f"id: {seq}\nevent: {name}\ndata: {body.model_dump_json()}\n\n".encode()
