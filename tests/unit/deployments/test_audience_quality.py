from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.audience_quality import PARTS, AudienceQualityModel
from tests.unit.deployments.planted import (
    ordinary,
    with_bought_likes,
    with_generic_comments,
    with_hidden_likes,
    with_pod,
)

MODEL = AudienceQualityModel()
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def authenticity(creator):
    return MODEL.predict([creator])[0].authenticity


def test_ordinary_creators_score_higher_than_pods_and_these_higher_than_bought_audiences():
    ordinary_ones = [authenticity(ordinary(seed)).value for seed in range(20)]
    pods = [authenticity(with_pod(ordinary(seed), seed)).value for seed in range(20)]
    bought = [authenticity(with_bought_likes(ordinary(seed), seed)).value for seed in range(20)]
    assert min(ordinary_ones) > max(pods)
    assert np.median(pods) > max(bought)


@quick
@given(seed=st.integers(0, 50), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_more_generic_comments_never_raise_authenticity(seed, shares):
    fewer, more = sorted(shares)
    creator = ordinary(seed)
    assert (
        authenticity(with_generic_comments(creator, more)).value
        <= authenticity(with_generic_comments(creator, fewer)).value + 1e-9
    )


@quick
@given(seed=st.integers(0, 50), factors=st.tuples(st.floats(1, 60), st.floats(1, 60)))
def test_bought_followers_never_raise_authenticity(seed, factors):
    fewer, more = sorted(factors)
    # From twice the published norm down: above it, more followers bring the rate back to what is usual.
    creator = replace(ordinary(seed), following_count=0)
    few = replace(creator, followers_count=int(30_000 * fewer))
    many = replace(creator, followers_count=int(30_000 * more))
    if min(authenticity_z(few), authenticity_z(many)) < 1:
        assert authenticity(many).value <= authenticity(few).value + 6  # the bands of sizes are steps


def authenticity_z(creator):
    return MODEL.predict([creator])[0].engagement_against_tier.value


@quick
@given(seed=st.integers(0, 50), spreads=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)))
def test_more_even_likes_never_raise_the_mark_of_their_variation(seed, spreads):
    smaller, larger = sorted(spreads)
    part = next(part for part in PARTS if part.name == "likes_variation")
    low, high = (
        MODEL.predict([with_bought_likes(ordinary(seed), seed, spread=spread)])[0].likes_variation.value
        for spread in (smaller, larger)
    )
    assert low <= high + 1e-9
    assert part.mark(np.asarray(low)) <= part.mark(np.asarray(high))


@pytest.mark.parametrize("make", [ordinary, lambda seed: with_bought_likes(ordinary(seed), seed)])
def test_the_parts_add_up_to_the_score_and_each_says_what_it_saw(make):
    score = authenticity(make(4))
    assert sum(part.contribution for part in score.parts) == pytest.approx(score.value)
    assert score.parts[0].name == "baseline"
    assert all(part.contribution <= 0 for part in score.parts[1:])
    assert "-0" not in [f"{part.contribution:g}" for part in score.parts]
    assert all("{" not in part.explanation and len(part.explanation) > 15 for part in score.parts)


def test_the_interval_is_wider_with_fewer_posts():
    widths = [
        np.mean([np.ptp(authenticity(with_pod(ordinary(seed, posts=posts), seed)).interval) for seed in range(10)])
        for posts in (6, 30)
    ]
    assert widths[0] > widths[1]


def test_hidden_likes_leave_the_comments_to_be_judged():
    result = MODEL.predict([with_hidden_likes(ordinary(2))])[0]
    assert result.authenticity.value is not None
    assert result.likes_variation.value is None
    assert {"likes_variation", "engagement_against_tier"} <= {one.statistic for one in result.abstained}


def test_three_posts_without_comments_are_too_few():
    creator = ordinary(2, posts=3, comments=0)
    score = authenticity(creator)
    assert score.value is None
    assert "could be measured" in score.reason


def test_the_creators_own_replies_are_not_its_audience():
    creator = ordinary(2)
    answered = replace(
        creator,
        posts=tuple(
            replace(post, comments=(*post.comments, *(replace(one, username="Planted") for one in post.comments)))
            for post in creator.posts
        ),
    )
    assert MODEL.predict([answered]) == MODEL.predict([creator])


def test_no_score_from_twelve_posts_is_certain_however_much_they_agree():
    for creator in (ordinary(3), with_bought_likes(ordinary(3), 3), with_generic_comments(ordinary(3), 1.0)):
        low, high = authenticity(creator).interval
        assert high - low >= 1


def test_half_of_the_usual_engagement_costs_a_little_and_a_tenth_costs_much():
    creator = with_hidden_likes(ordinary(1))
    lost = {}
    for percent in (1.0, 0.5, 0.1):
        posts = tuple(
            replace(post, likes_count=int(300 * percent), comments_count=int(15 * percent)) for post in creator.posts
        )
        parts = authenticity(replace(creator, posts=posts)).parts
        lost[percent] = -next(part.contribution for part in parts if part.name == "engagement_against_tier")
    assert lost[1.0] < 2 < lost[0.5] < 12 < 20 < lost[0.1]


def test_parts_say_what_is_good_as_well_as_what_is_bad():
    parts = {part.name: part for part in authenticity(with_bought_likes(ordinary(3), 3)).parts}
    assert "equal portions" in parts["likes_variation"].explanation
    assert parts["commenter_overlap"].explanation.endswith("the comments are not one circle's.")
