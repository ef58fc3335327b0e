"""The simulator's creators: a pure function of the username, plausible, with special cases under prefixes only."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.embedded import simulator
from cluster.embedded.simulator.apify_items import profile_items
from cluster.embedded.simulator.captions import languages
from cluster.embedded.simulator.cases import CASES, CREATOR_CASES, FAULT_CASES, IMAGE_CASES, cases_of
from cluster.embedded.simulator.comments import comments_of
from cluster.embedded.simulator.creators import creator_of, post_of
from cluster.embedded.simulator.people import given_names
from cluster.embedded.simulator.personas import persona_of
from cluster.embedded.simulator.shortcodes import owner_of, shortcode_of
from cluster.embedded.simulator.topics import topics
from cluster.errors import InvalidUsername
from cluster.records import parse_username

TODAY = datetime(2026, 5, 14, tzinfo=UTC)
BASE_URL = "http://127.0.0.1:8010"


def _is_username(text: str) -> bool:
    try:
        return parse_username(text) == text
    except InvalidUsername:
        return False


usernames = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789_.", min_size=1, max_size=30).filter(_is_username)
ordinary = usernames.filter(lambda name: not cases_of(name))
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]  # a busy machine is no failure
SAMPLE = [f"person{number}" for number in range(150)]


@settings(deadline=None, max_examples=60, suppress_health_check=SLOW)
@given(ordinary)
def test_any_ordinary_name_gives_a_plausible_creator_with_twelve_posts(username):
    creator = creator_of(username, TODAY)
    persona = creator.persona
    assert len(creator.posts) == 12
    assert persona.followers_count >= 1_000
    assert persona.posts_count >= 12
    assert 1 <= persona.following_count <= 7_500
    assert 0.001 < persona.engagement_rate < 0.3
    assert len(creator.page.biography) <= 150
    assert persona.category in topics()
    assert persona.language in languages()
    assert math.isclose(sum(share for _, share in persona.audience), 1, abs_tol=0.01)
    assert 8 <= len(creator.page.related) <= 12
    assert all(newer.taken_at > older.taken_at for newer, older in pairwise(creator.posts))
    for post in creator.posts:
        assert 0 < len(post.caption.text) <= 2_200
        assert post.taken_at < TODAY
        assert post.likes_count >= 1
        assert "{" not in post.caption.text
        assert "@@" not in post.caption.text
        assert all(f"#{tag}" in post.caption.text for tag in post.caption.hashtags)
        assert all(f"@{name}" in post.caption.text for name in post.caption.mentions)
        for comment in comments_of(creator, post, 15):
            assert post.taken_at <= comment.posted_at < TODAY
            assert _is_username(comment.username)


@settings(deadline=None, max_examples=40, suppress_health_check=SLOW)
@given(usernames)
def test_any_name_gives_valid_items(username):
    items = profile_items(creator_of(username, TODAY), BASE_URL)
    assert len(items) <= 1
    for item in items:
        assert item["username"] == username
        assert len(item.get("latestPosts", [])) <= 12


@settings(deadline=None, max_examples=20, suppress_health_check=SLOW)
@given(ordinary)
def test_a_creator_is_the_same_again_and_only_times_move_with_the_day(username):
    first = profile_items(creator_of(username, TODAY), BASE_URL)
    creator_of.cache_clear()
    persona_of.cache_clear()
    assert profile_items(creator_of(username, TODAY), BASE_URL) == first
    later = creator_of(username, TODAY + timedelta(days=100))
    assert [(post.id, post.caption) for post in later.posts] == [
        (post.id, post.caption) for post in creator_of(username, TODAY).posts
    ]
    assert later.posts[0].taken_at > TODAY


@settings(deadline=None, suppress_health_check=SLOW)
@given(usernames, st.integers(0, 63))
def test_a_shortcode_leads_back_to_its_post(username, index):
    code = shortcode_of(username, index)
    assert owner_of(code) == (username, index)
    assert re.fullmatch(r"[A-Za-z0-9_-]{11,40}", code)


@settings(deadline=None, suppress_health_check=SLOW)
@given(st.text(alphabet="ABCabc0189-_xyz", max_size=45))
def test_other_shortcodes_name_no_post_or_the_one_they_encode(text):
    owner = owner_of(text)
    assert owner is None or shortcode_of(*owner) == text


def test_a_post_is_found_by_its_shortcode_unless_the_account_is_private_or_missing():
    creator = creator_of("emma.cooks", TODAY)
    assert post_of(creator.posts[3].shortcode, TODAY) == (creator, creator.posts[3])
    assert post_of(shortcode_of("private_emma", 0), TODAY) is None
    assert post_of(shortcode_of("emma.cooks", 40), TODAY) is None


def test_the_prefixes_are_documented_in_the_package():
    for prefix, meaning in CASES.items():
        assert re.search(rf"^{prefix}\s+{re.escape(meaning)}$", simulator.__doc__, re.MULTILINE), prefix
    assert set(CASES) == {*CREATOR_CASES, *IMAGE_CASES, *FAULT_CASES}


def test_prefixes_chain_and_ordinary_names_have_none():
    assert cases_of("fault_429_rich_anna") == {"fault_429", "rich"}
    assert cases_of("richard.cooks") == cases_of("private.chef") == cases_of("anna_private_") == frozenset()


def test_creators_differ_in_language_category_tier_rhythm_and_country():
    personas = [persona_of(name) for name in SAMPLE]
    assert {persona.language for persona in personas} >= {"ar", "en", "fr", "es", "pt", "hi", "de", "it"}
    assert len({persona.category for persona in personas}) >= 20
    assert {persona.tier for persona in personas} == {"nano", "micro", "mid", "macro", "mega"}
    assert {persona.rhythm.kind for persona in personas} == {"weekly", "daily", "weekend", "irregular", "bursty"}
    assert len({persona.country.code for persona in personas}) >= 15
    assert any(len(persona.language_shares) > 1 for persona in personas)


def test_engagement_falls_with_size_as_published_medians_do():
    by_tier: dict[str, list[float]] = {}
    for name in (f"tier{number}" for number in range(600)):
        by_tier.setdefault(persona_of(name).tier, []).append(persona_of(name).engagement_rate)
    medians = {tier: statistics.median(rates) for tier, rates in by_tier.items()}
    assert medians["nano"] > medians["micro"] > medians["mid"] > medians["macro"] > medians["mega"]
    assert 0.035 < medians["nano"] < 0.065
    assert 0.007 < medians["mega"] < 0.012


def test_a_first_name_and_a_subject_in_the_username_are_taken_at_their_word():
    persona = persona_of("larissa.viagens")
    assert persona.full_name.startswith("Larissa")
    assert persona.gender == "female"
    assert persona_of("larissa.travels").category == "Travel"


def test_related_creators_are_ordinary_and_their_graph_has_cycles():
    seen, queue = set(), ["emma.cooks"]
    links = 0
    while queue and len(seen) < 400:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        related = creator_of(name, TODAY).page.related
        assert name not in related
        assert all(_is_username(other) and not cases_of(other) for other in related)
        links += sum(other in seen for other in related)
        queue += related
    assert links > 50


@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "fr", "hi", "it", "ja", "pt", "tr"])
def test_every_tone_is_written_in_every_language(language):
    posts = [post for name in SAMPLE for post in creator_of(name, TODAY).posts if post.caption.language == language]
    assert {post.caption.tone for post in posts} == {"positive", "neutral", "negative"}
    assert any(post.caption.sponsor for post in posts)
    assert len({post.caption.text for post in posts}) > 0.95 * len(posts)


def test_bought_followers_show_in_low_too_regular_likes_and_repeated_comments():
    bought = creator_of("bought_anna", TODAY)
    likes = [post.likes_count for post in bought.posts]
    assert statistics.pstdev(likes) / statistics.mean(likes) < 0.06
    honest_spreads = []
    for name in ("anna", "tom", "lea", "omar", "mia", "paul", "zoe", "luis", "nina"):
        honest_likes = [post.likes_count for post in creator_of(name, TODAY).posts]
        honest_spreads.append(statistics.pstdev(honest_likes) / statistics.mean(honest_likes))
    assert statistics.median(honest_spreads) > 0.15
    texts = [comment.text for post in bought.posts for comment in comments_of(bought, post, 15)]
    assert Counter(texts).most_common(1)[0][1] > 0.08 * len(texts)
    assert bought.persona.bought_share > 0.5
    assert bought.persona.engagement_rate < 0.015


def test_a_pods_members_comment_on_nearly_every_post():
    creator = creator_of("pod_anna", TODAY)
    posts_of: Counter[str] = Counter()
    for post in creator.posts:
        posts_of.update({comment.username for comment in comments_of(creator, post, 15)})
    assert sum(count >= 8 for count in posts_of.values()) >= 9
    ordinary_posts_of: Counter[str] = Counter()
    honest = creator_of("anna", TODAY)
    for post in honest.posts:
        ordinary_posts_of.update({comment.username for comment in comments_of(honest, post, 15)})
    assert max(ordinary_posts_of.values()) < 11


def test_the_rich_creators_comments_carry_names_flags_and_places():
    creator = creator_of("rich_anna", TODAY)
    assert creator.persona.is_business
    assert creator.persona.is_verified
    assert len(creator.page.related) == 12
    comments = [comment for post in creator.posts for comment in comments_of(creator, post, 15)]
    assert len(comments) == 180
    named = [any(part in given_names() for part in re.split(r"[^a-z]+", comment.username)) for comment in comments]
    assert sum(named) > 0.8 * len(comments)
    flagged = [re.search("[\U0001f1e6-\U0001f1ff]{2}", comment.text) for comment in comments]
    assert sum(map(bool, flagged)) > 0.35 * len(comments)


def test_the_thin_creator_gives_nothing_to_infer_from():
    creator = creator_of("thin_anna", TODAY)
    comments = [comment for post in creator.posts for comment in comments_of(creator, post, 15)]
    assert len(creator.posts) == 3
    assert len(comments) < 10
    assert not any(comment.gender for comment in comments)


def test_burst_posts_come_close_together_after_long_silence():
    times = [post.taken_at for post in creator_of("burst_anna", TODAY).posts]
    gaps = [(newer - older).total_seconds() / 3600 for newer, older in pairwise(times)]
    assert statistics.median(gaps) < 4
    assert max(gaps) > 24 * 10


def test_a_joint_post_is_one_post_of_two_profiles():
    first, second = creator_of("joint_a_anna", TODAY), creator_of("joint_b_anna", TODAY)
    shared = {post.id for post in first.posts} & {post.id for post in second.posts}
    assert shared == {first.posts[0].id}
    assert len(second.posts) == 12
    assert first.posts[0].owner == "joint_a_anna"
    assert first.posts[0].coauthors == ("joint_b_anna",)


@pytest.mark.parametrize(
    ("username", "posts", "posts_count"),
    [("noposts_anna", 0, 0), ("fewposts_anna", 5, 5), ("thin_anna", 3, 3), ("private_anna", 0, None)],
)
def test_accounts_with_few_or_no_posts_say_so(username, posts, posts_count):
    (item,) = profile_items(creator_of(username, TODAY), BASE_URL)
    assert len(item["latestPosts"]) == posts
    assert posts_count is None or item["postsCount"] == posts_count
    assert item["private"] is (username == "private_anna")


def test_hidden_likes_are_null_or_minus_one():
    (item,) = profile_items(creator_of("hidden_anna", TODAY), BASE_URL)
    assert {post["likesCount"] for post in item["latestPosts"]} == {None, -1}


def test_the_weird_profile_has_every_oddity():
    (item,) = profile_items(creator_of("weird_anna", TODAY), BASE_URL)
    posts = item["latestPosts"]
    assert 99_000 <= len(posts[0]["caption"].encode()) <= 100_000
    assert "\x00" in posts[1]["caption"]
    assert "\x00" in item["biography"]
    assert posts[2]["timestamp"] > "2090"
    assert posts[2]["id"] == posts[3]["id"]
    assert posts[5]["likesCount"] == -1
    assert set(posts[6]) == {"id", "shortCode", "timestamp"}
    assert "id" not in posts[11]
    assert item["businessCategoryName"] == "None"


def test_null_counts_are_null_or_negative_everywhere():
    (item,) = profile_items(creator_of("nullcounts_anna", TODAY), BASE_URL)
    assert (item["followersCount"], item["followsCount"], item["postsCount"]) == (None, -1, None)
    assert {post["likesCount"] for post in item["latestPosts"]} == {None, -5}


def test_related_profiles_come_in_both_spellings():
    keys = {
        frozenset(profile_items(creator_of(name, TODAY), BASE_URL)[0]["relatedProfiles"][0]) for name in SAMPLE[:40]
    }
    assert any("full_name" in names for names in keys)
    assert any("fullName" in names for names in keys)
