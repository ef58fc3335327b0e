"""Storing and loading creators, on a real Postgres under the worker's login."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.errors import OptedOut
from cluster.records import Comment, Post, PostKind, RelatedProfile, Source
from cluster.stores import creators
from tests.creators import FETCHED_AT, Figure, Figures, envelope, outcomes, post, profile
from tests.fixtures_database import open_database, run_apart
from tests.integration.stored import ANALYZED_AT, analyze, load, show_pictures, store

pytestmark = pytest.mark.anyio
LATER = FETCHED_AT + timedelta(days=2)


async def test_a_stored_profile_loads_as_it_came(worker_db):
    fetched = profile()
    profile_id = await store(worker_db, fetched)
    stored = await load(worker_db, comments=True)

    assert (stored.id, stored.source, stored.fetched_at) == (profile_id, Source.APIFY, FETCHED_AT)
    for name in ("username", "full_name", "biography", "external_urls", "followers_count", "posts_count", "related"):
        assert getattr(stored, name) == getattr(fetched, name), name
    assert [one.instagram_post_id for one in stored.posts] == [one.instagram_post_id for one in fetched.posts]
    for name in ("kind", "caption", "taken_at", "likes_count", "hashtags", "mentions", "tagged", "comments"):
        assert getattr(stored.posts[0], name) == getattr(fetched.posts[0], name), name
    assert [(shot.taken_at, shot.followers_count) for shot in stored.snapshots] == [(FETCHED_AT, 10_000)]
    assert stored.analysis == {}


async def test_an_unknown_creator_is_none(worker_db):
    assert await load(worker_db, "nobody.here") is None


async def test_a_second_fetch_refreshes_and_keeps_what_the_source_left_out(worker_db):
    profile_id = await store(worker_db)
    fetched = profile(
        biography=None, followers_count=11_000, full_name=None, related=(), posts=(post(12, likes_count=None),)
    )

    assert await store(worker_db, fetched, fetched_at=LATER) == profile_id
    stored = await load(worker_db)

    assert (stored.biography, stored.full_name, stored.followers_count) == ("I make things.", "Some Creator", 11_000)
    assert stored.posts[0].likes_count is None, "hidden now"
    assert len(stored.posts) == 12
    assert len(stored.related) == 2
    assert [shot.followers_count for shot in stored.snapshots] == [10_000, 11_000]
    assert stored.version > 1


async def test_a_joint_post_belongs_to_both_profiles(worker_db):
    joint = post(5, "joint", coauthors=("second.creator",))
    first = await store(worker_db, profile("first.creator", (joint,)))
    await store(worker_db, profile("second.creator", (replace(joint, likes_count=999),)))

    one, two = await load(worker_db, "first.creator"), await load(worker_db, "second.creator")

    assert one.posts == two.posts
    assert one.posts[0].likes_count == 999
    async with worker_db.as_service() as db:
        assert await db.fetchval("select profile_id from posts") == first


async def test_a_changed_caption_takes_its_analysis_away_and_keeps_what_was_seen(worker_db):
    profile_id = await store(worker_db, profile(posts=2))
    await analyze(worker_db, profile_id)

    await store(worker_db, profile(posts=(post(2, caption="rewritten"), post(1))))
    changed, same = (await load(worker_db)).posts

    assert set(changed.analysis) == {"visual_content"}
    assert changed.analyzed_at is None
    assert set(same.analysis) == set(outcomes())
    assert same.analyzed_at == ANALYZED_AT
    async with worker_db.as_service() as db:
        row = await db.fetchrow(
            "select ai_sentiment, ai_content_category, ai_language_code from posts where id = $1", changed.id
        )
    assert set(row.values()) == {None}


async def test_a_new_profile_picture_is_fetched_again_and_a_new_signature_is_not(worker_db):
    profile_id = await store(worker_db)
    await show_pictures(worker_db, profile_id)

    await store(worker_db, profile(profile_pic_url="https://y.cdninstagram.com/z/me.jpg?sig=2"))
    assert (await load(worker_db)).picture_url == "/media/p.webp"
    await store(worker_db, profile(profile_pic_url="https://y.cdninstagram.com/z/new.jpg?sig=2"))
    assert (await load(worker_db)).picture_url is None


async def test_a_mention_that_was_edited_away_is_gone(worker_db):
    await store(worker_db, profile(posts=(post(1, mentions=("a", "b")),)))
    await store(worker_db, profile(posts=(post(1, mentions=("b", "c")),)))

    async with worker_db.as_service() as db:
        assert [row["username"] for row in await db.fetch("select username from mentions order by 1")] == ["b", "c"]


async def test_a_comment_that_comes_again_is_stored_once(worker_db):
    spoken = (Comment("fan", "wow", None, 1), Comment("fan", "wow", None, 3), Comment("Fan", "other"))
    for _ in range(2):
        await store(worker_db, profile(posts=(post(1, comments=spoken),)))

    assert sorted(comment.text for comment in (await load(worker_db, comments=True)).posts[0].comments) == [
        "other",
        "wow",
    ]


async def test_outcomes_fill_the_columns_that_others_read(worker_db):
    profile_id = await store(worker_db, profile(posts=4))
    await analyze(worker_db, profile_id)
    ids = [one.id for one in (await load(worker_db)).posts]
    wordless = outcomes(
        sentiment={"label": "neutral", "score": 0.0, "confidence": 0.0, "reason": "no words"},
        language={"code": "und", "confidence": 0.0, "script": "Zyyy", "reliable": False, "reason": "no letters"},
        category={"label": "Uncategorised", "confidence": 0.0, "reason": "no words"},
    )
    french = outcomes(
        language={"code": "fr", "confidence": 0.9, "script": "Latn", "reliable": True, "reason": None},
        category={"label": "Food", "confidence": 0.6},
    )
    async with worker_db.as_service() as db:
        await creators.save_post_outcomes(db, {ids[0]: wordless, ids[1]: french}, ANALYZED_AT)
        await creators.save_profile_outcomes(
            db,
            profile_id,
            {"audience_insights": envelope({"languages": {"shares": []}, "commenters": 7, "comments": 9})},
            engagement=Figures(Figure(0.05, 4), Figure(None, 0)),
            analyzed_at=ANALYZED_AT,
        )
    stored = await load(worker_db)

    assert stored.primary_content_type == "Travel"
    assert stored.content_distribution == pytest.approx({"Travel": 2 / 3, "Food": 1 / 3})
    assert stored.language_distribution == pytest.approx({"en": 2 / 3, "fr": 1 / 3})
    assert stored.avg_sentiment_score == pytest.approx(0.5)
    assert stored.content_quality_score == pytest.approx(80)
    assert (stored.engagement_rate, stored.engagement_percentile, stored.engagement_peers) == (0.05, None, 0)
    assert set(stored.analysis) == {"audience_quality", "audience_insights"}
    async with worker_db.as_service() as db:
        row = await db.fetchrow("select * from posts where id = $1", ids[1])
        assert (row["ai_sentiment"], row["ai_language_code"], row["ai_content_category"]) == ("positive", "fr", "Food")
        audience = await db.fetchrow("select commenters, comments, languages, gender from audience_demographics")
        assert tuple(audience) == (7, 9, {"shares": []}, None)


async def test_a_model_that_gives_nothing_keeps_its_earlier_result(worker_db):
    profile_id = await store(worker_db, profile(posts=1))
    await analyze(worker_db, profile_id)
    post_id = (await load(worker_db)).posts[0].id
    async with worker_db.as_service() as db:
        slots = {"sentiment": envelope(None, "deadline"), "fresh": envelope(None, "deadline")}
        await creators.save_post_outcomes(db, {post_id: slots}, ANALYZED_AT)
        assert await db.fetchval("select ai_sentiment from posts") == "positive"
    analysis = (await load(worker_db)).posts[0].analysis

    assert analysis["sentiment"] == outcomes()["sentiment"]
    assert analysis["fresh"]["reason"] == "deadline"


async def test_peers_are_the_others_nearest_in_followers(worker_db):
    ids = {}
    for followers in (100, 1_000, 10_000, 20_000, 1_000_000):
        ids[followers] = await store(worker_db, profile(f"p{followers}", 0, followers_count=followers))
    async with worker_db.as_service() as db:
        await db.execute("update profiles set engagement_rate = 1.0 / followers_count where followers_count <> 20000")
        found = await creators.peers(db, ids[10_000], limit=4)

    assert sorted(followers for followers, _ in found) == [100, 1_000, 1_000_000]


async def test_an_opted_out_person_is_never_stored(worker_db):
    async with worker_db.as_service() as db:
        assert await creators.opt_out(db, "some.creator")
        assert not await creators.opt_out(db, "some.creator")
        assert await creators.is_opted_out(db, "Some.Creator")
        assert not await creators.is_opted_out(db, "someone.else")
        assert "some.creator" not in str(await db.fetch("select * from opt_outs"))

    with pytest.raises(OptedOut):
        await store(worker_db)


async def test_erasure_leaves_no_trace_but_others_joint_posts(worker_db, alice, api_db):
    joint = post(50, "joint", coauthors=("second.creator",), tagged=("some.creator",))
    profile_id = await store(worker_db, profile(posts=(joint, post(1))))
    other = profile(
        "second.creator",
        (joint, post(2, "second", mentions=("some.creator",), comments=(Comment("some.creator", "hi"),))),
        related=(RelatedProfile("some.creator"), RelatedProfile("third")),
    )
    await store(worker_db, other)
    await store(worker_db, profile("tags.only", (post(3, "third", tagged=("some.creator",)),), raw={}))
    versions = {name: (await load(worker_db, name)).version for name in ("second.creator", "tags.only")}
    async with api_db.as_user(alice.claims) as db:
        await db.execute("insert into search_history (user_id, username) values ($1, 'some.creator')", alice.id)
    async with worker_db.as_service() as db:
        await db.execute(
            """
            insert into cdn_image_assets (post_id, storage_key, content_hash, status)
            select id, 'key-' || instagram_post_id, repeat('a', 64), 'stored' from posts
            """
        )
        await db.execute("update cdn_image_assets set storage_key = 'shared' where storage_key like '%second-2'")
        await db.execute(
            """
            insert into cdn_image_assets (profile_id, storage_key, content_hash, status)
            values ($1, 'shared', repeat('a', 64), 'stored')
            """,
            profile_id,
        )
        erased = await creators.delete_creator(db, "some.creator")

    assert (erased.posts, erased.comments, erased.mentions) == (1, 1, 1)
    assert erased.media_keys == ("key-some.creator-1",), "'shared' still shows another post"
    survivor = await load(worker_db, "second.creator", comments=True)
    assert {one.instagram_post_id for one in survivor.posts} == {"joint-50", "second-2"}
    assert [other.username for other in survivor.related] == ["third"]
    for name, version in versions.items():
        assert (await load(worker_db, name)).version > version, "an answer composed before still names the person"
    async with worker_db.as_service() as db:
        for table in await tables_with_text(db):
            assert "some.creator" not in str(await db.fetch(f"select * from {table}")).replace("joint-50", ""), table


async def tables_with_text(db):
    return [
        row[0]
        for row in await db.fetch(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'following_migrations'"
        )
    ]


async def test_the_database_itself_refuses_impossible_values(worker_db):
    profile_id = await store(worker_db)
    for change in (
        "update posts set likes_count = -1",
        "update posts set ai_sentiment_score = 1.5",
        "update posts set ai_sentiment = 'furious'",
        "update profiles set followers_count = -1",
        "update profiles set username = 'Upper.Case'",
        "update profiles set username = '../etc'",
        "update profiles set ai_avg_sentiment_score = 2",
        "update profiles set source = 'rumour'",
        "update related_profiles set username = 'UPPER'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with worker_db.as_service() as db:
                await db.execute(change)
    assert profile_id


# Whatever a source sends

TEXT = st.text(alphabet=st.characters(codec=None), max_size=40)
NAME = st.text(max_size=12)
COUNT = st.one_of(st.none(), st.integers(-(2**70), 2**70))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.one_of(st.none(), st.datetimes(timezones=st.timezones()))
COMMENTS = st.builds(Comment, username=NAME, text=TEXT, posted_at=TIMES, likes_count=COUNT)
POSTS = st.builds(
    Post,
    instagram_post_id=st.sampled_from(["1", "2", "3", "\0", "", "a\0b"]),
    shortcode=TEXT,
    kind=st.sampled_from(PostKind),
    caption=st.one_of(st.none(), TEXT, st.just("é\0" * 50_000)),
    taken_at=TIMES,
    likes_count=COUNT,
    comments_count=COUNT,
    video_views_count=COUNT,
    hashtags=st.lists(NAME, max_size=3).map(tuple),
    mentions=st.lists(NAME, max_size=3).map(tuple),
    width_px=COUNT,
    alt_text=st.one_of(st.none(), TEXT),
    comments=st.lists(COMMENTS, max_size=3).map(tuple),
    raw=st.dictionaries(TEXT, JSON, max_size=2),
)


@pytest.fixture
def on_worker(database_urls):
    """Runs one coroutine function with a fresh worker connection: hypothesis calls synchronous tests."""

    def run(work):
        async def with_database():
            database = await open_database(database_urls.worker)
            try:
                return await work(database)
            finally:
                await database.close()

        return run_apart(with_database())

    return run


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    posts=st.lists(POSTS, max_size=4).map(tuple),
    words=st.one_of(st.none(), TEXT),
    count=COUNT,
    related=st.lists(st.builds(RelatedProfile, username=NAME, full_name=st.one_of(st.none(), TEXT)), max_size=3).map(
        tuple
    ),
    raw=st.dictionaries(TEXT, JSON, max_size=2),
)
def test_whatever_a_source_sends_is_stored_and_loads(on_worker, posts, words, count, related, raw):
    fetched = profile(posts=posts, biography=words, followers_count=count, related=related, raw=raw)

    async def store_and_load(worker_db):
        await store(worker_db, fetched)
        return await load(worker_db, comments=True)

    stored = on_worker(store_and_load)

    assert stored.followers_count is None or stored.followers_count >= 0
    ids = [one.instagram_post_id for one in stored.posts]
    assert len(ids) == len(set(ids))
    assert {one.instagram_post_id.replace("\0", "") for one in posts} - {""} <= set(ids)
