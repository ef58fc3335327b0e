"""One exchange of JSON with an outside service, its failures told in our errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from cluster.errors import FollowingError, Retryable, UpstreamMalformed, UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_TIMEOUT_S = 10.0
CONNECTIONS_MAX = 32
ANSWER_BYTES_MAX = 64 * 1024 * 1024
MESSAGE_CHARS_MAX = 200
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_REFUSALS = {
    400: "the request was not understood; the service may have changed its interface",
    401: "check the key",
    402: "the account is out of money; top it up",
    403: "the key may not do that; check its permissions and plan",
    404: "no such thing there",
    422: "the request was refused as invalid",
}


class NotActedOn(UpstreamUnavailable):
    """No connection came about, or the service put the call off (429): nothing was done, so repeating it is safe."""


def open_client(base_url: str, headers: Mapping[str, str], *, read_timeout_s: float) -> httpx.AsyncClient:
    """A client for one service. It repeats nothing itself; proxies of the environment do not apply to loopback."""
    return httpx.AsyncClient(
        base_url=base_url,
        headers={**headers, "Accept": "application/json", "User-Agent": "following/0.1"},
        timeout=httpx.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        trust_env=(urlsplit(base_url).hostname or "") not in _LOOPBACK,
    )


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """A successful answer. body is None for 204."""

    status: int
    body: Any


class JsonService:
    """JSON calls to one outside service.

    Raises NotActedOn, UpstreamUnavailable (no answer, 408, 429, 5xx), UpstreamRefused (other 4xx), UpstreamMalformed. Each
    has the service in its context, and the HTTP status as upstream_status where there is one; none has the key.
    """

    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        self.name = name
        self._client = client

    async def call(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None
    ) -> JsonAnswer:
        """One request and its whole answer, at most ANSWER_BYTES_MAX."""
        try:
            async with self._client.stream(method, path, params=query, json=body) as response:
                content = await self._read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            message = f"{self.name} cannot be reached; check its address and this machine's network."
            raise NotActedOn(message, service=self.name, reason=_reason(error)) from error
        except httpx.TimeoutException as error:
            message = f"{self.name} did not answer in time."
            raise UpstreamUnavailable(message, service=self.name, reason=_reason(error)) from error
        except httpx.TransportError as error:
            message = f"{self.name} broke the connection."
            raise UpstreamUnavailable(message, service=self.name, reason=_reason(error)) from error
        except httpx.DecodingError as error:
            message = f"{self.name}'s answer cannot be unpacked."
            raise UpstreamMalformed(message, service=self.name, reason=_reason(error)) from error
        if not response.is_success:
            raise self._failure(response, content)
        body = None if response.status_code == httpx.codes.NO_CONTENT else self.parse(content)
        return JsonAnswer(response.status_code, body)

    def parse(self, content: bytes | str) -> Any:
        """JSON in which lone surrogates and repeated keys are tolerated; raises UpstreamMalformed."""
        try:
            return json.loads(content, parse_constant=lambda _: None)  # NaN and Infinity are no JSON
        except (ValueError, RecursionError) as error:
            message = f"{self.name}'s answer is not whole JSON; it may have been cut off."
            raise UpstreamMalformed(
                message, service=self.name, size_bytes=len(content), reason=_reason(error)
            ) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _read(self, response: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > ANSWER_BYTES_MAX:
                message = f"{self.name}'s answer is too large."
                raise UpstreamMalformed(message, service=self.name, size_bytes_max=ANSWER_BYTES_MAX)
        return bytes(content)

    def _failure(self, response: httpx.Response, content: bytes) -> FollowingError:
        status = response.status_code
        context: dict[str, Any] = {"service": self.name, "upstream_status": status}
        if said := _error_message(content):
            context["said"] = said
        if status in (408, 429) or status >= 500:
            after_s = retry_after_s(response.headers.get("Retry-After"))
            if after_s is not None:
                context["retry_after_s"] = after_s
            if status == 429:
                return NotActedOn(f"{self.name} allows no more calls for now.", **context)
            return UpstreamUnavailable(f"{self.name} is not well.", **context)
        if status < 400:
            return UpstreamMalformed(f"{self.name} redirects; check its address.", **context)
        remedy = _REFUSALS.get(status, "the request was refused")
        return UpstreamRefused(f"{self.name} refused the call: {remedy}.", **context)


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds in a Retry-After header, given as seconds or as an HTTP date (RFC 9110, 10.2.3)."""
    value = (header or "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def asked_wait_s(error: Exception) -> float | None:
    """The wait an error asks for in so many words, in seconds."""
    asked = error.context.get("retry_after_s") if isinstance(error, Retryable) else None
    return None if asked is None else float(asked)


def _reason(error: Exception) -> str:
    """An error in a few words; httpx quotes headers, hence the key, in those about our own request."""
    said = "" if isinstance(error, httpx.LocalProtocolError) else f": {error}"
    return f"{type(error).__name__}{said}"[:MESSAGE_CHARS_MAX]


def _error_message(content: bytes) -> str | None:
    """The text of {"error": {"type", "message"}} or {"message"}."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    inner = body.get("error", body) if isinstance(body, dict) else None
    said = inner.get("message") if isinstance(inner, dict) else inner
    return said[:MESSAGE_CHARS_MAX] if isinstance(said, str) else None
