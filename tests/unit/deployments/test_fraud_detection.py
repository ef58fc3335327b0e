from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.facts import CommentFacts, PostFacts, Snapshot
from deployments.fraud_detection import FraudDetectionModel
from deployments.fraud_signals import NUMBERS_LEAST_FOR_BENFORD, benford, follower_jump
from tests.unit.deployments.planted import NOW, TEMPLATES, ordinary, with_bought_likes, with_hidden_likes, with_pod

MODEL = FraudDetectionModel()
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(creator):
    return MODEL.predict([creator])[0]


def codes(result):
    return {reason.code for reason in result.reasons}


def test_ordinary_creators_of_all_sizes_are_low():
    results = [
        judge(ordinary(seed, followers=followers)) for seed in range(10) for followers in (3_000, 40_000, 800_000)
    ]
    assert {result.verdict for result in results} == {"low"}


def test_bought_likes_are_high_and_the_reasons_name_them():
    results = [judge(with_bought_likes(ordinary(seed), seed)) for seed in range(15)]
    assert {result.verdict for result in results} == {"high"}
    assert all({"LIKES_TOO_REGULAR", "NUMBERED_COMMENTERS", "GENERIC_COMMENTS"} & codes(result) for result in results)
    assert all(result.reasons[0].points >= result.reasons[-1].points for result in results)


def test_followers_that_do_not_react_are_a_reason_of_their_own():
    creator = ordinary(1)
    result = judge(replace(creator, followers_count=30_000 * 60))
    assert "LOW_ENGAGEMENT_FOR_SIZE" in codes(result)
    assert result.risk.value > judge(creator).risk.value


def test_a_pod_is_at_least_elevated_and_named():
    results = [judge(with_pod(ordinary(seed), seed, members=10)) for seed in range(15)]
    assert all("COMMENT_POD" in codes(result) for result in results)
    assert all(result.verdict in {"elevated", "high"} for result in results)


def test_templates_under_many_posts_are_quoted_as_evidence_without_names():
    creator = ordinary(2)
    posts = tuple(
        replace(
            post,
            comments=(
                *post.comments[:4],
                *(CommentFacts(f"{post.id}x{index}", TEMPLATES[index % 2]) for index in range(8)),
            ),
        )
        for post in creator.posts
    )
    reason = next(reason for reason in judge(replace(creator, posts=posts)).reasons if reason.code == "COPIED_COMMENTS")
    assert reason.value == pytest.approx(8 / 12)
    assert all(len(text) <= 60 for text in reason.evidence)
    assert reason.evidence


@quick
@given(seed=st.integers(0, 30), members=st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_a_larger_pod_never_weighs_less(seed, members):
    fewer, more = sorted(members)
    creator = ordinary(seed)

    def pod_points(count):
        posts = tuple(
            replace(post, comments=tuple(
                replace(one, username=f"member{index}") if index < count else one for index, one in enumerate(post.comments)
            ))
            for post in creator.posts
        )  # fmt: skip
        result = judge(replace(creator, posts=posts))
        return sum(reason.points for reason in result.reasons if reason.code == "COMMENT_POD")

    assert pod_points(fewer) <= pod_points(more) + 1e-9


def test_the_points_add_up_to_the_risk():
    result = judge(with_bought_likes(ordinary(5), 5))
    assert sum(part.contribution for part in result.risk.parts) == pytest.approx(result.risk.value)
    told = {part.name: part.contribution for part in result.risk.parts}
    assert all(told[reason.code] == reason.points >= 1 for reason in result.reasons)
    assert 0 <= result.risk.interval[0] <= result.risk.value <= result.risk.interval[1] <= 100
    assert 0 <= result.risk.confidence <= 1


def test_what_looks_right_is_told_beside_the_signs():
    result = judge(with_pod(ordinary(5), 5, members=10))
    fine = {part.name: part for part in result.risk.parts if part.name not in codes(result)}
    assert fine["LIKES_TOO_REGULAR"].explanation.startswith("Likes vary from post to post")
    assert all(0 <= part.contribution < 1 for part in fine.values())
    assert "COMMENT_POD" not in fine


def test_no_verdict_on_twelve_posts_is_without_doubt():
    for seed in range(8):
        for creator in (ordinary(seed), with_pod(ordinary(seed), seed), with_bought_likes(ordinary(seed), seed)):
            risk = judge(creator).risk
            assert risk.interval[1] - risk.interval[0] >= min(1.0, 0.3 * risk.value)
            assert risk.interval[0] > 0 or risk.value < 50


def test_thin_data_is_no_verdict():
    result = judge(ordinary(2, posts=3, comments=1))
    assert result.verdict == "insufficient_data"
    assert result.risk.value is None
    assert all(one.n < one.n_least or one.reason for one in result.abstained)


def test_hidden_likes_still_allow_a_verdict_from_comments():
    result = judge(with_hidden_likes(with_pod(ordinary(2), 2, members=10)))
    assert "COMMENT_POD" in codes(result)
    assert {"likes_variation", "like_spikes"} <= {one.statistic for one in result.abstained}


def test_a_post_with_tenfold_likes_is_an_anomaly_and_without_comments_a_sign():
    creator = ordinary(3, posts=20)
    boosted = replace(creator.posts[4], likes_count=20 * (creator.posts[4].likes_count or 0))
    result = judge(replace(creator, posts=(*creator.posts[:4], boosted, *creator.posts[5:])))
    assert any(anomaly.post_id == boosted.id and anomaly.measure == "likes" for anomaly in result.anomalies)
    spike = next(reason for reason in result.reasons if reason.code == "LIKE_SPIKES")
    assert spike.evidence == (boosted.id,)


def snapshots(*counts):
    return tuple(
        Snapshot(NOW - timedelta(days=7 * index), count, 100, 50) for index, count in enumerate(reversed(counts))
    )


def test_a_jump_of_followers_stands_out_from_steady_growth():
    steady = judge(replace(ordinary(4), snapshots=snapshots(20_000, 22_000, 24_200, 26_600, 29_300)))
    jump = judge(replace(ordinary(4), snapshots=snapshots(3_000, 3_030, 3_050, 29_000, 30_000)))
    assert "FOLLOWER_JUMP" not in codes(steady)
    assert "FOLLOWER_JUMP" in codes(jump)
    assert follower_jump(snapshots(1_000, 2_000)).value is None


def test_benford_abstains_on_a_normal_number_of_posts_and_tells_made_up_numbers_from_grown_ones():
    creator = ordinary(4)
    assert benford(list(creator.posts)).value is None
    random = np.random.default_rng(1)
    grown = 10 ** random.uniform(1, 5, NUMBERS_LEAST_FOR_BENFORD)
    made_up = random.choice([5, 6, 7, 8, 9], NUMBERS_LEAST_FOR_BENFORD) * 10 ** random.integers(
        1, 5, NUMBERS_LEAST_FOR_BENFORD
    )

    def posts(counts):
        return [PostFacts(str(index), "image", "", NOW, int(count), None) for index, count in enumerate(counts)]

    assert benford(posts(grown)).value < 0.015
    assert benford(posts(made_up)).value > 0.05


def test_a_fake_profile_adds_risk():
    creator = ordinary(6)
    fake = replace(
        creator, has_profile_picture=False, biography="", posts_count=12, following_count=7_400, followers_count=800
    )
    assert "FAKE_PROFILE" in codes(judge(fake))
    assert judge(fake).account.fake_probability > 0.5
    assert judge(creator).account.fake_probability < 0.05
