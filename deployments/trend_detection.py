"""Trend detection: what rises and falls in a creator's topics, hashtags, engagement and followers."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from ray import serve

from deployments.comments import POSTS_MAX
from deployments.engagement import newest, reactions
from deployments.follower_history import (
    SNAPSHOTS_LEAST,
    WEEK_S,
    FollowerHistory,
    Forecast,
    Point,
    follower_history,
    percent,
)
from deployments.registry import identity_of
from deployments.scores import Abstention, Score
from deployments.series import EWMA_HISTORY_LEAST, bursts, change_points, ewma_surges
from deployments.statistics import bootstrap, fisher_exact, mann_kendall, share_difference, theil_sen
from deployments.topics import POSTS_LEAST as TOPIC_POSTS_LEAST
from deployments.topics import POSTS_MAX as TOPIC_POSTS_MAX
from deployments.topics import cluster, name_clusters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deployments.facts import CreatorFacts, PostFacts
    from deployments.scores import ModelIdentity
    from deployments.statistics import Floats

SLOT = "trend_detection"
CALLS_MAX = 64
BATCH_WAIT_S = 0.005
POSTS_LEAST_FOR_TERMS = 6
TERM_POSTS_LEAST = 2
TERMS_MAX = 20
POSTS_LEAST_FOR_TREND = 6
POSTS_LEAST_FOR_CHANGES = 8
POSTS_LEAST_FOR_BURSTS = 8
BURST_POSTS_LEAST = 3
SURGE_Z = 3.0
SURGE_SPREAD_LEAST = 0.25  # of log engagement: a short history understates it, and a surge is a factor of two at least
LOG_SPREAD_LEAST = 0.15  # of log engagement; less is chance

__all__ = [
    "Burst", "ChangePoint", "EngagementTrend", "FollowerHistory", "Forecast", "Point", "Surge", "Topic", "Trend",
    "TrendDetection", "TrendDetectionDeployment", "TrendDetectionModel",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trend:
    """A term whose use may have changed from the older to the newer half of the posts.

    change is the difference of the shares of posts that use it (newer minus older, -1 to 1) with its interval;
    p_value is Fisher's exact test's. direction is rising, falling or steady (interval holds zero).
    """

    term: str
    kind: str  # hashtag or topic
    direction: str
    change: Score
    p_value: float
    posts_older: int
    posts_newer: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A cluster of captions: its name, its strongest words, its share of posts and what it earns."""

    name: str
    terms: tuple[str, ...]
    posts: int
    share: float
    engagement_lift: Score  # median engagement of its posts / median of the others
    post_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of posts in which a hashtag was used far more often than usual (Kleinberg's two-state automaton)."""

    term: str
    started_at: datetime
    ended_at: datetime
    posts: int
    weight: float  # cost saved by the burst state, in nats


@dataclass(frozen=True, slots=True)
class Surge:
    """A post whose engagement left the range that the posts before it led one to expect (EWMA z-score)."""

    post_id: str
    taken_at: datetime
    value: float
    expected: float
    z: float


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A time at which the level of engagement changed for good (PELT); medians before and after, likes + comments."""

    at: datetime
    before: float
    after: float
    posts_before: int
    posts_after: int


@dataclass(frozen=True, slots=True)
class EngagementTrend:
    """direction is rising, falling, flat, or None when undecidable; slope in percent a week of the median level."""

    direction: str | None
    slope_percent_per_week: Score
    tau: float | None  # Kendall's, -1 to 1
    p_value: float | None


@dataclass(frozen=True, slots=True)
class TrendDetection:
    """All trends of one creator; what could not be computed is in abstained."""

    hashtags: tuple[Trend, ...]
    topics: tuple[Trend, ...]
    topic_clusters: tuple[Topic, ...]
    engagement: EngagementTrend
    engagement_points: tuple[Point, ...]  # likes + comments of each post, oldest first
    surges: tuple[Surge, ...]
    bursts: tuple[Burst, ...]
    change_points: tuple[ChangePoint, ...]
    followers: FollowerHistory
    posts: int
    abstained: tuple[Abstention, ...]


class TrendDetectionModel:
    """Looks for what changes. Pure: the same facts give the same result."""

    def __init__(self, tier: str = "embedded") -> None:
        self.identity: ModelIdentity = identity_of(SLOT, tier)

    def predict(self, creators: Sequence[CreatorFacts]) -> list[TrendDetection]:
        """One result for each creator, in order."""
        return [_detect(creator) for creator in creators]


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class TrendDetectionDeployment:
    """Batches callers and keeps the event loop free while the model computes."""

    def __init__(self, tier: str = "embedded") -> None:
        self._model = TrendDetectionModel(tier)

    async def __call__(self, creators: list[CreatorFacts]) -> list[TrendDetection]:
        return await self._detect(creators)

    async def identity(self) -> ModelIdentity:
        """Which model answers here."""
        return self._model.identity

    @serve.batch(max_batch_size=CALLS_MAX, batch_wait_timeout_s=BATCH_WAIT_S)
    async def _detect(self, calls: list[list[CreatorFacts]]) -> list[list[TrendDetection]]:
        results = iter(await asyncio.to_thread(self._model.predict, [one for creators in calls for one in creators]))
        return [list(islice(results, len(creators))) for creators in calls]


def _detect(creator: CreatorFacts) -> TrendDetection:
    looked_at = newest(creator.posts, POSTS_MAX)
    dated = sorted(
        ((post.taken_at.astimezone(UTC), post) for post in looked_at if post.taken_at is not None),
        key=lambda pair: (pair[0], pair[1].id),
    )
    if creator.observed_at is not None:
        dated = [(time, post) for time, post in dated if time <= creator.observed_at]
    shown = [(time, post, float(total)) for time, post in dated if (total := reactions(post)) is not None]
    posts = [post for _, post in dated]
    abstained: list[Abstention] = []

    def enough(statistic: str, n: int, n_least: int, what: str) -> bool:
        if n < n_least:
            abstained.append(Abstention(statistic, n, n_least, f"{n} {what}; at least {n_least} are needed"))
        return n >= n_least

    terms = enough("terms", len(posts), POSTS_LEAST_FOR_TERMS, "dated posts")
    changes = enough("change_points", len(shown), POSTS_LEAST_FOR_CHANGES, "dated posts with likes and comments")
    surges = enough("surges", len(shown), EWMA_HISTORY_LEAST + 1, "dated posts with likes and comments")
    bursty = enough("bursts", len(posts), POSTS_LEAST_FOR_BURSTS, "dated posts")
    with_vectors = sum(post.embedding is not None for post in looked_at)
    topical = enough("topic_clusters", with_vectors, TOPIC_POSTS_LEAST, "posts with a caption vector")
    engagement = _engagement_trend([(time, total) for time, _, total in shown])
    followers = follower_history(creator.snapshots)
    for name, score in (
        ("engagement_trend", engagement.slope_percent_per_week),
        ("follower_growth", followers.growth_percent_per_week),
    ):
        least = POSTS_LEAST_FOR_TREND if name == "engagement_trend" else SNAPSHOTS_LEAST
        if score.value is None:
            abstained.append(Abstention(name, score.n, least, score.reason or ""))
    return TrendDetection(
        hashtags=_trends("hashtag", [frozenset(tag.lower() for tag in post.hashtags) for post in posts])
        if terms
        else (),
        topics=_trends("topic", [frozenset({post.category} if post.category else ()) for post in posts])
        if terms
        else (),
        topic_clusters=_topics(looked_at) if topical else (),
        engagement=engagement,
        engagement_points=tuple(Point(time, total) for time, _, total in shown),
        surges=_surges(shown) if surges else (),
        bursts=_bursts(dated) if bursty else (),
        change_points=_change_points(shown) if changes else (),
        followers=followers,
        posts=len(looked_at),
        abstained=tuple(abstained),
    )


def _trends(kind: str, used: Sequence[frozenset[str]]) -> tuple[Trend, ...]:
    """Terms of at least TERM_POSTS_LEAST posts, the largest changes first; used holds each post's terms, oldest first."""
    half = len(used) // 2
    older, newer = used[:half], used[half:]
    method = (
        "share of the newer half of posts minus share of the older half; interval: Newcombe 1998; test: Fisher's exact"
    )
    trends = []
    for term in sorted(frozenset().union(*used)):
        before, after = sum(term in one for one in older), sum(term in one for one in newer)
        if before + after < TERM_POSTS_LEAST:
            continue
        change, low, high = share_difference(before, len(older), after, len(newer))
        direction = "rising" if low > 0 else "falling" if high < 0 else "steady"
        score = Score(change, len(used), method, (low, high))
        p = fisher_exact(before, len(older), after, len(newer))
        trends.append(Trend(term, kind, direction, score, p, before, after))
    trends.sort(key=lambda trend: (trend.p_value, -abs(trend.change.value or 0.0), trend.term))
    return tuple(trends[:TERMS_MAX])


def _topics(posts: Sequence[PostFacts]) -> tuple[Topic, ...]:
    told = sorted((post for post in posts if post.embedding is not None), key=lambda post: post.id)[:TOPIC_POSTS_MAX]
    labels = cluster(np.asarray([post.embedding for post in told], dtype=float))
    if labels is None:
        return ()
    names = name_clusters(told, labels)
    found = []
    for label, terms in names.items():
        members = [post for post, own in zip(told, labels, strict=True) if own == label]
        lift = _topic_lift([(own == label, reactions(post)) for post, own in zip(told, labels, strict=True)])
        name = ", ".join(terms[:3]) or f"topic {label + 1}"
        share = len(members) / len(told)
        found.append(Topic(name, terms, len(members), share, lift, tuple(post.id for post in members)))
    return tuple(sorted(found, key=lambda topic: (-topic.posts, topic.name)))


def _topic_lift(posts: Sequence[tuple[bool, int | None]]) -> Score:
    method = "median likes + comments of the topic's posts / median of the others; interval: bootstrap over posts"
    marks = np.asarray([own for own, total in posts if total is not None], dtype=float)
    totals = np.asarray([total for _, total in posts if total is not None], dtype=float)
    inside = int(marks.sum())
    least = 2
    if inside < least or len(marks) - inside < least:
        return Score(
            None,
            inside,
            method,
            reason=f"{inside} posts here show likes; at least {least} are needed, and as many elsewhere",
        )
    others = float(np.median(totals[marks == 0]))
    if others <= 0:
        return Score(None, inside, method, reason="the other posts have no reactions")
    value = float(np.median(totals[marks == 1])) / others

    def ratio(rows: Floats) -> Floats:
        here = np.where(rows[:, :, 1] == 1, rows[:, :, 0], np.nan)
        there = np.where(rows[:, :, 1] == 0, rows[:, :, 0], np.nan)
        usable = np.isfinite(here).any(axis=1) & np.isfinite(there).any(axis=1)
        draws = np.full(len(rows), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            draws[usable] = np.nanmedian(here[usable], axis=1) / np.nanmedian(there[usable], axis=1)
        return draws

    low, high = bootstrap(ratio, totals, marks)
    return Score(value, inside, method, (min(low, value), max(high, value)))


def _engagement_trend(points: Sequence[tuple[datetime, float]]) -> EngagementTrend:
    method = "Theil-Sen slope of ln(likes + comments) a week with Sen's interval; direction: Mann-Kendall test at 5 %"
    n = len(points)
    if n < POSTS_LEAST_FOR_TREND:
        reason = f"{n} dated posts with likes and comments; at least {POSTS_LEAST_FOR_TREND} are needed"
        return EngagementTrend(None, Score(None, n, method, reason=reason), None, None)
    weeks = [(time - points[0][0]).total_seconds() / WEEK_S for time, _ in points]
    logs = [math.log1p(total) for _, total in points]
    line = theil_sen(weeks, logs)
    if line is None:
        return EngagementTrend(None, Score(None, n, method, reason="all posts are from one moment"), None, None)
    tau, p = mann_kendall(logs)
    slope, _, (low, high) = line
    direction = "flat" if p >= 0.05 else "rising" if tau > 0 else "falling"
    score = Score(percent(slope), n, method, (percent(low), percent(high)), confidence=1 - p)
    return EngagementTrend(direction, score, tau, p)


def _surges(shown: Sequence[tuple[datetime, PostFacts, float]]) -> tuple[Surge, ...]:
    scores = ewma_surges([math.log1p(total) for _, _, total in shown], SURGE_SPREAD_LEAST)
    return tuple(
        Surge(post.id, time, total, math.expm1(expected), z)
        for (time, post, total), (expected, z) in zip(shown, scores, strict=True)
        if abs(z) >= SURGE_Z
    )


def _change_points(shown: Sequence[tuple[datetime, PostFacts, float]]) -> tuple[ChangePoint, ...]:
    totals = [total for _, _, total in shown]
    at = change_points([math.log1p(total) for total in totals], LOG_SPREAD_LEAST)
    bounds = [0, *at, len(totals)]
    return tuple(
        ChangePoint(
            shown[here][0],
            float(np.median(totals[before:here])),
            float(np.median(totals[here:after])),
            here - before,
            after - here,
        )
        for before, here, after in zip(bounds, bounds[1:], bounds[2:], strict=False)
    )


def _bursts(dated: Sequence[tuple[datetime, PostFacts]]) -> tuple[Burst, ...]:
    users: dict[str, list[bool]] = defaultdict(lambda: [False] * len(dated))
    for index, (_, post) in enumerate(dated):
        for tag in post.hashtags:
            users[tag.lower()][index] = True
    found = [
        Burst(term, dated[first][0], dated[last][0], sum(used[first : last + 1]), weight)
        for term, used in users.items()
        if sum(used) >= BURST_POSTS_LEAST
        for first, last, weight in bursts(used)
    ]
    return tuple(sorted(found, key=lambda burst: (-burst.weight, burst.term))[:TERMS_MAX])
