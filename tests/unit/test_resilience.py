from __future__ import annotations

import asyncio

import pytest
import stamina

from cluster.errors import CircuitOpen, CreatorNotFound, InvalidInput, Unavailable, UpstreamRefused, UpstreamUnavailable
from cluster.resilience import (
    CACHE,
    DATABASE,
    MODEL,
    UPSTREAM,
    BreakerState,
    CircuitBreaker,
    is_failure,
    policies_of,
)
from cluster.settings import ResilienceSettings

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def fail_times(breaker, times, error=None):
    for _ in range(times):
        with pytest.raises(Exception), breaker.guard():  # noqa: B017, PT011
            raise error or UpstreamUnavailable


@pytest.mark.parametrize(
    ("policy", "failures", "cooldown_s"), [(DATABASE, 3, 30), (UPSTREAM, 5, 60), (MODEL, 4, 120), (CACHE, 3, 15)]
)
def test_circuit_opens_after_the_policys_failures_for_its_cooldown(policy, failures, cooldown_s):
    clock = Clock()
    breaker = CircuitBreaker("service", policy, clock)

    fail_times(breaker, failures - 1)
    assert breaker.state is BreakerState.CLOSED
    fail_times(breaker, 1)

    snapshot = breaker.snapshot()
    assert (snapshot.state, snapshot.failures, snapshot.retry_in_s) == (BreakerState.OPEN, failures, cooldown_s)
    clock.now_s += cooldown_s - 1
    with pytest.raises(CircuitOpen) as refused, breaker.guard():
        pytest.fail("an open circuit lets nothing through")
    assert refused.value.retry_after_s == 1
    clock.now_s += 1
    assert breaker.state is BreakerState.HALF_OPEN


def test_a_success_in_between_starts_the_count_anew():
    breaker = CircuitBreaker("service", CACHE)
    fail_times(breaker, 2)
    with breaker.guard():
        pass
    fail_times(breaker, 2)
    assert breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("status", [401, 402, 404, 422])
def test_refusals_about_the_caller_are_not_counted(status):
    breaker = CircuitBreaker("apify", UPSTREAM)
    fail_times(breaker, 50, UpstreamRefused(upstream_status=status))
    assert breaker.state is BreakerState.CLOSED


def test_answers_are_no_failures_and_accidents_are():
    assert not is_failure(CreatorNotFound())
    assert not is_failure(InvalidInput())
    assert is_failure(UpstreamRefused(upstream_status=403))
    assert is_failure(TimeoutError())


def test_half_open_lets_one_probe_through_and_its_success_closes():
    clock = Clock()
    breaker = CircuitBreaker("service", CACHE, clock)
    fail_times(breaker, 3)
    clock.now_s += 15

    with breaker.guard(), pytest.raises(CircuitOpen), breaker.guard():
        pytest.fail("a second probe")

    assert breaker.snapshot().state is BreakerState.CLOSED
    assert breaker.snapshot().failures == 0


def test_a_failed_probe_opens_for_another_cooldown():
    clock = Clock()
    breaker = CircuitBreaker("service", CACHE, clock)
    fail_times(breaker, 3)
    clock.now_s += 20
    fail_times(breaker, 1)
    assert (breaker.state, breaker.snapshot().retry_in_s) == (BreakerState.OPEN, 15)


async def test_a_cancelled_probe_makes_room_for_the_next():
    clock = Clock()
    breaker = CircuitBreaker("service", CACHE, clock)
    fail_times(breaker, 3)
    clock.now_s += 15

    async def probe():
        with breaker.guard():
            await asyncio.sleep(60)

    task = asyncio.create_task(probe())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert breaker.state is BreakerState.HALF_OPEN
    with breaker.guard():
        pass
    assert breaker.state is BreakerState.CLOSED


def test_a_late_success_of_an_older_call_does_not_close_the_circuit():
    breaker = CircuitBreaker("service", CACHE)
    with breaker.guard():
        fail_times(breaker, 3)
    assert breaker.state is BreakerState.OPEN


def test_errors_of_the_caller_itself_pass_without_counting():
    class Mine(Exception):
        pass

    breaker = CircuitBreaker("service", CACHE)
    for _ in range(5):
        with pytest.raises(Mine), breaker.guard(not_the_service=(Mine,)):
            raise Mine
    assert breaker.state is BreakerState.CLOSED


class Flaky:
    """Fails some times, then answers."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.calls = 0
        self._failures = failures
        self._error = error

    async def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error
        return "answer"


@pytest.mark.parametrize(("policy", "attempts"), [(DATABASE, 3), (UPSTREAM, 5), (MODEL, 4), (CACHE, 3)])
async def test_each_policy_tries_its_number_of_times(policy, attempts):
    with stamina.set_testing(True, attempts=100, cap=True):
        assert await policy.retry(Flaky(attempts - 1, Unavailable())) == "answer"
        hopeless = Flaky(attempts, Unavailable())
        with pytest.raises(Unavailable):
            await policy.retry(hopeless)
    assert hopeless.calls == attempts


@pytest.mark.parametrize(("policy", "wait_s_max"), [(DATABASE, 10), (UPSTREAM, 30), (MODEL, 60), (CACHE, 2)])
def test_no_pause_is_longer_than_the_policys_limit(policy, wait_s_max):
    assert policy.figures.wait_s_max == wait_s_max
    last_pause_s = policy.wait_s_initial * policy.growth ** (policy.figures.attempts_max - 2) + policy.jitter_s
    assert last_pause_s <= wait_s_max


def test_the_caches_pauses_grow_on_a_line():
    pauses_s = [CACHE.wait_s_initial * CACHE.growth**n for n in range(CACHE.figures.attempts_max - 1)]
    assert pauses_s == [CACHE.wait_s_initial * n for n in range(1, CACHE.figures.attempts_max)]


async def test_errors_that_no_retry_mends_are_raised_at_once():
    refused = Flaky(1, UpstreamRefused())
    with pytest.raises(UpstreamRefused):
        await UPSTREAM.retry(refused)
    assert refused.calls == 1


async def test_retry_after_is_waited_for():
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await UPSTREAM.retry(Flaky(1, UpstreamUnavailable(retry_after_s=0.05)))
    assert 0.05 <= loop.time() - began_s < 0.4  # the policy's own first pause is at least 0.5 s


async def test_a_retry_after_past_the_limit_ends_the_retries():
    asks_for_an_hour = Flaky(1, UpstreamUnavailable(retry_after_s=3600))
    with pytest.raises(UpstreamUnavailable):
        await UPSTREAM.retry(asks_for_an_hour)
    assert asks_for_an_hour.calls == 1


def test_the_operators_figures_replace_the_defaults(monkeypatch):
    monkeypatch.setenv("RESILIENCE_UPSTREAM__COOLDOWN_S", "7")
    policies = policies_of(ResilienceSettings())
    assert (policies.upstream.figures.cooldown_s, policies.upstream.figures.failures_max) == (7, 5)
    assert policies.cache == CACHE
