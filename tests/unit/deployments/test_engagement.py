from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deployments.engagement import FORMULA, engagement_of, engagement_rate, newest, percentile_among, tier_of
from deployments.engagement_norms import norm_for
from deployments.facts import Peer
from tests.unit.deployments.planted import NOW, ordinary


def posts_with(*pairs):
    base = ordinary(1).posts[0]
    return [
        replace(base, id=str(index), likes_count=likes, comments_count=comments, taken_at=NOW - timedelta(days=index))
        for index, (likes, comments) in enumerate(pairs)
    ]


def test_the_rate_is_the_mean_of_likes_and_comments_over_followers():
    posts = posts_with((90, 10), (180, 20), (270, 30))
    engagement = engagement_of(posts, 10_000)
    assert engagement.mean.value == pytest.approx(0.02)
    assert engagement.median.value == pytest.approx(0.02)
    assert engagement.mean.n == 3
    assert engagement.formula == FORMULA


def test_posts_with_hidden_likes_leave_numerator_and_count():
    engagement = engagement_of(posts_with((90, 10), (None, 500), (90, None)), 1_000)
    assert engagement.mean.value == pytest.approx(0.1)
    assert engagement.mean.n == 1
    assert engagement.posts_hidden == 2


def test_only_the_twelve_newest_posts_by_time_count():
    posts = posts_with(*[(100, 0)] * 12, (10_000, 0))
    assert engagement_rate([posts[-1], *posts[:-1]], 1_000) == pytest.approx(0.1)
    assert len(newest(posts)) == 12


@pytest.mark.parametrize(
    ("posts", "followers", "reason"),
    [
        ([], 100, "no posts"),
        (posts_with((1, 1)), 0, "not known or zero"),
        (posts_with((1, 1)), None, "not known"),
        (posts_with((None, 1)), 100, "hidden"),
    ],
)
def test_what_cannot_be_computed_has_no_value_but_a_reason(posts, followers, reason):
    score = engagement_of(posts, followers).mean
    assert score.value is None
    assert reason in score.reason


@pytest.mark.parametrize(
    ("followers", "tier"),
    [
        (0, "nano"),
        (9_999, "nano"),
        (10_000, "micro"),
        (50_000, "mid"),
        (500_000, "macro"),
        (1_000_000, "mega"),
        (None, None),
    ],
)
def test_tiers(followers, tier):
    assert tier_of(followers) == tier


def test_the_percentile_counts_peers_of_the_same_tier_only():
    peers = [Peer(20_000, rate / 100) for rate in range(1, 11)] + [Peer(2_000_000, 0.5)] * 50
    score = percentile_among(0.055, 30_000, peers)
    assert score.value == pytest.approx(50)
    assert score.n == 10
    assert score.interval[0] < 50 < score.interval[1]


def test_too_few_peers_give_no_percentile():
    score = percentile_among(0.05, 30_000, [Peer(20_000, 0.01)] * 4)
    assert score.value is None
    assert "4 stored profiles" in score.reason


def test_the_norm_comes_from_peers_where_there_are_enough_and_ignores_cheats_among_them():
    honest = [Peer(10 ** (3 + index % 40 / 10), 0.5 * 10 ** (-0.3 * (3 + index % 40 / 10))) for index in range(80)]
    cheats = [Peer(peer.followers_count, peer.engagement_rate / 50) for peer in honest[:20]]
    norm = norm_for(100_000, [Peer(int(peer.followers_count), peer.engagement_rate) for peer in honest + cheats])
    assert norm.n == 100
    assert norm.rate == pytest.approx(0.5 * 100_000**-0.3, rel=0.3)


def test_the_norm_comes_from_published_figures_before_that_and_says_so():
    norm = norm_for(30_000, [])
    assert norm.n == 0
    assert "published" in norm.method
    assert norm.interval[0] < 0.01 < norm.interval[1]
    assert norm_for(500, []) is None
