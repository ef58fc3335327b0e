from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from deployments.facts import Snapshot
from deployments.trend_detection import TrendDetectionModel
from tests.unit.deployments.planted import NOW, ordinary

MODEL = TrendDetectionModel()


def detect(creator):
    return MODEL.predict([creator])[0]


def with_totals(totals):
    """Posts with these likes, oldest first, three days apart."""
    base = ordinary(1, posts=len(totals), comments=0)
    oldest_first = zip(reversed(base.posts), totals, strict=True)
    posts = [
        replace(
            post, likes_count=int(total), comments_count=0, taken_at=NOW - timedelta(days=3 * (len(totals) - index))
        )
        for index, (post, total) in enumerate(oldest_first)
    ]
    return replace(base, posts=tuple(posts))


def with_hashtags(*tags):
    """Posts with these hashtags, oldest first."""
    creator = with_totals([100] * len(tags))
    posts = sorted(creator.posts, key=lambda post: post.taken_at)
    return replace(
        creator, posts=tuple(replace(post, hashtags=own, category=None) for post, own in zip(posts, tags, strict=True))
    )


def test_growing_engagement_is_rising_and_its_slope_lies_in_the_interval():
    random = np.random.default_rng(1)
    weeks = np.arange(20) * 3 / 7
    result = detect(with_totals(1_000 * np.exp(0.1 * weeks + random.normal(0, 0.05, 20)))).engagement
    assert result.direction == "rising"
    low, high = result.slope_percent_per_week.interval
    assert low <= 100 * np.expm1(0.1) <= high
    assert result.tau > 0.7


def test_chance_is_flat_in_most_cases():
    random = np.random.default_rng(2)
    directions = [
        detect(with_totals(1_000 * np.exp(random.normal(0, 0.4, 12)))).engagement.direction for _ in range(60)
    ]
    assert directions.count("flat") >= 52


def test_few_posts_have_no_direction():
    result = detect(with_totals([100, 200, 300]))
    assert result.engagement.direction is None
    assert {"engagement_trend", "change_points", "surges", "bursts", "terms"} <= {
        one.statistic for one in result.abstained
    }


def test_a_tag_that_comes_is_rising_and_one_that_goes_is_falling():
    trends = {one.term: one for one in detect(with_hashtags(*[("old", "both")] * 6, *[("new", "both")] * 6)).hashtags}
    assert trends["new"].direction == "rising"
    assert trends["old"].direction == "falling"
    assert trends["both"].direction == "steady"
    assert trends["new"].change.value == 1.0
    assert trends["new"].p_value < 0.01


def test_a_tag_in_a_stretch_of_posts_is_a_burst():
    tags = [()] * 8 + [("launch",)] * 4 + [()] * 8
    creator = with_hashtags(*tags)
    burst = detect(creator).bursts[0]
    times = sorted(post.taken_at for post in creator.posts)
    assert (burst.term, burst.started_at, burst.ended_at, burst.posts) == ("launch", times[8], times[11], 4)


def test_a_viral_post_is_a_surge_and_no_change_of_level():
    result = detect(with_totals([100, 110, 95, 105, 100, 98, 102, 2_000, 101, 99, 103, 97]))
    assert [surge.value for surge in result.surges] == [2_000.0]
    assert result.surges[0].z > 3
    assert result.change_points == ()


def test_a_lasting_change_of_level_is_a_change_point():
    result = detect(with_totals([100, 110, 95, 105, 100, 98, 510, 490, 520, 505, 500, 480]))
    assert len(result.change_points) == 1
    assert result.change_points[0].before == pytest.approx(100, abs=3)
    assert result.change_points[0].after == pytest.approx(502, abs=10)


def test_captions_of_two_subjects_become_two_named_topics():
    random = np.random.default_rng(3)
    centres = random.normal(0, 1, (2, 16))
    posts = []
    for index, post in enumerate(ordinary(1, posts=12, comments=0).posts):
        vector = centres[index % 2] + random.normal(0, 0.1, 16)
        words = ("bread", "oven") if index % 2 == 0 else ("coast", "sailing")
        likes = 1_000 if index % 2 == 0 else 100
        posts.append(
            replace(
                post,
                embedding=tuple(vector / np.linalg.norm(vector)),
                hashtags=(),
                keywords=words,
                likes_count=likes,
                comments_count=0,
            )
        )
    topics = detect(replace(ordinary(1), posts=tuple(posts))).topic_clusters
    assert {topic.terms for topic in topics} == {("bread", "oven"), ("coast", "sailing")}
    baking = next(topic for topic in topics if "bread" in topic.terms)
    assert baking.share == 0.5
    assert baking.engagement_lift.value == pytest.approx(10)


def history(*counts, days=7):
    return replace(
        ordinary(1),
        snapshots=tuple(
            Snapshot(NOW - timedelta(days=days * (len(counts) - i)), n, 1, 1) for i, n in enumerate(counts)
        ),
    )


def test_steady_growth_is_measured_and_forecast_with_an_interval_that_widens():
    followers = detect(history(*[10_000 * 1.02**week for week in range(8)])).followers
    assert followers.growth_percent_per_week.value == pytest.approx(2, abs=0.01)
    assert len(followers.forecast) == 4
    widths = [high - low for low, high in (one.interval for one in detect(noisy_history()).followers.forecast)]
    assert widths == sorted(widths)
    assert followers.forecast[0].value == pytest.approx(10_000 * 1.02**8, rel=0.001)


def noisy_history():
    random = np.random.default_rng(4)
    return history(*[int(10_000 * 1.02**week * np.exp(random.normal(0, 0.01))) for week in range(8)])


def test_two_fetches_are_a_history_without_a_forecast():
    followers = detect(history(1_000, 1_100)).followers
    assert len(followers.points) == 2
    assert followers.forecast == ()
    assert "2 stored fetches" in followers.reason
