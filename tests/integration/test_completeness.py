"""The one definition of a complete profile, case by case."""

from __future__ import annotations

import pytest

from cluster.stores import creators
from tests.creators import profile
from tests.integration.stored import analyze, complete_creator, load, show_pictures, store

pytestmark = pytest.mark.anyio


async def missing_of(worker_db, username="some.creator"):
    return (await load(worker_db, username)).completeness.missing


async def test_a_fetched_and_analysed_profile_with_pictures_is_complete(worker_db):
    profile_id = await complete_creator(worker_db)

    assert await missing_of(worker_db) == ()
    async with worker_db.as_service() as db:
        assert (await creators.completeness(db, profile_id)).complete


async def test_an_unknown_profile_is_not_complete(worker_db, alice):
    async with worker_db.as_service() as db:
        assert await creators.completeness(db, alice.id) == creators.Completeness(False, ("profile",))


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("update profiles set followers_count = 0", "followers_count"),
        ("update profiles set followers_count = null", "followers_count"),
        ("update profiles set posts_count = null", "posts_count"),
        ("update profiles set biography = null", "biography"),
        ("update profiles set cdn_picture_url = null", "cdn_picture_url"),
        ("update profiles set ai_profile_analyzed_at = null", "ai_profile_analyzed_at"),
        ("delete from posts where instagram_post_id = 'some.creator-3'", "posts"),
        (
            "update posts set ai_content_category = null, ai_category_confidence = null where shortcode = 'S1'",
            "posts.ai_content_category",
        ),
        (
            "update posts set ai_sentiment = null, ai_sentiment_score = null where shortcode = 'S12'",
            "posts.ai_sentiment",
        ),
        ("update posts set ai_language_code = null, ai_language_confidence = null", "posts.ai_language_code"),
        ("update posts set cdn_thumbnail_url = null where shortcode = 'S7'", "posts.cdn_thumbnail_url"),
    ],
)
async def test_completeness_names_what_is_missing(worker_db, change, missing):
    await complete_creator(worker_db)
    async with worker_db.as_service() as db:
        await db.execute(change)

    assert await missing_of(worker_db) == (missing,)


@pytest.mark.parametrize(
    "change",
    [
        "update profiles set biography = ''",
        "update profiles set fetched_at = now() - interval '5 years'",
        "update posts set likes_count = null, caption = null",
    ],
)
async def test_completeness_ignores_age_and_empty_words(worker_db, change):
    await complete_creator(worker_db)
    async with worker_db.as_service() as db:
        await db.execute(change)

    assert await missing_of(worker_db) == ()


async def test_fewer_than_twelve_posts_are_enough_where_the_fetch_returned_no_more(worker_db):
    profile_id = await store(worker_db, profile(posts=3, posts_count=3))
    await analyze(worker_db, profile_id)
    await show_pictures(worker_db, profile_id)

    assert await missing_of(worker_db) == ()


async def test_only_the_newest_twelve_posts_count(worker_db):
    profile_id = await store(worker_db, profile(posts=15))
    await analyze(worker_db, profile_id)
    await show_pictures(worker_db, profile_id)
    async with worker_db.as_service() as db:
        await db.execute("update posts set cdn_thumbnail_url = null where shortcode in ('S1', 'S2', 'S3')")

    assert await missing_of(worker_db) == ()


async def test_an_account_without_posts_is_complete_once_analysed(worker_db):
    profile_id = await store(worker_db, profile(posts=0, posts_count=0, followers_count=0, biography=None))
    assert await missing_of(worker_db) == ("ai_profile_analyzed_at",)
    await analyze(worker_db, profile_id)

    assert await missing_of(worker_db) == ()
