"""Tokens that are let in, and every kind that is not."""

from __future__ import annotations

import json
import time
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.auth import TokenVerifier
from api.local_issuer import ISSUER, issue_token, local_key, local_user_id
from cluster.errors import SetupError, Unauthenticated, Unavailable
from cluster.settings import Settings

pytestmark = pytest.mark.anyio
PROJECT = "https://project.supabase.test"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    for name in ("SUPABASE_URL", "SUPABASE_JWT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return Settings.load(tmp_path)


@pytest.fixture
def supabase(tmp_path, monkeypatch):
    monkeypatch.setenv("SUPABASE_URL", PROJECT)
    return Settings.load(tmp_path)


def claims(**changes):
    now = int(time.time())
    base = {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": str(uuid4()),
        "role": "authenticated",
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def local(settings, **changes):
    return jwt.encode(claims(**changes), local_key(settings.home), algorithm="HS256")


async def test_a_local_token_names_the_same_user_every_time(settings):
    caller = await TokenVerifier(settings).verify(issue_token(settings, "alice"))

    assert caller.user_id == local_user_id("alice")


async def test_the_key_file_is_readable_by_its_owner_only(settings):
    local_key(settings.home)

    assert (settings.home / "token.key").stat().st_mode & 0o777 == 0o600


async def test_the_local_issuer_is_off_with_supabase(supabase):
    with pytest.raises(SetupError):
        issue_token(supabase)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"aud": "somebody-else"},
        {"aud": None},
        {"iss": "https://evil.test/auth/v1"},
        {"role": "anon"},
        {"role": "postgres"},
        {"sub": "not-a-uuid"},
        {"sub": None},
        {"iat": int(time.time()) + 3600},
    ],
)
async def test_tokens_with_wrong_claims_are_refused(settings, changes):
    with pytest.raises(Unauthenticated):
        await TokenVerifier(settings).verify(local(settings, **changes))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 40, "a" * 9_000])
async def test_what_is_no_token_is_refused(settings, token):
    with pytest.raises(Unauthenticated):
        await TokenVerifier(settings).verify(token)


async def test_a_token_of_another_key_is_refused(settings):
    token = jwt.encode(claims(), "0" * 64, algorithm="HS256")

    with pytest.raises(Unauthenticated):
        await TokenVerifier(settings).verify(token)


async def test_an_unsigned_token_is_refused(settings):
    token = jwt.encode(claims(), "", algorithm="none")

    with pytest.raises(Unauthenticated):
        await TokenVerifier(settings).verify(token)


async def test_an_audience_list_is_accepted(settings):
    caller = await TokenVerifier(settings).verify(local(settings, aud=["other", "authenticated"]))

    assert caller.user_id is not None


async def test_a_service_token_belongs_to_nobody(settings):
    caller = await TokenVerifier(settings).verify(local(settings, role="service_role"))

    assert caller.token_role == "service_role"
    assert caller.user_id is None


class KeyServer:
    """A project's signing keys behind its JWKS route."""

    def __init__(self):
        self.private = {"ec-1": ec.generate_private_key(ec.SECP256R1()), "rsa-1": rsa.generate_private_key(65537, 2048)}
        self.is_up = True
        self.calls = 0

    def answer(self, request):
        self.calls += 1
        if not self.is_up:
            return httpx.Response(500)
        makers = {"ec-1": (jwt.algorithms.ECAlgorithm, "ES256"), "rsa-1": (jwt.algorithms.RSAAlgorithm, "RS256")}
        keys = [
            json.loads(maker.to_jwk(self.private[kid].public_key())) | {"kid": kid, "alg": algorithm, "use": "sig"}
            for kid, (maker, algorithm) in makers.items()
        ]
        return httpx.Response(200, json={"keys": keys})

    def token(self, kid, algorithm, **changes):
        body = claims(iss=f"{PROJECT}/auth/v1", **changes)
        return jwt.encode(body, self.private[kid], algorithm=algorithm, headers={"kid": kid})

    def client(self):
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer))


@pytest.mark.parametrize(("kid", "algorithm"), [("ec-1", "ES256"), ("rsa-1", "RS256")])
async def test_a_projects_asymmetric_tokens_are_verified_by_their_key_id(supabase, kid, algorithm):
    server = KeyServer()
    async with server.client() as http:
        caller = await TokenVerifier(supabase, http).verify(server.token(kid, algorithm))

    assert caller.user_id is not None


async def test_hs256_signed_with_the_public_key_is_refused(supabase):
    server = KeyServer()
    public = server.private["rsa-1"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = claims(iss=f"{PROJECT}/auth/v1")
    head = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "kid": "rsa-1", "typ": "JWT"}).encode())
    payload = jwt.utils.base64url_encode(json.dumps(body).encode())
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(head + b"." + payload, pem)
    token = b".".join((head, payload, jwt.utils.base64url_encode(signature))).decode()

    async with server.client() as http:
        with pytest.raises(Unauthenticated):
            await TokenVerifier(supabase, http).verify(token)


async def test_an_unknown_key_id_is_refused_without_hammering_the_key_server(supabase):
    server = KeyServer()
    token = server.token("ec-1", "ES256")
    forged = jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "nope"})
    async with server.client() as http:
        verifier = TokenVerifier(supabase, http)
        await verifier.verify(token)
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await verifier.verify(forged)

    assert server.calls == 1


async def test_known_keys_go_on_working_while_the_key_server_is_away(supabase):
    server = KeyServer()
    async with server.client() as http:
        verifier = TokenVerifier(supabase, http)
        await verifier.verify(server.token("ec-1", "ES256"))
        server.is_up = False
        verifier._jwks._fetched_at = float("-inf")

        assert (await verifier.verify(server.token("ec-1", "ES256"))).user_id is not None


async def test_without_any_key_the_answer_is_retryable(supabase):
    server = KeyServer()
    server.is_up = False
    async with server.client() as http:
        with pytest.raises(Unavailable):
            await TokenVerifier(supabase, http).verify(server.token("ec-1", "ES256"))


async def test_a_key_server_that_is_away_is_not_asked_by_every_request(supabase):
    server = KeyServer()
    server.is_up = False
    async with server.client() as http:
        verifier = TokenVerifier(supabase, http)
        for _ in range(5):
            with pytest.raises(Unavailable):
                await verifier.verify(server.token("ec-1", "ES256"))

    assert server.calls == 1


async def test_an_answer_of_the_key_server_that_is_no_key_set_is_retryable(supabase):
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=["not", "keys"]))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(Unavailable):
            await TokenVerifier(supabase, http).verify(KeyServer().token("ec-1", "ES256"))
