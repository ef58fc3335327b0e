"""From what is stored of a creator to the five sections of the answer: pure functions, no clock, no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.compose.audience import audience_of
from api.compose.content import content_of
from api.compose.engagement import behaviour_of, engagement_of
from api.compose.meta import meta_of
from api.compose.outcomes import Gaps, stored_outcome
from api.compose.overview import overview_of
from api.compose.posts import post_out
from api.sections import CreatorAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.sections import PostOut
    from cluster.stores.stored import StoredCreator, StoredPost

__all__ = ["compose", "compose_post"]


def compose(
    creator: StoredCreator, *, base_url: str, stale: bool = False, degraded: Sequence[str] = ()
) -> CreatorAnswer:
    """The whole answer about one creator.

    base_url is joined to pictures kept by this server; stale says that a stored profile stands in because every source
    was down; degraded says in sentences what fetching left out. A model's outcome that is missing or unreadable
    leaves its part null, with the reason there and in meta.degraded. No commenter's name is ever in the answer.
    """
    gaps = Gaps()
    quality, insights, trends, fraud, patterns = (
        stored_outcome(creator.analysis, slot)
        for slot in (
            "audience_quality",
            "audience_insights",
            "trend_detection",
            "fraud_detection",
            "behavioral_patterns",
        )
    )
    posts = tuple(post_out(post, creator.followers_count, base_url, gaps) for post in creator.posts)
    behaviour = behaviour_of(patterns, gaps)
    content = content_of(posts, trends, gaps)
    return CreatorAnswer(
        overview=overview_of(creator, posts, content, behaviour, trends, base_url, gaps),
        audience=audience_of(quality, insights, fraud, gaps),
        engagement=engagement_of(posts, behaviour, trends, fraud, gaps),
        content=content,
        posts=posts,
        meta=meta_of(creator, gaps, degraded, stale=stale),
    )


def compose_post(post: StoredPost, followers_count: int | None, base_url: str) -> PostOut:
    """One post of the answer, by itself."""
    return post_out(post, followers_count, base_url, Gaps())
