"""Where profiles come from: Apify first, Decodo when Apify fails, each behind its own circuit breaker."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import structlog

from cluster.clients.apify import ApifyClient, RunUnfinished
from cluster.clients.decodo import DecodoClient, basic_credential
from cluster.clients.json_http import NotActedOn, asked_wait_s
from cluster.errors import (
    CircuitOpen,
    FollowingError,
    Unavailable,
    UpstreamError,
    UpstreamMalformed,
    UpstreamUnavailable,
)
from cluster.resilience import CircuitBreaker, policies_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    from cluster.records import Post, Profile
    from cluster.resilience import BreakerSnapshot, Policy
    from cluster.settings import Settings

    OnRunStarted = Callable[[str], Awaitable[None]]

COMMENTED_POSTS_MAX = 12
RETRY_AFTER_DEFAULT_S = 30.0
_RUNS_JOINED_BY = "+"
_FAILURES = (Unavailable, UpstreamError)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A creator as the upstream shows it now; profile.source says who answered.

    run_id names the scraper runs behind it (None when Decodo answered); degraded says what is missing and why.
    """

    profile: Profile
    run_id: str | None = None
    degraded: tuple[str, ...] = ()


class ProfileSources:
    """Fetches creators with the fallback order of design.md. One event loop; one instance a process."""

    def __init__(self, apify: ApifyClient | None, decodo: DecodoClient | None, policy: Policy) -> None:
        """None stands for a source that has no key."""
        self._apify = apify
        self._decodo = decodo
        self._apify_breaker = CircuitBreaker("apify", policy)
        self._comments_breaker = CircuitBreaker("apify_comments", policy)
        self._decodo_breaker = CircuitBreaker("decodo", policy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def fetch(
        self, username: str, *, run_id: str | None = None, on_run_started: OnRunStarted | None = None
    ) -> Fetched:
        """The creator with posts and, where they can be had, comments.

        run_id is what on_run_started was last given by an earlier attempt, whose runs are then taken over instead of
        paid for again. on_run_started is awaited before a run is waited for, and may be awaited twice.
        Raises CreatorNotFound; RunUnfinished, which asks for another attempt with its run_id (once: a run still going
        after a second wait counts as failed); UpstreamUnavailable, with the causes, when no source answers; what
        on_run_started raised.
        """
        try:
            return await self._fetch(username, _Runs.parse(run_id, on_run_started))
        except _NotRecorded as error:
            raise (error.__cause__ or error) from None

    async def _fetch(self, username: str, runs: _Runs) -> Fetched:
        is_second_wait = runs.profile is not None
        causes: list[FollowingError] = []
        try:
            profile = await self._from_apify(username, runs)
        except RunUnfinished as error:
            if not is_second_wait:
                raise
            causes.append(error)
        except _FAILURES as error:
            causes.append(error)
        else:
            return await self._with_comments(profile, runs)
        return await self._from_decodo(username, causes)

    def states(self) -> dict[str, BreakerSnapshot]:
        """Each circuit breaker as it stands."""
        breakers = (self._apify_breaker, self._comments_breaker, self._decodo_breaker)
        return {breaker.name: breaker.snapshot() for breaker in breakers}

    async def close(self) -> None:
        """Close all connections."""
        for client in (self._apify, self._decodo):
            if client is not None:
                await client.close()

    async def _from_apify(self, username: str, runs: _Runs) -> Profile:
        if self._apify is None:
            raise _NoKey("apify has no key; set APIFY_TOKEN.", service="apify")
        with self._apify_breaker.guard(not_the_service=(_NotRecorded,)):
            return await self._apify.profile(username, run_id=runs.profile, on_run_started=runs.profile_started)

    async def _from_decodo(self, username: str, causes: list[FollowingError]) -> Fetched:
        """The fallback's answer, marked as such, or the error that tells why neither source answered."""
        log.warning("source_failed", source="apify", username=username, error=str(causes[0]))
        try:
            if self._decodo is None:
                raise _NoKey("decodo has no key; set DECODO_API_KEY.", service="decodo")
            with self._decodo_breaker.guard():
                profile = await self._decodo.profile(username)
        except _FAILURES as error:
            log.warning("source_failed", source="decodo", username=username, error=str(error))
            causes.append(error)
            waits_s = [wait_s for wait_s in map(asked_wait_s, causes) if wait_s is not None]
            raise UpstreamUnavailable(
                username=username,
                causes=tuple(map(_cause, ("apify", "decodo"), causes)),
                retry_after_s=min(waits_s, default=RETRY_AFTER_DEFAULT_S),
            ) from error
        notes = [f"source: decodo stood in ({_cause('apify', causes[0])})"]
        if _without_comments(profile.posts):
            notes.append("comments: missing (decodo has none)")
        return Fetched(profile, degraded=tuple(notes))

    async def _with_comments(self, profile: Profile, runs: _Runs) -> Fetched:
        """A creator without its comments is worth more than none."""
        notes: tuple[str, ...] = ()
        if not profile.is_private:
            try:
                profile = replace(profile, posts=await self._commented(profile.posts, runs))
            except _FAILURES as error:
                log.warning("comments_failed", username=profile.username, error=str(error))
                notes = (f"comments: missing ({_cause('apify', error)})",)
        return Fetched(profile, run_id=runs.text, degraded=notes)

    async def _commented(self, posts: Sequence[Post], runs: _Runs) -> tuple[Post, ...]:
        shortcodes = _without_comments(posts)
        if not shortcodes:
            return tuple(posts)
        if self._apify is None:
            raise _NoKey("apify has no key; set APIFY_TOKEN.", service="apify")
        with self._comments_breaker.guard(not_the_service=(_NotRecorded,)):
            found = await self._apify.comments(shortcodes, run_id=runs.comments, on_run_started=runs.comments_started)
        return tuple(replace(post, comments=post.comments or found.get(post.shortcode, ())) for post in posts)


def open_sources(settings: Settings) -> ProfileSources:
    """The sources that have keys; `following up` sets the keys and addresses of the simulator."""
    policy = policies_of(settings.resilience).upstream
    apify = ApifyClient(settings.apify, policy) if settings.apify.token else None
    decodo = DecodoClient(settings.decodo, policy) if basic_credential(settings.decodo) else None
    return ProfileSources(apify, decodo, policy)


def _cause(service: str, error: FollowingError) -> str:
    """Why a source gave nothing, in words fit for the product's users; the log has the whole error."""
    if (status := error.context.get("upstream_status")) is not None:
        return f"{service}: HTTP {status}"
    for kind, words in _IN_WORDS.items():
        if isinstance(error, kind):
            return f"{service}: {words}"
    if (status := error.context.get("run_status")) is not None:
        return f"{service}: run {status}"
    return f"{service}: no answer"


class _NoKey(UpstreamUnavailable):
    """The source has no key."""


_IN_WORDS: dict[type[FollowingError], str] = {
    CircuitOpen: "paused after repeated failures",
    RunUnfinished: "still running",
    NotActedOn: "no connection",
    UpstreamMalformed: "unreadable answer",
    _NoKey: "no key",
}


class _NotRecorded(FollowingError):
    """The caller could not keep the run's id; its own error is the cause."""


@dataclass(slots=True)
class _Runs:
    """The scraper runs of one fetch; as text PROFILE or PROFILE+COMMENTS."""

    profile: str | None = None
    comments: str | None = None
    on_started: OnRunStarted | None = field(default=None)

    @classmethod
    def parse(cls, text: str | None, on_started: OnRunStarted | None) -> Self:
        profile, _, comments = (text or "").partition(_RUNS_JOINED_BY)
        return cls(profile or None, comments or None, on_started)

    @property
    def text(self) -> str | None:
        return _RUNS_JOINED_BY.join(run for run in (self.profile, self.comments) if run) or None

    async def profile_started(self, run_id: str) -> None:
        self.profile, self.comments = run_id, None  # other posts, other comments
        await self._tell()

    async def comments_started(self, run_id: str) -> None:
        self.comments = run_id
        await self._tell()

    async def _tell(self) -> None:
        if self.on_started is None or self.text is None:
            return
        try:
            await self.on_started(self.text)
        except Exception as error:
            raise _NotRecorded from error


def _without_comments(posts: Sequence[Post]) -> list[str]:
    """Short codes of the newest posts that should have comments and do not show them."""
    newest = posts[:COMMENTED_POSTS_MAX]
    return [
        post.shortcode
        for post in newest
        if not post.comments and not post.comments_disabled and post.comments_count != 0
    ]
