"""The engagement rate, its follower tier and its place among peers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deployments.facts import Peer
    from deployments.scores import Score

POSTS_MAX = 12
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
    raise NotImplementedError


def engagement_rate(posts: Sequence[Countable], followers_count: int | None) -> float | None:
    """The mean engagement rate (FORMULA); None without followers or without a post that shows its likes."""
    raise NotImplementedError


def post_engagement_rate(post: Countable, followers_count: int | None) -> float | None:
    """(likes + comments) / followers of one post; None when a count is hidden or followers are unknown or zero."""
    raise NotImplementedError


def tier_of(followers_count: int | None) -> str | None:
    """nano, micro, mid, macro or mega; None when followers are unknown."""
    raise NotImplementedError


def percentile_among(rate: float | None, followers_count: int | None, peers: Sequence[Peer]) -> Score:
    """The share of peers of the same tier with a lower rate (ties half), 0-100, with its Wilson interval and n."""
    raise NotImplementedError
