"""Errors on the wire: RFC 9457 problem details with a stable code."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from ray.exceptions import RayTaskError
from ray.serve.exceptions import BackPressureError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cluster import telemetry
from cluster.errors import FollowingError, InvalidInput, Overloaded, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter, FastAPI
    from starlette.requests import Request

CONTENT_TYPE = "application/problem+json"
SCHEMA_NAME = "Problem"
DATABASE_AWAY = (asyncpg.InterfaceError, OSError, TimeoutError)  # beside what Postgres itself says
# Classes of SQLSTATEs (its first two characters) after which the same call may succeed: connection, rolled back,
# insufficient resources, operator intervention (shutdown, time-out), system error.
_RETRYABLE_SQLSTATES = frozenset({"08", "40", "53", "57", "58"})
_CODES = {413: "content_too_large"}  # where Python's phrase is an older one

log = telemetry.get_logger(__name__)


class Problem(BaseModel):
    """What went wrong, in RFC 9457's form. `code` is stable; `detail` says what happened, with which value, and what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "An Instagram username has 1 to 30 letters, digits, dots and underscores; "
                "a profile URL or @name works too. (value='no spaces please')",
                "code": "invalid_username",
                "instance": "/api/v1/search/creator/no%20spaces%20please",
                "request_id": "0f8e6f0c3f7d4c0d9d1b6a2f5f4f8a11",
            }
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    instance: str
    request_id: str | None = None
    retry_after_s: float | None = Field(None, description="Seconds after which the same call may succeed.")
    details: dict[str, Any] | None = Field(None, description="Values that belong to this code.")


def is_database_away(error: BaseException) -> bool:
    """Whether an error says that the database, not the call, is the trouble."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _RETRYABLE_SQLSTATES
    return isinstance(error, DATABASE_AWAY)


def refusals(*kinds: type[FollowingError]) -> dict[int | str, dict[str, Any]]:
    """The responses of these errors, for a route's documentation: each status once, with an example of each code."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        response = found.setdefault(
            kind.status,
            {
                "description": HTTPStatus(kind.status).phrase,
                "content": {
                    CONTENT_TYPE: {"schema": {"$ref": f"#/components/schemas/{SCHEMA_NAME}"}, "examples": {}},
                },
            },
        )
        response["content"][CONTENT_TYPE]["examples"][kind.code] = {"value": _example_of(kind)}
    return found


def _example_of(kind: type[FollowingError]) -> dict[str, Any]:
    error = kind()
    example = Problem(
        title=HTTPStatus(kind.status).phrase,
        status=kind.status,
        detail=str(error),
        code=kind.code,
        instance="/api/v1/search/creator/some.creator",
        request_id="0f8e6f0c3f7d4c0d9d1b6a2f5f4f8a11",
        retry_after_s=error.retry_after_s,
    )
    return example.model_dump(exclude_none=True)


def document(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Complete the application's OpenAPI document: the schema that `refusals` points at, and the nulls of examples.

    FastAPI leaves every null out of the document, which makes examples of answers that explain a null untrue.
    """
    document = app.openapi()
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document.setdefault("components", {}).setdefault("schemas", {})[SCHEMA_NAME] = schema
    for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
        for method in route.methods or ():
            documented = document["paths"][route.path_format][method.lower()]["responses"]
            for status, response in route.responses.items():
                for media_type, content in response.get("content", {}).items():
                    documented[str(status)]["content"][media_type] |= content


def install(app: FastAPI) -> None:
    """Render every error of the application as problem details."""
    app.add_exception_handler(FollowingError, _on_following_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RayTaskError, _on_ray_error)
    app.add_exception_handler(BackPressureError, _on_ray_error)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, _on_database_away)
    app.add_exception_handler(asyncpg.PostgresError, _on_postgres_error)


def problem_response(request: Request, error: FollowingError, details: dict[str, Any] | None = None) -> Response:
    """One error as a response."""
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = Problem(
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=str(error),
        code=error.code,
        instance=request.url.path,
        request_id=getattr(request.state, "request_id", None),
        retry_after_s=error.retry_after_s,
        details=details,
    )
    return _render(body, headers)


async def _on_following_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FollowingError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", path=request.url.path, code=error.code, detail=str(error))
    return problem_response(request, error, error.context.get("details"))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return problem_response(request, InvalidInput(f"{where}: {first['msg']}."))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: an unknown path, a wrong method, a body that is too large."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    body = Problem(
        title=phrase,
        status=error.status_code,
        detail=str(error.detail),
        code=_CODES.get(error.status_code, phrase.lower().replace(" ", "_")),
        instance=request.url.path,
        request_id=getattr(request.state, "request_id", None),
    )
    headers = dict(error.headers or {})
    return _render(body, headers)


async def _on_ray_error(request: Request, error: Exception) -> Response:
    cause = getattr(error, "cause", None)
    if isinstance(cause, FollowingError):
        return await _on_following_error(request, cause)
    if isinstance(error, BackPressureError) or isinstance(cause, BackPressureError):
        return problem_response(request, Overloaded())
    return await on_surprise(request, error)


async def _on_database_away(request: Request, error: Exception) -> Response:
    log.warning("database_away", path=request.url.path, error=repr(error))
    return problem_response(request, Unavailable("The database does not answer right now."))


async def _on_postgres_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, asyncpg.PostgresError)
    if is_database_away(error):
        return await _on_database_away(request, error)
    return await on_surprise(request, error)


async def on_surprise(request: Request, error: Exception) -> Response:
    """What nobody foresaw: logged whole, told in one sentence."""
    log.error("unexpected_error", path=request.url.path, exc_info=error)
    return problem_response(
        request, FollowingError("Something went wrong inside; the request id finds it in the logs.")
    )


def _render(body: Problem, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(body.model_dump(exclude_none=True)), body.status, headers, CONTENT_TYPE)
