"""Who is calling: Supabase-compatible access tokens, checked before anything else happens."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import jwt
from jwt import PyJWKSet

from api import local_issuer
from cluster import telemetry
from cluster.errors import Unauthenticated, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster.settings import AuthSettings, Settings

TOKEN_LENGTH_MAX = 8_192
JWKS_TIMEOUT_S = 5.0
JWKS_REFETCH_S_MIN = 30.0  # while there are keys, an unknown key id asks the server again at most this often
JWKS_RETRY_S_MIN = 2.0  # while there are none
ASYMMETRIC = frozenset({"ES256", "RS256"})
SERVICE_ROLE = "service_role"
TOKEN_ROLES = frozenset({"authenticated", SERVICE_ROLE})

log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified sender of a request. user_id is None for a service token, which belongs to nobody."""

    user_id: UUID | None
    token_role: str
    claims: Mapping[str, Any] = field(repr=False)


class TokenVerifier:
    """Checks signature, issuer, audience and times; the algorithm is pinned to the key, never read from the token.

    Three kinds of keys: the local issuer's, a shared HS256 secret (older Supabase projects), or the project's JWKS.
    """

    def __init__(self, settings: Settings, http: httpx.AsyncClient | None = None) -> None:
        self._settings: AuthSettings = settings.auth
        self._home = settings.home
        self._jwks = (
            None if self._is_symmetric else JwksCache(f"{self._issuer}/.well-known/jwks.json", self._settings, http)
        )

    async def verify(self, token: str) -> Caller:
        """The caller behind a token.

        Raises Unauthenticated (what is wrong, never the token) or Unavailable when the keys cannot be fetched.
        """
        if not token or len(token) > TOKEN_LENGTH_MAX:
            raise Unauthenticated
        try:
            header = jwt.get_unverified_header(token)
            key, algorithm = await self._key_for(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._issuer,
                leeway=self._settings.leeway_s,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"The access token is not valid: {error}.") from error
        return caller_of(claims)

    async def close(self) -> None:
        """Close the connection to the key server."""
        if self._jwks is not None:
            await self._jwks.close()

    async def _key_for(self, header: Mapping[str, Any]) -> tuple[Any, str]:
        algorithm = header.get("alg")
        if self._jwks is None:
            if algorithm != local_issuer.ALGORITHM:
                raise Unauthenticated("The access token is signed with an algorithm that is not accepted here.")
            return self._shared_secret(), local_issuer.ALGORITHM
        key = await self._jwks.key(str(header.get("kid", "")))
        if key.algorithm_name not in ASYMMETRIC or algorithm != key.algorithm_name:
            raise Unauthenticated("The access token's algorithm does not fit its key.")
        return key, key.algorithm_name

    def _shared_secret(self) -> str:
        if self._settings.url and self._settings.jwt_secret:
            return self._settings.jwt_secret.get_secret_value()
        return local_issuer.local_key(self._home)

    @property
    def _is_symmetric(self) -> bool:
        return not self._settings.url or self._settings.jwt_secret is not None

    @property
    def _issuer(self) -> str:
        return f"{self._settings.url.rstrip('/')}/auth/v1" if self._settings.url else local_issuer.ISSUER


class JwksCache:
    """A project's public keys, fetched once and again when they age or an unknown key id appears."""

    def __init__(self, url: str, settings: AuthSettings, http: httpx.AsyncClient | None) -> None:
        self._url = url
        self._ttl_s = settings.jwks_ttl_s
        self._http = http or httpx.AsyncClient(timeout=JWKS_TIMEOUT_S)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK:
        """The key of that id. Raises Unauthenticated for an unknown id, Unavailable when there are no keys to look in."""
        if not self._has(key_id):
            async with self._lock:
                now = time.monotonic()
                pause_s = JWKS_REFETCH_S_MIN if self._keys else JWKS_RETRY_S_MIN
                if not self._has(key_id) and now - self._tried_at > pause_s:
                    self._tried_at = now
                    await self._fetch()
        if not self._keys:
            raise Unavailable("The sign-in service's keys cannot be fetched.", url=self._url)
        if key_id not in self._keys:
            raise Unauthenticated("The access token's key is unknown.")
        return self._keys[key_id]

    async def close(self) -> None:
        """Close the connection to the key server."""
        await self._http.aclose()

    def _has(self, key_id: str) -> bool:
        return key_id in self._keys and time.monotonic() - self._fetched_at <= self._ttl_s

    async def _fetch(self) -> None:
        """Read the keys; those known already go on working while the key server is away."""
        try:
            answer = (await self._http.get(self._url)).raise_for_status()
            keys = PyJWKSet.from_dict(answer.json()).keys
        except (httpx.HTTPError, ValueError, AttributeError, TypeError, jwt.PyJWTError) as error:
            log.warning("signing_keys_away", url=self._url, error=repr(error))
            return
        self._keys = {key.key_id: key for key in keys if key.key_id}
        self._fetched_at = time.monotonic()


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The sender whose claims these are; they have been verified. Raises Unauthenticated where they name nobody."""
    role = claims.get("role", "authenticated")
    if role not in TOKEN_ROLES:
        raise Unauthenticated("The access token belongs to no signed-in user.")
    if role == SERVICE_ROLE:
        return Caller(None, role, claims)
    try:
        return Caller(UUID(str(claims["sub"])), role, claims)
    except ValueError as error:
        raise Unauthenticated("The access token's subject is not a user id.") from error
