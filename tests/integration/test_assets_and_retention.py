"""Stored pictures, and what leaves when its time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cluster.settings import RetentionSettings
from cluster.stores import assets, jobs, retention
from cluster.thumbnails import Thumbnail
from tests.creators import post, profile
from tests.integration.stored import load, store

pytestmark = pytest.mark.anyio
PICTURE = Thumbnail("aa/key.webp", "/media/aa/key.webp", "a" * 64, 64, 48, 900, b"")
URL = "https://x.cdninstagram.com/1.jpg"


async def save(worker_db, owner, owner_id, picture=PICTURE):
    async with worker_db.as_service() as db:
        await assets.save_asset(db, owner, owner_id, source_url=URL, thumbnail=picture)


async def fail(worker_db, owner, owner_id, error="gone"):
    async with worker_db.as_service() as db:
        await assets.save_failure(db, owner, owner_id, source_url=URL, error=error)


async def test_a_failed_picture_says_why_and_a_later_one_replaces_the_reason(worker_db):
    profile_id = await store(worker_db, profile(posts=1))
    post_id = (await load(worker_db)).posts[0].id
    for owner, owner_id in (("profile", profile_id), ("post", post_id)):
        await fail(worker_db, owner, owner_id, "not an image\0")
    failed = await load(worker_db)
    for owner, owner_id in (("profile", profile_id), ("post", post_id)):
        await save(worker_db, owner, owner_id)
    stored = await load(worker_db)

    assert (failed.picture_error, failed.posts[0].thumbnail_error) == ("not an image", "not an image")
    assert (stored.picture_url, stored.picture_error) == (PICTURE.url, None)
    assert (stored.posts[0].thumbnail_url, stored.posts[0].thumbnail_error) == (PICTURE.url, None)
    async with worker_db.as_service() as db:
        rows = await db.fetch("select status, storage_key, size_bytes from cdn_image_assets")
    assert [tuple(row) for row in rows] == [("stored", PICTURE.key, 900)] * 2


async def test_a_later_failure_keeps_the_picture_that_is_there(worker_db):
    profile_id = await store(worker_db, profile(posts=0))
    await save(worker_db, "profile", profile_id)
    await fail(worker_db, "profile", profile_id)

    stored = await load(worker_db)
    assert (stored.picture_url, stored.picture_error) == (PICTURE.url, None)


async def test_what_is_past_its_time_leaves_and_the_rest_stays(api_db, worker_db, alice):
    now = datetime.now(UTC)
    settings = RetentionSettings(comments_days=90, raw_days=180, search_history_days=365, job_logs_days=30)
    await store(worker_db, profile("old.one", (post(1, "old.one"),)), fetched_at=now - timedelta(days=200))
    await store(worker_db, profile("new.one", (post(1, "new.one"),)), fetched_at=now)
    async with worker_db.as_service() as db:
        for name, age in (("old.one", 400), ("new.one", 1)):
            created_at = now - timedelta(days=age)
            await db.execute(
                "insert into search_history (user_id, username, created_at) values ($1, $2, $3)",
                alice.id,
                name,
                created_at,
            )
            job = await jobs.enqueue(db, name, kind="analyze")
            await jobs.claim(db, "w", lease_s=9, limit=1)
            assert await jobs.finish(db, job.id, "w", access_days=1, attempt=1)
            await db.execute("update ai_analysis_jobs set finished_at = $2 where id = $1", job.id, created_at)
        purged = await retention.purge_expired(db, settings)
        again = await retention.purge_expired(db, settings)
        left = {
            "comments": await db.fetchval("select count(*) from post_comments"),
            "raw": await db.fetchval("select count(raw) from profiles")
            + await db.fetchval("select count(raw) from posts"),
            "searches": await db.fetchval("select string_agg(username, ',') from search_history"),
            "jobs": await db.fetchval("select string_agg(username, ',') from ai_analysis_jobs"),
        }

    assert purged == {"comments": 1, "raw_profiles": 1, "raw_posts": 1, "searches": 1, "jobs": 1}
    assert set(again.values()) == {0}
    assert left == {"comments": 1, "raw": 2, "searches": "new.one", "jobs": "new.one"}
    assert (await load(worker_db, "old.one")).followers_count == 10_000
