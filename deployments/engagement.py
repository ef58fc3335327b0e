"""The engagement rate, its follower tier and its place among peers."""

from __future__ import annotations

import statistics as averages
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from deployments.scores import Score
from deployments.statistics import bootstrap_mean, bootstrap_median, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deployments.facts import Peer

POSTS_MAX = 12
POSTS_LEAST_FOR_INTERVAL = 3
PEERS_LEAST = 5
FORMULA = (
    "engagement_rate = (likes + comments) / followers for each of the last 12 posts; the rate is their mean, the median "
    "stands beside it; posts with hidden likes are left out of numerator and count"
)
TIERS = (("nano", 0), ("micro", 10_000), ("mid", 50_000), ("macro", 500_000), ("mega", 1_000_000))


class Countable(Protocol):
    """A post's public counts, whatever record holds them."""

    @property
    def likes_count(self) -> int | None: ...
    @property
    def comments_count(self) -> int | None: ...
    @property
    def taken_at(self) -> datetime | None: ...


PostT = TypeVar("PostT", bound=Countable)


@dataclass(frozen=True, slots=True)
class Engagement:
    """The engagement rate as a share (0.03 is 3 %), mean and median, over the same posts.

    posts_hidden of the posts looked at hide their likes or miss a count. percentile is 0-100 among stored peers of the
    same tier.
    """

    mean: Score
    median: Score
    percentile: Score
    tier: str | None
    posts_hidden: int
    formula: str = FORMULA


def engagement_of(posts: Sequence[Countable], followers_count: int | None, peers: Sequence[Peer] = ()) -> Engagement:
    """Everything about a creator's engagement rate, from the newest POSTS_MAX posts by time, in any order given."""
    looked_at = newest(posts)
    rates = _rates(looked_at, followers_count)
    hidden = sum(post.likes_count is None or post.comments_count is None for post in looked_at)
    reason = _missing(looked_at, followers_count) if not rates else None
    many = len(rates) >= POSTS_LEAST_FOR_INTERVAL
    mean = Score(
        value=averages.fmean(rates) if rates else None,
        n=len(rates),
        method=FORMULA + "; interval: bootstrap over posts",
        interval=bootstrap_mean(rates) if many else None,
        reason=reason,
    )
    median = Score(
        value=averages.median(rates) if rates else None,
        n=len(rates),
        method="median of the posts' engagement rates; interval: bootstrap over posts",
        interval=bootstrap_median(rates) if many else None,
        reason=reason,
    )
    percentile = percentile_among(mean.value, followers_count, peers)
    return Engagement(mean, median, percentile, tier_of(followers_count), hidden)


def engagement_rate(posts: Sequence[Countable], followers_count: int | None) -> float | None:
    """The mean engagement rate (FORMULA); None without followers or without a post that shows its likes."""
    rates = _rates(newest(posts), followers_count)
    return averages.fmean(rates) if rates else None


def post_engagement_rate(post: Countable, followers_count: int | None) -> float | None:
    """(likes + comments) / followers of one post; None when a count is hidden or followers are unknown or zero."""
    total = reactions(post)
    return None if total is None or not followers_count or followers_count < 0 else total / followers_count


def reactions(post: Countable) -> int | None:
    """Likes + comments; None when either is hidden or unknown."""
    if post.likes_count is None or post.comments_count is None:
        return None
    return max(0, post.likes_count) + max(0, post.comments_count)


def newest(posts: Sequence[PostT], limit: int = POSTS_MAX) -> list[PostT]:
    """The latest posts by time, whatever the order given (Instagram puts pinned ones first); undated ones come last."""
    dated = [post for post in posts if post.taken_at is not None]
    undated = [post for post in posts if post.taken_at is None]
    undated.sort(key=lambda post: (post.likes_count or 0, post.comments_count or 0), reverse=True)
    # Equal times fall back on the counts, so that the choice does not depend on the order given.
    dated.sort(key=lambda post: (post.taken_at, post.likes_count or 0, post.comments_count or 0), reverse=True)
    return [*dated, *undated][:limit]


def tier_of(followers_count: int | None) -> str | None:
    """nano, micro, mid, macro or mega; None when followers are unknown."""
    if followers_count is None or followers_count < 0:
        return None
    return next(name for name, least in reversed(TIERS) if followers_count >= least)


def percentile_among(rate: float | None, followers_count: int | None, peers: Sequence[Peer]) -> Score:
    """The share of peers of the same tier with a lower rate (ties half), 0-100, with its Wilson interval and n."""
    tier = tier_of(followers_count)
    rates = [peer.engagement_rate for peer in peers if tier is not None and tier_of(peer.followers_count) == tier]
    method = "share of stored profiles of the same follower tier with a lower rate, ties half; Wilson interval"
    if rate is None or tier is None:
        return Score(None, len(rates), method, reason="this creator's own engagement rate is not known")
    if len(rates) < PEERS_LEAST:
        reason = f"{len(rates)} stored profiles of the tier {tier}; at least {PEERS_LEAST} are needed"
        return Score(None, len(rates), method, reason=reason)
    below = sum(other < rate for other in rates) + sum(other == rate for other in rates) / 2
    low, high = wilson(below, len(rates))
    return Score(100 * below / len(rates), len(rates), method, interval=(100 * low, 100 * high))


def _rates(posts: Sequence[Countable], followers_count: int | None) -> list[float]:
    found = (post_engagement_rate(post, followers_count) for post in posts)
    return sorted(rate for rate in found if rate is not None)


def _missing(posts: Sequence[Countable], followers_count: int | None) -> str:
    if not posts:
        return "the account has no posts"
    if not followers_count:
        return "the number of followers is not known or zero"
    return "likes or comments of all posts are hidden"
