"""What is past its time goes; what is not stays."""

from __future__ import annotations

import pytest

from actors.housekeeping import purge_once
from cluster.settings import RetentionSettings
from cluster.stores import retention
from tests.integration.stored import complete_creator

pytestmark = pytest.mark.anyio


async def comments_left(worker_db):
    async with worker_db.as_service() as db:
        return await db.fetchval("select count(*) from post_comments")


async def test_a_round_takes_what_expired_and_nothing_else(worker_db):
    await complete_creator(worker_db, "old.creator")
    await complete_creator(worker_db, "new.creator")
    async with worker_db.as_service() as db:
        await db.execute("update post_comments set fetched_at = now()")
        await db.execute(
            """
            update post_comments
            set fetched_at = now() - interval '91 days'
            where post_id in (select id from posts where instagram_post_id like 'old.creator%')
            """
        )
        await db.execute("update profiles set fetched_at = now()")
        await db.execute("update posts set fetched_at = now()")

    gone = await purge_once(worker_db, RetentionSettings())

    assert gone["comments"] == 12
    assert gone["raw_profiles"] == gone["jobs"] == 0
    assert await comments_left(worker_db) == 12


async def test_a_round_goes_on_until_all_is_gone(worker_db, monkeypatch):
    await complete_creator(worker_db)
    monkeypatch.setattr(retention, "ROWS_PER_CALL_MAX", 5)
    monkeypatch.setattr("actors.housekeeping.ROWS_PER_CALL_MAX", 5)
    monkeypatch.setattr("actors.housekeeping.BREATH_S", 0)
    async with worker_db.as_service() as db:
        await db.execute("update post_comments set fetched_at = now() - interval '91 days'")

    gone = await purge_once(worker_db, RetentionSettings())

    assert gone["comments"] == 12
    assert await comments_left(worker_db) == 0
