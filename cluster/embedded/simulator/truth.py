"""The planted truth about a creator, for tests and evaluation: what the models should find."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cluster.embedded.simulator.comments import COMMENTS_PER_POST_MAX, comments_of

if TYPE_CHECKING:
    from cluster.embedded.simulator.creators import Creator, CreatorPost


def truth_of(creator: Creator) -> dict[str, Any]:
    """Everything that was planted, as JSON. Dates are ISO 8601 UTC; shares sum to one."""
    persona = creator.persona
    return {
        "username": creator.username,
        "cases": sorted(persona.cases),
        "exists": creator.exists,
        "private": creator.is_private,
        "full_name": persona.full_name,
        "country": persona.country.code,
        "utc_offset_h": persona.country.utc_offset_h,
        "language": persona.language,
        "language_shares": dict(persona.language_shares),
        "category": persona.category,
        "category_shares": dict(persona.category_shares),
        "tier": persona.tier,
        "followers_count": persona.followers_count,
        "engagement_rate": persona.engagement_rate,
        "engagement_trend": persona.engagement_trend,
        "likes_spread": persona.likes_spread,
        "bought_share": persona.bought_share,
        "pod_size": persona.pod_size,
        "sponsored_share": persona.sponsored_share,
        "audience": {"countries": dict(persona.audience), "female_share": persona.female_share},
        "rhythm": asdict(persona.rhythm),
        "related": list(creator.page.related),
        "posts": [_post(creator, post) for post in creator.posts],
    }


def _post(creator: Creator, post: CreatorPost) -> dict[str, Any]:
    comments = comments_of(creator, post, COMMENTS_PER_POST_MAX)
    return {
        "id": post.id,
        "shortcode": post.shortcode,
        "kind": post.kind,
        "language": post.caption.language,
        "second_language": post.caption.second_language,
        "category": post.category,
        "tone": post.caption.tone,
        "sponsor": post.caption.sponsor,
        "scene": post.scene,
        "taken_at": post.taken_at.isoformat(),
        "comments": [
            {"username": row.username, "language": row.language, "country": row.country, "gender": row.gender}
            for row in comments
        ],
    }
