"""Request ids, body limits and problem details, over a small real application."""

from __future__ import annotations

from typing import Annotated

import httpx
import pytest
from fastapi import Body, FastAPI

from api import problems
from api.middleware import BodyLimit, RequestScope
from cluster.errors import CircuitOpen, CreatorNotFound, Unauthenticated

pytestmark = pytest.mark.anyio
BYTES_MAX = 1_000


@pytest.fixture
async def client():
    app = FastAPI()
    problems.install(app)
    app.add_middleware(BodyLimit, bytes_max=BYTES_MAX)
    app.add_middleware(RequestScope)

    @app.get("/missing")
    async def missing():
        raise CreatorNotFound(username="nobody")

    @app.get("/busy")
    async def busy():
        raise CircuitOpen(retry_after_s=2.2)

    @app.get("/secret")
    async def secret():
        raise Unauthenticated

    @app.get("/broken")
    async def broken():
        raise ZeroDivisionError

    @app.post("/count")
    async def count(numbers: Annotated[list[int], Body()]):
        return len(numbers)

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def test_an_error_becomes_problem_details_with_its_code_and_request_id(client):
    answer = await client.get("/missing", headers={"X-Request-ID": "abcdef0123456789"})

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"] == "abcdef0123456789"
    body = answer.json()
    assert (body["code"], body["status"], body["instance"]) == ("creator_not_found", 404, "/missing")
    assert "nobody" in body["detail"]
    assert body["request_id"] == "abcdef0123456789"


async def test_a_strange_request_id_is_replaced(client):
    answer = await client.get("/missing", headers={"X-Request-ID": "<script>"})

    assert answer.headers["X-Request-ID"] != "<script>"


async def test_a_retryable_error_says_when_to_come_back(client):
    answer = await client.get("/busy")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")


async def test_an_unauthenticated_call_is_told_the_scheme(client):
    assert (await client.get("/secret")).headers["WWW-Authenticate"] == "Bearer"


async def test_an_unexpected_error_tells_nothing_of_the_inside(client):
    answer = await client.get("/broken")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    assert "ZeroDivision" not in answer.text


async def test_an_unknown_route_and_a_wrong_method_are_problems_too(client):
    assert (await client.get("/nowhere")).json()["code"] == "not_found"
    assert (await client.delete("/busy")).json()["code"] == "method_not_allowed"


async def test_a_bad_body_names_the_value(client):
    answer = await client.post("/count", json=["x"])

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "body.0" in answer.json()["detail"]


async def test_a_body_over_the_limit_is_refused_unread(client):
    answer = await client.post("/count", content=b"1" * (BYTES_MAX + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")


async def test_a_body_that_grows_past_the_limit_is_not_read_on(client):
    async def endless():
        for _ in range(50):
            yield b"[1],"[:4] * 20

    answer = await client.post("/count", content=endless())

    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")
