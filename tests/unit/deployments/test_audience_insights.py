from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deployments.audience_insights import (
    AGE_REASON,
    FEMALE_NAMES_RIGHT,
    MALE_NAMES_RIGHT,
    AudienceInsightsModel,
)
from deployments.facts import CommentFacts
from deployments.places import countries_in, country_of
from deployments.usernames import first_name_in, gender_of
from tests.unit.deployments.planted import NOW, ordinary

MODEL = AudienceInsightsModel()
FIGURES = Path(__file__).parents[1] / "data" / "public_figures.tsv"
WOMEN = "maria fatima priya giulia camille beatriz aisha hannah sofia ananya leticia chiara".split()  # noqa: SIM905
MEN = "ahmed joao lukas rahul pierre mateo omar thiago matteo vikram felix youssef".split()  # noqa: SIM905


def creator_with(comments, posts=6):
    base = ordinary(1, posts=posts, comments=0)
    spread = [replace(post, comments=tuple(comments[index::posts])) for index, post in enumerate(base.posts)]
    return replace(base, posts=tuple(spread))


def insights(comments, posts=6):
    return MODEL.predict([creator_with(comments, posts)])[0]


def shares(distribution):
    return {one.label: one for one in distribution.shares}


def test_the_error_of_names_is_the_one_measured_on_public_figures():
    rows = [line.split("\t") for line in FIGURES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    told = [(gender, found) for username, gender in rows if (found := gender_of(username)) is not None]
    for gender, measured in (("female", FEMALE_NAMES_RIGHT), ("male", MALE_NAMES_RIGHT)):
        mine = [found == gender for own, found in told if own == gender]
        assert (sum(mine), len(mine)) == measured
    assert len(rows) == 294


@pytest.mark.parametrize(
    ("username", "name"),
    [("maria.lopez_92", "maria"), ("its_sofia", "sofia"), ("johnsmith", "john"), ("xx_ahmed99", "ahmed"), ("mariasilva", "maria"),
     ("love_travel", None), ("the.daily.food", None), ("user8273645", None), ("12345", None)],
)  # fmt: skip
def test_first_names_are_cut_from_usernames(username, name):
    assert first_name_in(username) == name


def test_a_name_given_to_both_tells_nothing():
    assert gender_of("taylor.m") is None


def test_the_planted_share_of_women_lies_in_the_interval():
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(20):
        comments = [
            CommentFacts(f"{random.choice(WOMEN if random.random() < 0.7 else MEN)}.{index}", "🔥", NOW)
            for index in range(80)
        ]
        gender = insights(comments).gender
        low, high = shares(gender)["female"].interval
        covered += low <= 0.7 <= high
    assert covered >= 17


def test_too_few_names_are_not_inferable():
    result = insights([CommentFacts(f"maria{index}", "🔥", NOW) for index in range(29)])
    assert result.gender.shares == ()
    assert "29 commenters" in result.gender.reason
    assert "at least 30" in result.gender.reason


def test_age_is_never_inferred():
    assert insights([CommentFacts(f"maria{index}", "I am 19", NOW) for index in range(90)]).age.reason == AGE_REASON


def test_languages_count_each_commenter_once_and_carry_the_detectors_error():
    chatty = [CommentFacts("loud", "ciao", NOW, "it") for _ in range(50)]
    others = [CommentFacts(f"a{index}", "hello", NOW, "en" if index < 30 else "pt") for index in range(40)]
    result = insights(chatty + others)
    languages = shares(result.languages)
    assert languages["en"].share == pytest.approx(30 / 41)
    assert languages["it"].n == 1
    assert languages["en"].interval[0] < 30 / 41 < languages["en"].interval[1]
    assert result.language_coverage.value == 1.0


@pytest.mark.parametrize(
    ("text", "codes"),
    [("Love from Brazil", {"BR"}), ("🇦🇷 saludos desde Buenos Aires", {"AR"}), ("مرحبا من القاهرة", {"EG"}), ("दिल्ली से प्यार", {"IN"}),
     ("Nice pic", set()), ("this is nice", set()), ("Split the bill", set()), ("from the Philippines", {"PH"}), ("", set()),
     ("São Paulo te ama", {"BR"}), ("🇽🇽", set())],
)  # fmt: skip
def test_places_and_flags_name_countries(text, codes):
    assert countries_in(text) == codes


def test_a_place_that_the_caption_names_is_not_the_commenters_home():
    post = replace(ordinary(1).posts[0], caption="Sunset in Paris")
    said = [(post, CommentFacts("a", "Paris is so romantic", NOW, "en"))]
    assert country_of(said, {post.id: countries_in(post.caption)}) is None
    assert country_of(said, {post.id: frozenset()}) == ("FR", 1.0)


def test_a_language_of_one_country_counts_with_its_speakers_share():
    comments = [CommentFacts(f"a{index}", "che bella giornata", NOW, "it") for index in range(30)]
    countries = shares(insights(comments).countries)
    assert countries["IT"].share == pytest.approx(0.9)
    assert countries["other"].share == pytest.approx(0.1)


def test_english_alone_tells_no_country():
    result = insights([CommentFacts(f"a{index}", "hello there", NOW, "en") for index in range(60)])
    assert result.countries.shares == ()
    assert result.country_coverage.value == 0.0


def test_interests_are_the_categories_that_people_comment_on():
    base = ordinary(1, posts=6, comments=0)
    posts = tuple(
        replace(
            post,
            category="Food" if index < 3 else "Travel",
            comments=tuple(CommentFacts(f"{index}-{number}", "x", NOW) for number in range(12 if index < 3 else 4)),
        )
        for index, post in enumerate(base.posts)
    )
    interests = shares(MODEL.predict([replace(base, posts=posts)])[0].interests)
    assert interests["Food"].share == pytest.approx(0.75)
    assert interests["Food"].interval[0] < 0.75 < interests["Food"].interval[1]


def test_languages_whose_speakers_show_their_country_count_no_more_than_those_who_rarely_do():
    # Sixty write English, ten of whom show a flag; sixty write Italian, which has one home.
    english = [CommentFacts(f"e{n}", f"love it {'🇬🇧' if n < 10 else ''}", NOW, "en") for n in range(60)]
    italian = [CommentFacts(f"i{n}", "che bella giornata", NOW, "it") for n in range(60)]
    countries = shares(insights(english + italian).countries)
    assert countries["GB"].share == pytest.approx(0.5, abs=0.02)
    assert countries["IT"].share == pytest.approx(0.45, abs=0.03)
    assert all(low <= one.share <= high for one in countries.values() for low, high in [one.interval])


def test_a_language_whose_commenters_show_too_few_places_stays_open():
    english = [CommentFacts(f"e{n}", "love it 🇬🇧" if n < 2 else "love it", NOW, "en") for n in range(30)]
    italian = [CommentFacts(f"i{n}", "che bella giornata", NOW, "it") for n in range(30)]
    countries = shares(insights(english + italian).countries)
    assert "GB" not in countries
    assert countries["other"].share > 0.5


def test_a_surname_that_is_a_first_name_tells_nothing():
    assert first_name_in("pixel_parker") is None
    assert first_name_in("maria.parker") == "maria"
