from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from api.cli import app
from cluster.errors import FollowingError
from cluster.settings import MODEL_SLOTS
from tests.pictures import encoded, photo


@pytest.fixture
def predict(tmp_path, monkeypatch):
    monkeypatch.setenv("FOLLOWING_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(model, *lines):
        given = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        result = CliRunner().invoke(app, ["predict", model], input=given)
        if result.exception:
            raise result.exception
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


def test_every_line_gets_one_answer_in_order_and_bad_ones_an_error(predict):
    lines = [{"text": "I love this so much"}, "nonsense", {"text": 5}, {"other": 1}, "", '"I hate this"', {"text": ""}]

    answers = predict("sentiment", *lines)

    assert ["error" in answer for answer in answers] == [False, True, True, True, True, False, False]
    assert [answer.get("label") for answer in answers if "label" in answer] == ["positive", "negative", "neutral"]
    assert all(answer.keys() >= {"score", "confidence", "model"} for answer in answers if "label" in answer)


def test_more_lines_than_are_held_at_once_are_all_answered(predict):
    texts = [f"This is sentence number {number} of many" for number in range(150)]

    answers = predict("language", *[{"text": text} for text in texts])

    assert len(answers) == 150
    assert {answer["code"] for answer in answers} == {"en"}


def test_an_overlong_line_is_an_error_and_the_next_is_read(predict):
    answers = predict("language", {"text": "x" * 5_000_000}, {"text": "What a lovely morning"})

    assert "longer than" in answers[0]["error"]
    assert answers[1]["code"] == "en"


def test_text_models_answer_what_is_documented(predict):
    (category,) = predict("category", {"text": "Leg day at the gym 💪"})
    (advanced,) = predict("advanced_nlp", {"text": "Coffee with @anna in Berlin #ad ☕ What do you drink?"})

    assert category["label"] == "Fitness"
    assert category.keys() >= {"label", "confidence", "runners_up"}
    assert advanced.keys() >= {"emotion", "toxicity", "keywords", "entities", "hashtags", "mentions", "sponsored"}
    assert advanced["emotion"].keys() >= {"label", "confidence"}
    assert advanced["toxicity"]["label"] in ("offensive", "not-offensive")
    assert (advanced["mentions"], advanced["hashtags"], advanced["sponsored"]) == (["anna"], ["ad"], True)


def test_pictures_are_given_by_path(predict, tmp_path):
    (tmp_path / "cat.png").write_bytes(encoded(photo("chelsea.png")))
    (tmp_path / "text.png").write_text("no picture")
    path = str(tmp_path / "cat.png")

    answers = predict(
        "visual_content",
        {"path": path},
        {"image": path},
        json.dumps(path),
        {"path": "lost.png"},
        {"path": str(tmp_path)},
    )

    assert [answer["labels"][0]["name"] for answer in answers[:3]] == [answers[0]["labels"][0]["name"]] * 3
    assert "cannot be read" in answers[3]["error"]
    assert "error" in answers[4]


def test_profiles_are_given_as_plain_facts_or_export_items(predict):
    posts = [
        {
            "caption": f"Morning coffee number {day}",
            "taken_at": f"2026-01-{day:02}T08:00:00Z",
            "likes_count": 90 + day,
            "comments_count": 4,
            "comments": [{"username": "anna.b", "text": "Lovely, where is that?"}],
        }
        for day in range(1, 13)
    ]
    facts = {
        "username": "coffee.daily",
        "followers_count": 2_000,
        "following_count": 300,
        "posts_count": 80,
        "posts": posts,
    }
    item = {
        "username": "coffee.daily",
        "followersCount": 2_000,
        "followsCount": 300,
        "postsCount": 80,
        "latestPosts": [
            {
                "id": str(number),
                "caption": post["caption"],
                "timestamp": post["taken_at"],
                "likesCount": post["likes_count"],
                "commentsCount": 4,
                "latestComments": [{"ownerUsername": "anna.b", "text": "Lovely, where is that?"}],
            }
            for number, post in enumerate(posts, start=1)
        ],
    }

    plain, exported, broken = predict("behavioral_patterns", facts, item, {"username": "!!", "posts": []})

    assert "error" not in plain
    assert plain == exported
    assert "error" in broken


@pytest.mark.parametrize(
    "model", ["audience_quality", "audience_insights", "trend_detection", "fraud_detection", "behavioral_patterns"]
)
def test_per_profile_models_say_that_a_stored_profile_needs_the_database(predict, model):
    thin, stored = predict(model, {"username": "thin", "followers_count": 10}, {"username": "someone"})

    assert "error" not in thin
    assert "DATABASE_WORKER_URL" in stored["error"]


def test_accounts_are_judged_by_whatever_figures_are_known(predict):
    fake, person, unknown, wrong = predict(
        "account_authenticity",
        {
            "followers_count": 3,
            "following_count": 4000,
            "posts_count": 0,
            "has_profile_picture": False,
            "username_digits": 6,
        },
        {
            "followers_count": 500,
            "following_count": 400,
            "posts_count": 120,
            "has_profile_picture": 1,
            "biography_length": 80,
        },
        {},
        {"followers_count": "many"},
    )

    assert fake["fake_probability"] > 0.9 > 0.3 > person["fake_probability"]
    assert unknown["fake_probability"] is None
    assert unknown["reason"]
    assert "followers_count" in wrong["error"]


def test_an_unknown_model_is_told_with_the_known_ones(predict):
    with pytest.raises(FollowingError) as caught:
        predict("moods")

    assert all(name in str(caught.value) for name in MODEL_SLOTS)


def test_a_production_model_that_was_not_pulled_is_told(predict, monkeypatch):
    monkeypatch.setenv("AI_TIER_SENTIMENT", "production")

    with pytest.raises(FollowingError, match="following models pull sentiment"):
        predict("sentiment", {"text": "hello"})
