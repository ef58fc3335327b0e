"""Decodo, the fallback source: one synchronous scrape for each lookup.

Its asynchronous tasks are left aside: a scrape that fails costs nothing, so there is no run whose id would be worth keeping.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from cluster.clients.items import parse_decodo_profile
from cluster.clients.json_http import JsonService, open_client
from cluster.clients.values import mapping, sequence
from cluster.errors import CreatorNotFound, UpstreamMalformed, UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from cluster.records import Profile
    from cluster.resilience import Policy
    from cluster.settings import DecodoSettings

_OK = 200


class DecodoClient:
    """Reads a public profile through Decodo. Raises the errors of JsonService."""

    def __init__(self, settings: DecodoSettings, policy: Policy) -> None:
        """The settings must hold the Basic credential or a user name with its password."""
        credential = basic_credential(settings)
        assert credential is not None
        client = open_client(
            settings.base_url, {"Authorization": f"Basic {credential}"}, read_timeout_s=settings.timeout_s
        )
        self._service = JsonService("decodo", client)
        self._settings = settings
        self._policy = policy

    async def profile(self, username: str) -> Profile:
        """One creator, without comments, within timeout_s for all attempts together. Raises CreatorNotFound."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                errors = (UpstreamUnavailable, UpstreamMalformed)
                return await self._policy.retry_on(errors, self._scrape, username)
        except TimeoutError as error:
            message = "decodo did not answer in time."
            raise UpstreamUnavailable(message, service="decodo", waited_s=self._settings.timeout_s) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    async def _scrape(self, username: str) -> Profile:
        body = {"target": "instagram_graphql_profile", "query": username}
        answer = await self._service.call("POST", "/v2/scrape", body=body)
        if answer.body is None:  # 204
            raise UpstreamUnavailable("decodo's result is not ready.", service="decodo", upstream_status=answer.status)
        try:
            profile = parse_decodo_profile(self._content(answer.body, username))
        except CreatorNotFound as error:
            raise CreatorNotFound(username=username) from error
        if profile.username != username:
            message = "decodo answered for another account."
            raise UpstreamMalformed(message, service="decodo", asked=username, answered=profile.username)
        return profile

    def _content(self, body: Any, username: str) -> Any:
        """The content of the first result, which is an object or JSON in a string."""
        results = sequence(mapping(body).get("results"))
        result = mapping(results[0]) if results else {}
        content, status = result.get("content"), result.get("status_code", _OK)
        if status == 404:
            raise CreatorNotFound(username=username)
        if status != _OK:
            raise _target_failure(status)
        content = self._service.parse(content) if isinstance(content, str) else content
        if not isinstance(content, dict):
            raise UpstreamMalformed("decodo's answer has no content.", service="decodo", found=type(content).__name__)
        return content


def basic_credential(settings: DecodoSettings) -> str | None:
    """The value after `Basic`: the key as given, or made of NAME:PASSWORD; None when neither is set."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    if settings.username and settings.password and not key:
        key = f"{settings.username}:{settings.password.get_secret_value()}"
    if not key:
        return None
    return base64.b64encode(key.encode()).decode() if ":" in key else key


def _target_failure(status: object) -> UpstreamUnavailable | UpstreamRefused:
    """What Instagram answered Decodo."""
    message = "Instagram did not answer decodo."
    if isinstance(status, int) and status < 500 and status not in (401, 403, 408, 429):
        return UpstreamRefused(message, service="decodo", upstream_status=status)
    # Instagram turns single scrapers away with 401 and 403; the next attempt comes from elsewhere.
    return UpstreamUnavailable(message, service="decodo", target_status=status)
