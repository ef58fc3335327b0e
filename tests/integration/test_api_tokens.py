"""Tokens over HTTP: every kind that is not let in, and where a token may stand."""

from __future__ import annotations

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from api.local_issuer import ISSUER, local_key, local_user_id

pytestmark = pytest.mark.anyio
ME = "/api/v1/auth/me"


def claims(user, **changes):
    now = int(time.time())
    base = {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": str(local_user_id(user)),
        "role": "authenticated",
        "iat": now,
        "exp": now + 60,
    }
    return {key: value for key, value in (base | changes).items() if value is not None}


def unsigned(user):
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none", "typ": "JWT"}, claims(user))
    )
    return f"{head}.{body}."


def nested():
    head = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 5_000).decode().rstrip("=")
    return f"{head}.e30.x"


FORGERIES = {
    "expired": lambda key: jwt.encode(claims("x", exp=int(time.time()) - 3600), key, algorithm="HS256"),
    "not yet": lambda key: jwt.encode(claims("x", nbf=int(time.time()) + 3600), key, algorithm="HS256"),
    "no expiry": lambda key: jwt.encode(claims("x", exp=None), key, algorithm="HS256"),
    "wrong key": lambda key: jwt.encode(claims("x"), "0" * 64, algorithm="HS256"),
    "wrong audience": lambda key: jwt.encode(claims("x", aud="somebody"), key, algorithm="HS256"),
    "wrong issuer": lambda key: jwt.encode(claims("x", iss="https://evil.test"), key, algorithm="HS256"),
    "anonymous role": lambda key: jwt.encode(claims("x", role="anon"), key, algorithm="HS256"),
    "database role": lambda key: jwt.encode(claims("x", role="postgres"), key, algorithm="HS256"),
    "no user id": lambda key: jwt.encode(claims("x", sub="1"), key, algorithm="HS256"),
    "another algorithm": lambda key: jwt.encode(claims("x"), key * 2, algorithm="HS512"),
    "asymmetric": lambda key: jwt.encode(claims("x"), rsa.generate_private_key(65537, 2048), algorithm="RS256"),
    "alg none": lambda key: unsigned("x"),
    "cut off": lambda key: jwt.encode(claims("x"), key, algorithm="HS256")[:-4],
    "nested": lambda key: nested(),
    "words": lambda key: "open sesame",
    "huge": lambda key: "a" * 60_000,
}


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_token_that_is_not_valid_is_refused_and_not_repeated(api, client, kind):
    token = FORGERIES[kind](local_key(api.settings.home))

    answer = await client.get(ME, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert token not in answer.text


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Bearer",
        b"Basic YWxpY2U6c2VjcmV0",
        b"Digest x",
        b"Token x",
        b"Bearer \xff\xfe\xfd",
        b"\xff\xfe",
        "Bearer é.é.é".encode(),
        b"Bearer a.b.c",
        b"Bearer a b c",
        b"bearer\tx",
    ],
)
async def test_a_header_that_is_no_bearer_token_is_refused(client, header):
    answer = await client.get(ME, headers={"Authorization": header})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("parameter", ["token", "access_token", "authorization", "ticket"])
@pytest.mark.parametrize("path", [ME, "/api/v1/search/creator/some.creator/events"])
async def test_a_token_in_the_url_is_no_token(client, name, path, parameter):
    answer = await client.get(path, params={parameter: client.token(name)})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_token_in_a_cookie_is_no_token(client, name):
    answer = await client.get(
        ME, headers={"Cookie": f"token={client.token(name)}; sb-access-token={client.token(name)}"}
    )

    assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_schemes_case_does_not_matter(client, name, scheme):
    answer = await client.get(ME, headers={"Authorization": f"{scheme} {client.token(name)}"})

    assert answer.json() == {"user_id": str(local_user_id(name)), "email": f"{name}@local.test", "role": "free"}


async def test_a_role_in_the_users_own_metadata_gives_nothing(api, client, name):
    """Users edit user_metadata themselves."""
    body = claims(name, user_metadata={"role": "admin"}, app_metadata={"role": "admin"})
    token = jwt.encode(body, local_key(api.settings.home), algorithm="HS256")

    answer = await client.get(ME, headers={"Authorization": f"Bearer {token}"})

    assert answer.json()["role"] == "free"


async def test_public_routes_answer_whatever_the_token_is(client):
    answer = await client.get("/api/health/live", headers={"Authorization": "Bearer nonsense"})

    assert answer.status_code == 200
