"""Pure ASGI middleware: request ids, unexpected errors, and a limit on bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import problems
from cluster import telemetry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
TOO_LARGE = 413

log = telemetry.get_logger(__name__)


def add_headers(scope: Scope, headers: Mapping[str, str]) -> None:
    """Headers for the response to this request, whoever makes it: a route, an error handler or a middleware."""
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope["state"].setdefault("response_headers", []).extend(raw)


class RequestScope:
    """Gives every request an id (a sane X-Request-ID of the caller's is kept), in logs and in the response.

    An error that nothing below handles becomes a problem here, where its id is known; once the response has begun, the
    connection is closed instead, so that nobody takes half an answer for a whole one.
    """

    def __init__(self, app: ASGIApp, *, returns_id: bool = True) -> None:
        """returns_id=False where the server outside returns the id itself, as Serve does."""
        self._app = app
        self._returns_id = returns_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        has_begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                own = [(b"x-request-id", request_id.encode())] if self._returns_id else []
                message["headers"] = [*message["headers"], *own, *state.get("response_headers", ())]
            await send(message)

        with telemetry.scope(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception as error:
                if has_begun:
                    log.warning("answer_broken_off", path=scope["path"], error=repr(error))
                    raise
                response = await problems.on_surprise(Request(scope), error)
                await response(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies over a limit with 413, before anything reads them whole."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = HTTPException(TOO_LARGE, f"A body may have {self._bytes_max} bytes at most.")
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit() or int(length) > self._bytes_max:
            response = await problems.on_http_exception(Request(scope), refusal)
            await response(scope, receive, send)
            return
        taken = 0

        async def receive_some() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._bytes_max:
                raise refusal  # a body longer than announced is not read on
            return message

        await self._app(scope, receive_some, send)
