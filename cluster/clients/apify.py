"""Apify: runs of its Instagram scrapers, started once, taken over after a crash, read when they are done.

A run costs money from its start, so a start is repeated only when the service cannot have acted on it, and the run's id is
handed out before anything else happens.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster.clients.items import parse_apify_profile, parse_comment_items
from cluster.clients.json_http import JsonService, NotActedOn, open_client
from cluster.clients.values import mapping
from cluster.errors import (
    CreatorNotFound,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cluster.records import Comment, Profile
    from cluster.resilience import Policy
    from cluster.settings import ApifySettings

    OnRunStarted = Callable[[str], Awaitable[None]]

FIRST_POLL_S = 0.05  # then doubling up to poll_interval_s
_GOING = frozenset({"READY", "RUNNING", "TIMING-OUT", "ABORTING"})
_WORD = re.compile(r"[A-Za-z0-9_-]{1,30}")  # an id or a status; it becomes part of a path
_READS = (UpstreamUnavailable, UpstreamMalformed)


class RunUnfinished(UpstreamUnavailable):
    """The scraper run goes on past our waiting time; try again with its run_id to take it over."""


class RunLost(UpstreamUnavailable):
    """The scraper run ended without a result."""


@dataclass(frozen=True, slots=True)
class Run:
    """A scraper run as Apify reports it."""

    id: str
    status: str
    dataset_id: str


class ApifyClient:
    """The two scrapers the product uses. Raises the errors of JsonService, RunUnfinished and RunLost."""

    def __init__(self, settings: ApifySettings, policy: Policy) -> None:
        """settings.token must be set; policy repeats reads, and starts that never reached the service."""
        assert settings.token is not None
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._service = JsonService(
            "apify", open_client(settings.base_url, headers, read_timeout_s=settings.request_timeout_s)
        )
        self._settings = settings
        self._policy = policy

    async def profile(self, username: str, *, run_id: str | None, on_run_started: OnRunStarted) -> Profile:
        """One creator; run_id is a run to take over. Raises CreatorNotFound, which is an answer."""
        actor_input = {"usernames": [username]}
        items = await self._items(self._settings.profile_actor, actor_input, 1, run_id, on_run_started)
        if not items:
            raise CreatorNotFound(username=username)
        profile = parse_apify_profile(items[0])
        if profile.username != username:
            message = "apify answered for another account."
            raise UpstreamMalformed(message, service="apify", asked=username, answered=profile.username)
        return profile

    async def comments(
        self, shortcodes: Sequence[str], *, run_id: str | None, on_run_started: OnRunStarted
    ) -> dict[str, tuple[Comment, ...]]:
        """The newest comments of each post, by its short code; at most comments_per_post of each."""
        per_post = self._settings.comments_per_post
        urls = [f"https://www.instagram.com/p/{shortcode}/" for shortcode in shortcodes]
        actor_input = {"directUrls": urls, "resultsLimit": per_post}
        items_max = per_post * len(urls)
        items = await self._items(self._settings.comment_actor, actor_input, items_max, run_id, on_run_started)
        return parse_comment_items(items)

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    async def _items(
        self,
        actor: str,
        actor_input: dict[str, Any],
        items_max: int,
        run_id: str | None,
        on_run_started: OnRunStarted,
    ) -> list[Any]:
        """The result of the run given, or of a new one where that one is gone or ended badly."""
        if run_id is not None:
            try:
                return await self._result(run_id, items_max)
            except (RunLost, UpstreamRefused) as error:
                if isinstance(error, UpstreamRefused) and error.context.get("upstream_status") != 404:
                    raise
        run = await self._start(actor, actor_input, items_max)
        await on_run_started(run.id)
        return await self._result(run.id, items_max)

    async def _start(self, actor: str, actor_input: dict[str, Any], items_max: int) -> Run:
        query = {
            "timeout": max(1, round(self._settings.run_timeout_s)),
            "memory": self._settings.memory_mb,
            "maxItems": items_max,
        }

        path = f"/v2/acts/{actor}/runs"
        answer = await self._policy.retry_on(
            (NotActedOn,), self._service.call, "POST", path, query=query, body=actor_input
        )
        return _run(answer.body)

    async def _result(self, run_id: str, items_max: int) -> list[Any]:
        """Poll until the run has ended, then read its dataset."""
        try:
            async with asyncio.timeout(self._settings.run_timeout_s):
                run = await self._poll(run_id)
        except TimeoutError as error:
            waited_s = self._settings.run_timeout_s
            raise RunUnfinished(service="apify", run_id=run_id, waited_s=waited_s) from error
        if run.status != "SUCCEEDED":
            raise RunLost(service="apify", run_id=run_id, run_status=run.status)
        return await self._policy.retry_on(_READS, self._dataset, run.dataset_id, items_max)

    async def _poll(self, run_id: str) -> Run:
        """Ends with the run; the caller bounds the time."""
        pause_s = FIRST_POLL_S
        while True:
            run = await self._policy.retry_on(_READS, self._run, run_id)
            if run.status not in _GOING:
                return run
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._settings.poll_interval_s)

    async def _run(self, run_id: str) -> Run:
        return _run((await self._service.call("GET", f"/v2/actor-runs/{run_id}")).body)

    async def _dataset(self, dataset_id: str, items_max: int) -> list[Any]:
        query = {"format": "json", "limit": items_max}
        items = (await self._service.call("GET", f"/v2/datasets/{dataset_id}/items", query=query)).body
        if not isinstance(items, list):
            raise UpstreamMalformed("apify's dataset is not a list.", service="apify", found=type(items).__name__)
        return items


def _run(body: Any) -> Run:
    data = mapping(mapping(body).get("data"))
    found = [data.get(key) for key in ("id", "status", "defaultDatasetId")]
    words = [value for value in found if isinstance(value, str) and _WORD.fullmatch(value)]
    if len(words) != len(found):
        raise UpstreamMalformed("apify's answer describes no run.", service="apify", keys=sorted(data)[:10])
    return Run(*words)
