"""Overview: who the creator is, in figures and in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from api.compose.estimates import STATISTICS, distribution_of
from api.compose.outcomes import SOURCE_SILENT, absolute, origin_of, reasons_of
from api.compose.posts import INSTAGRAM
from api.sections.overview import (
    CountsOut,
    EngagementRateOut,
    FollowerHistoryOut,
    IdentityOut,
    Overview,
    RelatedProfileOut,
)
from api.sections.scores import DistributionOut
from deployments.engagement import PEERS_LEAST, engagement_of, tier_of
from deployments.scores import Score
from deployments.statistics import wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.compose.outcomes import Gaps, Stored
    from api.sections.content import Content
    from api.sections.engagement import BehaviourOut
    from api.sections.posts import PostOut
    from cluster.stores.stored import StoredCreator

NO_BUSINESS_CATEGORY = "the account shows none"
FOLLOWERS_UNKNOWN = "the number of followers is unknown"
PERCENTILE_METHOD = (
    "share of stored peers of the same tier with a lower rate, ties counted half; 95 % interval of Wilson (1927)"
)
RATE_UNKNOWN = "this creator's own engagement rate is not known"
LANGUAGES_OF = "share of the captions whose language could be told"
UNDETERMINED = "und"


def overview_of(
    creator: StoredCreator,
    posts: Sequence[PostOut],
    content: Content,
    behaviour: BehaviourOut,
    trends: Stored,
    base_url: str,
    gaps: Gaps,
) -> Overview:
    """Who the creator is."""
    counts = {"followers": creator.followers_count, "following": creator.following_count, "posts": creator.posts_count}
    tier = tier_of(creator.followers_count)
    return Overview(
        identity=_identity(creator, base_url, gaps),
        counts=CountsOut(**counts, reasons=reasons_of(counts, {})),
        tier=tier,
        reasons=reasons_of({"tier": tier}, {"tier": FOLLOWERS_UNKNOWN}),
        engagement_rate=_engagement_rate(creator),
        posting_frequency=behaviour.posts_per_week,
        primary_category=content.primary_category,
        category_distribution=content.categories,
        content_quality=content.visual.quality.overall,
        languages=_languages(posts),
        follower_history=trends.read(FollowerHistoryOut, lambda result: _follower_history(result, trends), gaps),
        related_profiles=tuple(
            RelatedProfileOut(
                username=related.username,
                full_name=related.full_name,
                is_verified=related.is_verified,
                is_private=related.is_private,
                profile_url=f"{INSTAGRAM}/{related.username}/",
            )
            for related in creator.related
        ),
    )


def _identity(creator: StoredCreator, base_url: str, gaps: Gaps) -> IdentityOut:
    picture_error = None
    if creator.picture_url is None:
        picture_error = creator.picture_error or "not downloaded yet"
        gaps.add("picture", picture_error)
    fields = {
        "full_name": creator.full_name,
        "biography": creator.biography,
        "picture_url": absolute(creator.picture_url, base_url),
        "business_category": creator.business_category,
    }
    why = {
        "picture_url": picture_error,
        "business_category": NO_BUSINESS_CATEGORY,
        "full_name": SOURCE_SILENT,
        "biography": SOURCE_SILENT,
    }
    return IdentityOut(
        **fields,
        reasons=reasons_of(fields, why),
        username=creator.username,
        profile_url=f"{INSTAGRAM}/{creator.username}/",
        links=tuple(creator.external_urls),
        is_verified=creator.is_verified,
        is_private=creator.is_private,
        is_business=creator.is_business,
        joined_recently=creator.joined_recently,
    )


def _engagement_rate(creator: StoredCreator) -> EngagementRateOut:
    engagement = engagement_of(creator.posts, creator.followers_count)
    values: dict[str, Any] = {
        **asdict(engagement.mean),
        "formula": engagement.formula,
        "median": asdict(engagement.median),
        "percentile": asdict(_percentile(creator, engagement.mean.value)),
        "posts_hidden": engagement.posts_hidden,
    }
    return EngagementRateOut.model_validate(values, context=STATISTICS)


def _percentile(creator: StoredCreator, rate: float | None) -> Score:
    percentile, peers = creator.engagement_percentile, creator.engagement_peers
    if percentile is None or peers == 0:
        reason = f"{peers} stored profiles of the same tier; at least {PEERS_LEAST} are needed"
        return Score(None, peers, PERCENTILE_METHOD, reason=RATE_UNKNOWN if rate is None else reason)
    low, high = wilson(percentile / 100 * peers, peers)
    return Score(percentile, peers, PERCENTILE_METHOD, interval=(100 * low, 100 * high))


def _languages(posts: Sequence[PostOut]) -> DistributionOut:
    told = [post.language.value for post in posts if post.language.value not in (None, UNDETERMINED)]
    origin = origin_of(post.language for post in posts)
    shares = distribution_of(map(str, told), LANGUAGES_OF, reason="no caption's language could be told")
    return DistributionOut.model_validate(shares, context=origin)


def _follower_history(result: Mapping[str, Any], trends: Stored) -> FollowerHistoryOut:
    return FollowerHistoryOut.model_validate(result["followers"], context=trends.origin)
