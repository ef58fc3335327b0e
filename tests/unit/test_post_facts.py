"""What the per-profile models are told of a post."""

from __future__ import annotations

from dataclasses import replace

from actors.refresh_pipeline import _post_facts
from tests.stored_creators import creator


def test_what_rules_made_up_for_a_failed_model_stays_out_of_statistics():
    post = creator().posts[0]
    by_rules = replace(post, analysis={slot: {**made, "fallback": True} for slot, made in post.analysis.items()})
    told, silent = _post_facts(post), _post_facts(by_rules)

    assert told.language
    assert told.sentiment_score is not None
    assert (silent.language, silent.sentiment_score, silent.category, silent.keywords) == (None, None, None, ())
    assert silent.likes_count == told.likes_count
