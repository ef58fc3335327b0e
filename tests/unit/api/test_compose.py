"""Composing: everything promised is there, what is missing says why, and nobody who commented is named."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from api.compose import compose, compose_post
from api.sections import CreatorAnswer
from cluster.settings import MODEL_SLOTS
from tests.stored_creators import BASE_URL, COMMENTERS, bare_creator, creator

POST_SLOTS = ("sentiment", "language", "category", "visual_content", "advanced_nlp")
PROFILE_SLOTS = tuple(slot for slot in MODEL_SLOTS if slot not in POST_SLOTS)
COMPOSE_MS_MAX = 100  # about 8 ms on an idle core; the tests share theirs

# api.md's listing, each as the paths where the answer keeps it.
PROMISED = """
meta.username meta.completeness.complete meta.completeness.missing meta.fetched_at meta.analyzed_at meta.source meta.stale
meta.degraded
overview.identity.full_name overview.identity.biography overview.identity.picture_url overview.identity.links
overview.identity.is_verified overview.identity.is_private overview.identity.business_category
overview.counts.followers overview.counts.following overview.counts.posts overview.tier
overview.engagement_rate.value overview.engagement_rate.formula overview.engagement_rate.percentile.value
overview.posting_frequency.value overview.primary_category.value overview.category_distribution.shares
overview.content_quality.value overview.languages.shares overview.related_profiles
audience.demographics.gender.shares audience.demographics.country.shares audience.demographics.age.reason
audience.languages.shares audience.authenticity.parts audience.fraud.risk.value audience.fraud.reason_codes
audience.interests.shares
engagement.behaviour.posts_per_week.value engagement.behaviour.hours engagement.behaviour.days
engagement.behaviour.consistency.value engagement.sentiment.distribution.shares engagement.sentiment.trend.slope.method
engagement.sentiment.average.interval engagement.likes.median.value engagement.likes.iqr.value engagement.likes.mad.value
engagement.likes.by_type engagement.comments.median.value engagement.comments.by_type engagement.over_time.points
engagement.anomalies.posts
content.visual.faces.counts.shares content.visual.labels content.visual.scenes.shares content.visual.colours
content.visual.quality.overall.value content.visual.safety.average.value content.categories.shares content.hashtags
content.mentions content.trends.hashtags content.entities content.keywords content.topics.labels
content.sponsorship.share.value content.sponsorship.evidence content.calls_to_action.kinds
"""
PROMISED_OF_POSTS = """
id url type caption taken_at counts.likes counts.comments engagement_rate.value cdn_thumbnail_url sentiment.label
sentiment.value language.value category.value visual_content.faces.count advanced_nlp.keywords sentiment.model.revision
language.model.tier category.model.name visual_content.model.name advanced_nlp.model.name
"""
# Nulls that are no gap: the other way to state certainty, or a property that the thing does not have.
EXPLAINED_BY_THEIR_NATURE = frozenset({"confidence", "interval", "country_code", "affected", "reason"})


@pytest.fixture(scope="module")
def answer() -> CreatorAnswer:
    return compose(creator(), base_url=BASE_URL)


@pytest.fixture(scope="module")
def body(answer) -> dict:
    return json.loads(answer.model_dump_json())


def at(tree, path):
    for key in path.split("."):
        tree = tree[key]
    return tree


def walk(tree, path=""):
    if isinstance(tree, dict):
        yield path, tree
        for key, value in tree.items():
            yield from walk(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from walk(value, f"{path}[{index}]")


def unexplained_nulls(tree):
    return [
        f"{path}.{key}"
        for path, node in walk(tree)
        for key, value in node.items()
        if value is None and key not in EXPLAINED_BY_THEIR_NATURE
        if not node.get("reason")
        and key not in node.get("reasons", {})
        and not (key == "value" and "contribution" in node)
    ]


def test_body_has_the_six_keys_and_no_envelope(body):
    assert list(body) == ["meta", "overview", "audience", "engagement", "content", "posts"]


@pytest.mark.parametrize("path", PROMISED.split())
def test_everything_promised_is_there_and_filled_for_a_rich_creator(body, path):
    assert at(body, path) not in (None, ())
    if path not in ("meta.completeness.missing", "meta.degraded"):
        assert at(body, path) != []


@pytest.mark.parametrize("path", PROMISED_OF_POSTS.split())
def test_every_post_has_everything_promised(body, path):
    assert len(body["posts"]) == 12
    assert at(body["posts"][0], path) is not None
    for post in body["posts"]:
        at(post, path)  # the key is there, whatever its value


def test_every_score_says_how_it_came_about(body):
    scores = [node for _, node in walk(body) if "method" in node and ("value" in node or "shares" in node)]
    assert len(scores) > 100
    for score in scores:
        assert {"confidence", "interval", "n", "method", "model", "fallback", "reason"} <= score.keys()
        assert score["model"].keys() == {"name", "revision", "tier"}
        if score.get("value") is None and not score.get("shares"):
            assert score["reason"], score


@pytest.mark.parametrize("stored", [creator, bare_creator])
def test_no_null_goes_without_a_reason(stored):
    body = json.loads(compose(stored(), base_url=BASE_URL).model_dump_json())

    assert unexplained_nulls(body) == []


def test_a_creator_without_anything_keeps_the_shape_of_a_rich_one(body):
    bare = json.loads(compose(bare_creator(), base_url=BASE_URL).model_dump_json())

    def shape(tree):
        return {
            key: shape(value) if isinstance(value, dict) and key != "reasons" else None for key, value in tree.items()
        }

    model = shape({"name": 0, "revision": 0, "tier": 0})
    filled = json.loads(json.dumps(shape(body)).replace(json.dumps(model), "null"))
    empty = json.loads(json.dumps(shape(bare)).replace(json.dumps(model), "null"))
    assert filled == empty


def test_an_analysed_creator_is_not_degraded(answer):
    assert answer.meta.degraded == ()


@pytest.mark.parametrize("slot", PROFILE_SLOTS)
@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"result": {"old": "shape"}, "model": None, "fallback": False, "reason": None},
        "text",
        [1],
        {"result": 3},
    ],
)
def test_an_unreadable_result_of_the_profile_degrades_only_itself(slot, broken):
    stored = creator()
    answer = compose(replace(stored, analysis={**stored.analysis, slot: broken}), base_url=BASE_URL)

    assert [gap.part for gap in answer.meta.degraded] == [slot]
    assert CreatorAnswer.model_validate_json(answer.model_dump_json()) == answer


@pytest.mark.parametrize("slot", POST_SLOTS)
def test_an_unreadable_result_of_a_post_degrades_only_itself(slot):
    stored = creator()
    first = stored.posts[0]
    broken = replace(
        first,
        analysis={**first.analysis, slot: {"result": {"score": "x"}, "model": None, "fallback": 0, "reason": None}},
    )
    answer = compose(replace(stored, posts=(broken, *stored.posts[1:])), base_url=BASE_URL)

    (gap,) = answer.meta.degraded
    assert (gap.part, gap.affected) == (slot, 1)
    assert "form" in getattr(answer.posts[0], slot).reason
    assert getattr(answer.posts[1], slot).reason is None


def test_a_failed_model_leaves_its_reason_and_its_name(answer):
    stored = creator()
    failed = {
        "result": None,
        "model": {"name": "m", "revision": "1", "tier": "embedded"},
        "fallback": False,
        "reason": "timed out",
    }
    degraded = compose(replace(stored, analysis={**stored.analysis, "fraud_detection": failed}), base_url=BASE_URL)

    assert degraded.audience.fraud.risk.value is None
    assert degraded.audience.fraud.risk.reason == "timed out"
    assert degraded.audience.fraud.risk.model.name == "m"
    assert [(gap.part, gap.reason) for gap in degraded.meta.degraded] == [("fraud_detection", "timed out")]
    assert degraded.content == answer.content


def test_a_fallback_is_marked_in_every_score_it_made():
    stored = creator()
    fallback = {**stored.analysis["audience_quality"], "fallback": True}
    answer = compose(replace(stored, analysis={**stored.analysis, "audience_quality": fallback}), base_url=BASE_URL)

    assert answer.audience.authenticity.fallback
    assert not answer.audience.fraud.risk.fallback
    assert [gap.part for gap in answer.meta.degraded] == ["audience_quality"]


def test_rules_in_a_models_place_are_marked_and_named_among_the_gaps(answer):
    stored = creator()
    first = stored.posts[0]
    failed = {
        **first.analysis["sentiment"],
        "model": {"name": "sentiment-lexicon", "revision": "1", "tier": "fallback"},
        "fallback": True,
        "reason": "the model gave no answer in time",
    }
    marked = replace(first, analysis={**first.analysis, "sentiment": failed})
    degraded = compose(replace(stored, posts=(marked, *stored.posts[1:])), base_url=BASE_URL)

    (gap,) = degraded.meta.degraded
    assert (gap.part, gap.affected) == ("sentiment", 1)
    assert gap.reason == "the model gave no answer in time; rules answered in its place"
    sentiment = degraded.posts[0].sentiment
    assert sentiment.fallback
    assert sentiment.value == answer.posts[0].sentiment.value
    assert sentiment.model.name == "sentiment-lexicon"
    assert sentiment.method != answer.posts[0].sentiment.method
    assert not degraded.posts[1].sentiment.fallback
    assert degraded.engagement.sentiment.average.fallback


def test_a_caption_without_words_has_no_sentiment_and_counts_in_no_average(answer):
    wordless = answer.posts[10]

    assert (wordless.sentiment.value, wordless.sentiment.label, wordless.category.value) == (None, None, None)
    assert wordless.sentiment.reason
    assert answer.engagement.sentiment.average.n == 11
    assert answer.overview.primary_category.n == 11


def test_hidden_likes_are_left_out_and_said(answer):
    hidden = answer.posts[5]

    assert hidden.counts.likes is None
    assert "likes" in hidden.counts.reasons
    assert hidden.engagement_rate.value is None
    assert answer.engagement.likes.median.n == 11
    assert answer.overview.engagement_rate.posts_hidden == 1


def test_no_commenter_is_named_anywhere(answer):
    text = answer.model_dump_json()

    assert "linda! @…" in text  # the evidence is there, without the name in it
    for name in COMMENTERS:
        assert name not in text


def test_media_urls_are_absolute(answer):
    stored = creator()
    elsewhere = replace(stored, picture_url="https://cdn.example/p.webp")

    assert answer.overview.identity.picture_url == f"{BASE_URL}/media/9c/9c1f0f4e.webp"
    assert answer.posts[0].cdn_thumbnail_url.startswith(f"{BASE_URL}/media/")
    assert compose(elsewhere, base_url=BASE_URL).overview.identity.picture_url == "https://cdn.example/p.webp"


def test_a_missing_thumbnail_says_why_and_is_counted():
    stored = creator()
    post = replace(stored.posts[0], thumbnail_url=None, thumbnail_error="the host answered 403")
    answer = compose(replace(stored, posts=(post, *stored.posts[1:])), base_url=BASE_URL)

    assert answer.posts[0].cdn_thumbnail_url is None
    assert answer.posts[0].reasons["cdn_thumbnail_url"] == "the host answered 403"
    assert [(gap.part, gap.affected) for gap in answer.meta.degraded] == [("thumbnails", 1)]


def test_stale_answers_and_fetch_notes_are_told():
    answer = compose(creator(), base_url=BASE_URL, stale=True, degraded=["comments: the scraper answered 429"])

    assert answer.meta.stale
    assert [(gap.part, gap.reason) for gap in answer.meta.degraded] == [
        ("source", "comments: the scraper answered 429")
    ]


def test_too_few_peers_give_no_percentile():
    answer = compose(replace(creator(), engagement_percentile=None, engagement_peers=3), base_url=BASE_URL)

    assert answer.overview.engagement_rate.percentile.value is None
    assert answer.overview.engagement_rate.percentile.n == 3
    assert "3 stored profiles" in answer.overview.engagement_rate.percentile.reason


def test_near_duplicate_pictures_are_found_by_post():
    stored = creator()
    copy = replace(
        stored.posts[3],
        analysis={**stored.posts[3].analysis, "visual_content": stored.posts[0].analysis["visual_content"]},
    )
    answer = compose(replace(stored, posts=(*stored.posts[:3], copy, *stored.posts[4:])), base_url=BASE_URL)

    assert answer.content.visual.near_duplicates == ((str(stored.posts[0].id), str(stored.posts[3].id)),)


def test_a_post_by_itself_is_the_same_as_in_the_answer(answer):
    stored = creator()

    assert compose_post(stored.posts[0], stored.followers_count, BASE_URL) == answer.posts[0]


def test_composing_is_repeatable(answer):
    assert compose(creator(), base_url=BASE_URL).model_dump_json() == answer.model_dump_json()


def test_composing_and_serializing_is_quick():
    stored = creator()
    durations = []
    for _ in range(10):
        started = time.perf_counter()
        compose(stored, base_url=BASE_URL).model_dump_json()
        durations.append(1_000 * (time.perf_counter() - started))

    assert min(durations) < COMPOSE_MS_MAX


def test_composing_loads_no_model_library():
    heavy = "{'torch', 'cv2', 'dlib', 'onnxruntime', 'transformers', 'sklearn', 'ray'}"
    script = f"import sys, api.compose; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"

    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
