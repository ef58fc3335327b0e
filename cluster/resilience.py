"""Bounded retries and circuit breakers: one policy for each kind of service, with the figures of `ResilienceSettings`."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import stamina

from cluster.errors import CircuitOpen, FollowingError, Retryable
from cluster.settings import PolicySettings, ResilienceSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")

# Answers about the caller or the thing asked for, not about the service's health.
STATUSES_NOT_COUNTED = frozenset({401, 402, 404, 422})


@dataclass(frozen=True, slots=True)
class Policy:
    """How calls to one kind of service are repeated, and when its circuit opens.

    The pause before retry n is min(wait_s_max, wait_s_initial * growth ** (n - 1) + random(0, jitter_s)), as in stamina.
    """

    name: str
    figures: PolicySettings
    wait_s_initial: float
    growth: float
    jitter_s: float

    async def retry(
        self,
        function: Callable[P, Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Await function(*args, **kwargs) until it succeeds, at most attempts_max times, on Retryable errors."""
        return await self.retry_on((Retryable,), function, *args, **kwargs)

    async def retry_on(
        self,
        errors: tuple[type[Exception], ...],
        function: Callable[P, Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Like retry, for the errors named; the last error is raised when the attempts are used up.

        A service's Retry-After (context value retry_after_s) replaces the computed pause. One that asks for more than
        wait_s_max ends the retries: coming back earlier than asked only makes a limit last longer.
        """
        call = stamina.AsyncRetryingCaller(
            attempts=self.figures.attempts_max,
            timeout=None,  # attempts, pauses and each call's own time-out bound it
            wait_initial=self.wait_s_initial,
            wait_max=self.figures.wait_s_max,
            wait_jitter=self.jitter_s,
            wait_exp_base=self.growth,
        )
        return await call(lambda error: self._pause(error, errors), function, *args, **kwargs)

    def _pause(self, error: Exception, errors: tuple[type[Exception], ...]) -> bool | float:
        """Whether to try again (False: no); a number is the seconds to wait first."""
        if not isinstance(error, errors) or isinstance(error, CircuitOpen):
            return False
        asked_s = error.context.get("retry_after_s") if isinstance(error, Retryable) else None
        if asked_s is None:
            return True
        return float(asked_s) if asked_s <= self.figures.wait_s_max else False


_FIGURES = ResilienceSettings.model_construct()

DATABASE = Policy("database", _FIGURES.database, wait_s_initial=0.2, growth=2, jitter_s=0)
UPSTREAM = Policy("upstream", _FIGURES.upstream, wait_s_initial=0.5, growth=2, jitter_s=1)
MODEL = Policy("model", _FIGURES.model, wait_s_initial=1, growth=4, jitter_s=0.5)
# Linear: three attempts have two pauses, and x, 2x is a line as well as a doubling.
CACHE = Policy("cache", _FIGURES.cache, wait_s_initial=0.05, growth=2, jitter_s=0)


@dataclass(frozen=True, slots=True)
class Policies:
    """The four policies with one set of settings."""

    database: Policy
    upstream: Policy
    model: Policy
    cache: Policy


def policies_of(settings: ResilienceSettings) -> Policies:
    """The policies with the operator's figures in place of the defaults."""
    return Policies(
        database=replace(DATABASE, figures=settings.database),
        upstream=replace(UPSTREAM, figures=settings.upstream),
        model=replace(MODEL, figures=settings.model),
        cache=replace(CACHE, figures=settings.cache),
    )


class BreakerState(StrEnum):
    """Closed lets calls through, open refuses them, half-open lets one probe through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerSnapshot:
    """A breaker as health pages show it. failures: in a row; retry_in_s: until the probe may go, 0 unless open."""

    name: str
    state: BreakerState
    failures: int
    retry_in_s: float


class CircuitBreaker:
    """Leaves a failing service alone for a while, then lets one probe decide.

    Lives in one event loop. The clock gives seconds and never runs backwards; tests pass their own.
    """

    def __init__(self, name: str, policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._figures = policy.figures
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._is_probing = False
        self._era = 0  # calls that began before the circuit last opened or closed no longer decide anything

    @contextmanager
    def guard(self, *, not_the_service: tuple[type[Exception], ...] = ()) -> Iterator[None]:
        """Around one call with its own retries: raises CircuitOpen instead of running it, and learns from its end.

        not_the_service: errors that may pass through and say nothing about it.
        """
        self._admit()
        era = self._era
        try:
            yield
        except not_the_service:
            self._give_up(era)
            raise
        except Exception as error:
            self._record(era, is_failure=is_failure(error))
            raise
        except BaseException:  # a cancelled call says nothing either
            self._give_up(era)
            raise
        self._record(era, is_failure=False)

    def snapshot(self) -> BreakerSnapshot:
        """The state now."""
        return BreakerSnapshot(self.name, self.state, self._failures, round(self._retry_in_s(), 3))

    @property
    def state(self) -> BreakerState:
        """Half-open from the end of the cooldown until the probe has told."""
        if self._opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._retry_in_s() > 0 else BreakerState.HALF_OPEN

    def _retry_in_s(self) -> float:
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._figures.cooldown_s - self._clock())

    def _admit(self) -> None:
        if self._opened_at is None:
            return
        wait_s = self._retry_in_s()
        if wait_s > 0 or self._is_probing:
            raise CircuitOpen(service=self.name, retry_after_s=round(max(wait_s, 1.0), 3))
        self._is_probing = True

    def _give_up(self, era: int) -> None:
        if era == self._era:
            self._is_probing = False

    def _record(self, era: int, *, is_failure: bool) -> None:
        if era != self._era:
            return
        was_probe, self._is_probing = self._is_probing, False
        if not is_failure:
            self._failures = 0
            if was_probe:
                self._opened_at = None
                self._era += 1
            return
        self._failures += 1
        if was_probe or self._failures >= self._figures.failures_max:
            self._opened_at = self._clock()
            self._era += 1


def is_failure(error: Exception) -> bool:
    """Whether an error says that the service is unwell.

    The status an outside service gave (context value upstream_status) decides, else the error's own.
    """
    if not isinstance(error, FollowingError):
        return True
    return error.context.get("upstream_status", error.status) not in STATUSES_NOT_COUNTED
