"""Looking a creator up through a running cluster's HTTP API, with its progress on the way."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx

from cluster.errors import FollowingError, Retryable, SetupError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ASK_S_MAX = 60.0  # of one request; a longer wait asks again, which joins the same job
ANSWER_S_MAX = 30.0  # beyond the wait, for the answer itself
CONNECT_S_MAX = 5.0
RECONNECT_S = 0.4  # of the progress stream


class StillRunning(Retryable):
    """The lookup still runs; ask again, it goes on meanwhile."""

    status = 202
    code = "still_running"


class LookupRefused(FollowingError):
    """The cluster answered the lookup with an error."""

    code = "lookup_refused"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a lookup's job is: its step, and how far that is."""

    step: str
    done: int
    total: int


async def look_up(
    base_url: str,
    token: str,
    username: str,
    *,
    wait_s: float,
    refresh: bool = False,
    on_step: Callable[[Step], None] | None = None,
) -> bytes:
    """The answer's JSON, after at most about wait_s seconds; on_step hears of the job's progress.

    Raises SetupError when nothing answers at base_url, Unavailable when the cluster stops answering, StillRunning when
    wait_s is over, LookupRefused with the API's own words for every other error.
    """
    timeout = httpx.Timeout(CONNECT_S_MAX, read=ASK_S_MAX + ANSWER_S_MAX)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=timeout, trust_env=False) as client:
        path = f"/api/v1/search/creator/{username}"
        following = asyncio.create_task(_follow(client, f"{path}/events", on_step)) if on_step else None
        try:
            return await _ask(client, path, wait_s, refresh=refresh)
        except httpx.ConnectError as error:
            raise SetupError(
                f"The cluster is not running: nothing answers at {base_url}. Start it with `make up` (or `following up`)."
            ) from error
        except httpx.TransportError as error:
            raise Unavailable(f"The cluster at {base_url} stopped answering; `following status` tells why.") from error
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)


async def _ask(client: httpx.AsyncClient, path: str, wait_s: float, *, refresh: bool) -> bytes:
    give_up_at = time.monotonic() + wait_s
    params: dict[str, Any] = {}
    headers = {}
    if refresh:
        params["refresh"] = "true"
        headers["Idempotency-Key"] = str(uuid4())  # one for all requests below: they all mean the same refresh
    while True:
        left_s = max(0.0, give_up_at - time.monotonic())
        params["wait"] = f"{min(left_s, ASK_S_MAX):.3f}"
        response = await client.get(path, params=params, headers=headers)
        if response.status_code == httpx.codes.OK:
            return response.content
        if response.status_code != httpx.codes.ACCEPTED:
            raise _refusal(response)
        if time.monotonic() >= give_up_at:
            raise StillRunning(f"The lookup still runs after {wait_s:.0f} s; ask again, it goes on meanwhile.")


def _refusal(response: httpx.Response) -> LookupRefused:
    try:
        problem = response.json()
        words, request_id = problem["detail"], problem.get("request_id")
    except (ValueError, KeyError, TypeError):
        words, request_id = f"The cluster answered {response.status_code} without an explanation.", None
    return LookupRefused(words, **({"request_id": request_id} if request_id else {}))


async def _follow(client: httpx.AsyncClient, path: str, on_step: Callable[[Step], None]) -> None:
    """Report progress until cancelled. Progress is a courtesy: while the stream is not there, nothing is reported."""
    while True:
        try:
            async with client.stream("GET", path) as response:
                if response.status_code == httpx.codes.OK:
                    async for step in _steps(response):
                        on_step(step)
        except httpx.HTTPError:
            pass  # the lookup's own request tells what is wrong
        await asyncio.sleep(RECONNECT_S)


async def _steps(response: httpx.Response) -> AsyncIterator[Step]:
    """The `progress` events of a server-sent event stream."""
    event = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if name == "event":
            event = value.strip()
        elif name == "data" and event == "progress":
            data = json.loads(value)
            yield Step(str(data["step"]), int(data["done"]), int(data["total"]))
        elif not line:
            event = ""
