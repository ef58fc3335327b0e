"""What rules answered for a failed model is stored whole, but counts for nothing until the model has answered."""

from __future__ import annotations

import pytest

from tests.creators import envelope
from tests.integration.stored import analyze, complete_creator, load, show_pictures, store

pytestmark = pytest.mark.anyio

BY_RULES = {
    **envelope(
        {"label": "negative", "score": -0.5, "confidence": 0.6, "reason": None}, "the model gave no answer in time"
    ),
    "model": {"name": "sentiment-lexicon", "revision": "1", "tier": "fallback"},
    "fallback": True,
}


async def sentiment_columns(worker_db):
    async with worker_db.as_service() as db:
        rows = await db.fetch("select distinct ai_sentiment, ai_sentiment_score from posts")
    return [tuple(row) for row in rows]


async def analyze_by_rules(worker_db, profile_id, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            "tests.integration.stored.outcomes", lambda **_: {"sentiment": BY_RULES, "category": envelope(None, "down")}
        )
        await analyze(worker_db, profile_id)


async def test_a_fallback_is_stored_but_fills_no_column_and_leaves_the_profile_incomplete(worker_db, monkeypatch):
    profile_id = await store(worker_db)
    await show_pictures(worker_db, profile_id)
    await analyze_by_rules(worker_db, profile_id, monkeypatch)

    stored = await load(worker_db)
    assert all(post.analysis["sentiment"] == BY_RULES for post in stored.posts)
    assert await sentiment_columns(worker_db) == [(None, None)]
    assert "posts.ai_sentiment" in stored.completeness.missing


async def test_a_fallback_never_replaces_a_models_result(worker_db, monkeypatch):
    profile_id = await complete_creator(worker_db)
    await analyze_by_rules(worker_db, profile_id, monkeypatch)

    stored = await load(worker_db)
    assert not any(post.analysis["sentiment"]["fallback"] for post in stored.posts)
    assert await sentiment_columns(worker_db) == [("positive", 0.5)]
    assert stored.completeness.complete


async def test_a_models_result_replaces_a_fallback_and_completes_the_profile(worker_db, monkeypatch):
    profile_id = await store(worker_db)
    await show_pictures(worker_db, profile_id)
    await analyze_by_rules(worker_db, profile_id, monkeypatch)
    await analyze(worker_db, profile_id)

    stored = await load(worker_db)
    assert not any(post.analysis["sentiment"]["fallback"] for post in stored.posts)
    assert stored.completeness.complete
