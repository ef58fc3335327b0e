"""Waiting for jobs: woken by moves, bounded for each user."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from api.job_watch import JobWatch
from cluster.errors import TooManyRequests

pytestmark = pytest.mark.anyio


async def test_a_move_wakes_who_watches_that_job():
    watch = JobWatch(None, poll_s=30, per_user_max=5)
    job, other = uuid4(), uuid4()

    async with watch.watching(job, uuid4()) as moves, watch.watching(other, uuid4()) as still:
        watch._on_progress(str(job))
        await asyncio.wait_for(moves.next(30), 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(still.next(30), 0.05)


async def test_a_lost_notification_costs_one_poll():
    watch = JobWatch(None, poll_s=0.01, per_user_max=5)

    async with watch.watching(uuid4(), uuid4()) as moves:
        await asyncio.wait_for(moves.next(30), 5)


async def test_one_user_cannot_hold_every_slot_and_gets_them_back():
    watch = JobWatch(None, poll_s=1, per_user_max=2)
    greedy, modest = uuid4(), uuid4()

    async with AsyncExitStack() as held:
        for _ in range(2):
            await held.enter_async_context(watch.watching(uuid4(), greedy))
        with pytest.raises(TooManyRequests):
            await held.enter_async_context(watch.watching(uuid4(), greedy))
        with pytest.raises(TooManyRequests):
            watch.admit(greedy)
        await held.enter_async_context(watch.watching(uuid4(), modest))

    watch.admit(greedy)
    assert watch._waiting == {}
