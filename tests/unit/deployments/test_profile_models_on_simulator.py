"""The models on the upstream simulator's creators: a demonstration that documented cases show, not a tuning set."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cluster.embedded.simulator.comments import comments_of
from cluster.embedded.simulator.creators import creator_of
from cluster.embedded.simulator.truth import truth_of
from deployments.audience_insights import AudienceInsightsModel
from deployments.audience_quality import AudienceQualityModel
from deployments.facts import CommentFacts, CreatorFacts, PostFacts
from deployments.fraud_detection import FraudDetectionModel

TODAY = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("anna", "omar", "priya", "lucas", "hanna", "nora", "milo", "ines")
COMMENTS_READ = 15


def facts_of(username):
    creator = creator_of(username, TODAY)
    persona = creator.persona
    posts = tuple(
        PostFacts(
            id=post.id,
            kind=post.kind.lower(),
            caption=post.caption.text,
            taken_at=post.taken_at,
            likes_count=post.likes_count,
            comments_count=post.comments_count,
            video_views_count=post.views_count,
            hashtags=tuple(tag.lower() for tag in re.findall(r"#(\w+)", post.caption.text)),
            category=post.category,
            language=post.caption.language,
            comments=tuple(
                CommentFacts(row.username, row.text, row.posted_at, row.language)
                for row in comments_of(creator, post, COMMENTS_READ)
            ),
        )
        for post in creator.posts
    )
    return CreatorFacts(
        username, persona.full_name, "A biography of some length, as most have", persona.followers_count, 400,
        persona.posts_count, True, False, False, False, posts, observed_at=TODAY + timedelta(days=1),
    )  # fmt: skip


def all_of(prefix):
    return [facts_of(prefix + name) for name in NAMES]


def test_verdicts_follow_the_documented_cases():
    model = FraudDetectionModel()
    assert {result.verdict for result in model.predict(all_of(""))} == {"low"}
    assert {result.verdict for result in model.predict(all_of("bought_"))} <= {"elevated", "high"}
    pods = model.predict(all_of("pod_"))
    assert all("COMMENT_POD" in {reason.code for reason in result.reasons} for result in pods)
    assert {result.verdict for result in pods} <= {"elevated", "high"}
    assert {result.verdict for result in model.predict(all_of("thin_"))} == {"insufficient_data"}


def test_authenticity_orders_the_documented_cases():
    model = AudienceQualityModel()
    ordinary, bought, pods = (
        [result.authenticity.value for result in model.predict(all_of(prefix))] for prefix in ("", "bought_", "pod_")
    )
    assert min(ordinary) > max(bought + pods)


@pytest.mark.parametrize("name", NAMES)
def test_the_rich_creators_audience_is_inferable(name):
    result = AudienceInsightsModel().predict([facts_of("rich_" + name)])[0]
    for distribution in (result.languages, result.countries, result.gender, result.interests):
        assert distribution.shares, distribution.reason


def test_the_intervals_of_the_rich_creators_women_mostly_hold_the_planted_share():
    results = AudienceInsightsModel().predict(all_of("rich_"))
    covered = []
    for name, result in zip(NAMES, results, strict=True):
        planted = truth_of(creator_of("rich_" + name, TODAY))["audience"]["female_share"]
        low, high = next(share.interval for share in result.gender.shares if share.label == "female")
        covered.append(low <= planted <= high)
    assert np.mean(covered) >= 0.7
