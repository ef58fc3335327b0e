"""The rules that stand in for the caption models: right in plain cases, silent where nothing tells, never a crash."""

from __future__ import annotations

import dataclasses
import math

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.category import CATEGORIES, UNCATEGORISED
from deployments.fallbacks import RULES, TIER, fallback_of
from deployments.sentiment import LABELS
from tests.unit.deployments.captions import ODD, PLAIN

HUGE = ("so happy today " * 7_000, "#tag " * 20_000, "@who " * 20_000, "?" * 100_000, "न" * 50_000, "n't" * 30_000)


def one(slot, caption):
    return fallback_of(slot).predict([caption])[0]


@pytest.mark.parametrize(
    ("caption", "label"),
    [
        ("I love this so much, best day ever 😍", "positive"),
        ("This is terrible, I hate it", "negative"),
        ("It is not good", "negative"),
        ("I don't love it", "negative"),
        ("Das war der schlimmste Tag meines Lebens", "negative"),
        ("Das gefällt mir gar nicht gut", "negative"),
        ("Sono molto felice, che giornata stupenda!", "positive"),
        ("Odeio isso, foi horrível", "negative"),
        ("C'est magnifique, j'adore !", "positive"),
        ("Me encanta, es precioso", "positive"),
        ("هذا المكان رائع جدا", "positive"),
        ("यह बहुत बुरा है", "negative"),
        ("#bestdayever #happy", "positive"),
        ("😍😍😍", "positive"),
        ("😡🤮", "negative"),
    ],
)
def test_praise_and_complaints_are_told_by_words_emoji_and_negations(caption, label):
    found = one("sentiment", caption)

    assert found.label == label
    assert math.copysign(1, found.score) == (1 if label == "positive" else -1)
    assert 1 / len(LABELS) <= found.confidence <= 1


@pytest.mark.parametrize("caption", ["", "   ", "The table stands beside the window", "1234", "https://a.example/good"])
def test_a_caption_without_a_telling_word_has_no_sentiment_and_says_so(caption):
    found = one("sentiment", caption)

    assert (found.confidence, found.score) == (0.0, 0.0)
    assert found.reason


@pytest.mark.parametrize(
    ("caption", "code"),
    [
        ("This is what we have been working on with the team", "en"),
        ("Hoy es un día muy especial para nosotros", "es"),
        ("Hoje é um dia muito especial para você", "pt"),
        ("Aujourd'hui c'est un jour très spécial pour nous", "fr"),
        ("Heute ist ein ganz besonderer Tag für mich", "de"),
        ("Oggi è una giornata davvero speciale per noi", "it"),
        ("Bugün çok güzel bir gün ve ben mutluyum", "tr"),
        ("Hari ini saya mau makan di rumah", "id"),
        ("Сегодня очень хороший день, и я рада", "ru"),
        ("Сьогодні дуже гарний день, і я щаслива", "uk"),
        ("هذا اليوم جميل من كل النواحي", "ar"),
        ("آج بہت اچھا دن ہے", "ur"),
        ("आज बहुत अच्छा दिन है", "hi"),
        ("今日はとても良い日です", "ja"),
        ("오늘은 정말 좋은 날이에요", "ko"),
        ("今天天气很好", "zh"),
        ("σήμερα είναι μια όμορφη μέρα", "el"),
        ("วันนี้อากาศดีมาก", "th"),
    ],
)
def test_languages_are_told_by_script_and_function_words(caption, code):
    assert one("language", caption).code == code


@pytest.mark.parametrize("caption", ["", "😍", "xyzzy plugh"])
def test_no_function_word_tells_no_language(caption):
    found = one("language", caption)

    assert (found.code, found.confidence, found.reliable) == ("und", 0.0, False)
    assert found.reason


@pytest.mark.parametrize(
    ("caption", "label"),
    [("New recipe: pasta for dinner", "Food"), ("#workout #gym", "Fitness"), ("✈️ #travelgram", "Travel")],
)
def test_categories_are_told_by_words_hashtags_and_emoji(caption, label):
    found = one("category", caption)

    assert found.label == label
    assert found.keywords
    assert all(other.label in CATEGORIES and other.probability <= found.confidence for other in found.runners_up)


def test_no_telling_word_gives_no_category():
    assert one("category", "so, yes").label == UNCATEGORISED


def test_rules_read_what_needs_no_model_and_leave_the_rest_empty_with_a_reason():
    found = one(
        "advanced_nlp", "Thanks @brand! #ad Which pasta do you like? Link in bio, shop now 🍝 https://a.example/x"
    )

    assert found.hashtags == ("ad",)
    assert found.mentions == ("brand",)
    assert found.emoji == ("🍝",)
    assert found.links == ("https://a.example/x",)
    assert found.sponsored
    assert {call.kind for call in found.calls_to_action} >= {"visit_link", "buy"}
    assert found.questions == ("Which pasta do you like?",)
    assert "pasta" in found.keywords
    assert (found.emotion, found.toxicity, found.entities) == (None, None, ())
    assert {"emotion", "toxicity", "entities", "keywords"} <= dict(found.unavailable).keys()


@pytest.mark.parametrize("slot", RULES)
def test_hostile_captions_are_bounded_and_every_number_is_finite(slot):
    for result in fallback_of(slot).predict([*HUGE, *ODD, *PLAIN]):
        numbers = [value for value in dataclasses.asdict(result).values() if isinstance(value, float)]
        assert all(map(math.isfinite, numbers))
        assert len(orjson.dumps(result)) < 40_000


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=3))
@pytest.mark.parametrize("slot", RULES)
def test_any_text_gets_one_result_each_the_same_alone_and_together(slot, captions):
    rules = fallback_of(slot)

    assert list(rules.predict(captions)) == [one(slot, caption) for caption in captions]


def test_rules_sign_with_a_name_of_their_own_and_pictures_and_creators_have_none():
    identities = [fallback_of(slot).identity for slot in RULES]

    assert {identity.tier for identity in identities} == {TIER}
    assert len({identity.name for identity in identities}) == len(RULES)
    assert fallback_of("visual_content") is None
    assert fallback_of("fraud_detection") is None
