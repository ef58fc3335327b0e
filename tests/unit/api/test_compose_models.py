"""What the per-profile models really answer fits the sections: nothing they say is unreadable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.compose import compose
from deployments.analysis import Outcome
from deployments.audience_insights import AudienceInsightsModel
from deployments.audience_quality import AudienceQualityModel
from deployments.behavioral_patterns import BehavioralPatternsModel
from deployments.facts import CommentFacts, CreatorFacts, PostFacts, Snapshot
from deployments.fraud_detection import FraudDetectionModel
from deployments.trend_detection import TrendDetectionModel
from tests.stored_creators import BASE_URL, COMMENTERS, creator


@pytest.fixture(scope="module")
def models():
    return {
        "audience_quality": AudienceQualityModel(),
        "audience_insights": AudienceInsightsModel(),
        "behavioral_patterns": BehavioralPatternsModel(),
        "fraud_detection": FraudDetectionModel(),
        "trend_detection": TrendDetectionModel(),
    }


def facts_of(stored):
    posts = tuple(
        PostFacts(
            id=str(post.id),
            kind=post.kind,
            caption=post.caption or "",
            taken_at=post.taken_at,
            likes_count=post.likes_count,
            comments_count=post.comments_count,
            hashtags=post.hashtags,
            mentions=post.mentions,
            comments=tuple(CommentFacts(one.username, one.text, post.taken_at, "pt") for one in post.comments),
            language="pt",
            category="Food",
            keywords=("receita",),
        )
        for post in stored.posts
    )
    return CreatorFacts(
        username=stored.username,
        full_name=stored.full_name,
        biography=stored.biography,
        followers_count=stored.followers_count,
        following_count=stored.following_count,
        posts_count=stored.posts_count,
        has_profile_picture=True,
        is_verified=stored.is_verified,
        is_business=stored.is_business,
        is_private=stored.is_private,
        posts=posts,
        snapshots=tuple(
            Snapshot(one.taken_at, one.followers_count, one.following_count, one.posts_count)
            for one in stored.snapshots
        ),
    )


def with_posts(count):
    full = creator()
    return replace(full, posts=full.posts[:count])


def all_likes_hidden():
    full = creator()
    return replace(full, posts=tuple(replace(post, likes_count=None) for post in full.posts))


@pytest.mark.parametrize(
    "stored",
    [
        creator(),
        with_posts(0),
        with_posts(1),
        with_posts(4),
        all_likes_hidden(),
        replace(creator(), followers_count=None),
    ],
    ids=["rich", "no posts", "one post", "four posts", "likes hidden", "followers unknown"],
)
def test_every_real_result_is_readable(models, stored):
    facts = facts_of(stored)
    outcomes = {slot: Outcome(model.predict([facts])[0], model.identity).envelope() for slot, model in models.items()}

    answer = compose(replace(stored, analysis=outcomes), base_url=BASE_URL)

    assert answer.meta.degraded == ()
    text = answer.model_dump_json()
    assert not [name for name in COMMENTERS if name in text]
