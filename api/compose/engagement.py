"""Engagement: how people react, when, and what stands out."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from api.compose.estimates import distribution_of, iqr_of, mad_of, mean_of, median_of, signed
from api.compose.outcomes import origin_of, reasons_of
from api.sections.engagement import (
    AnomaliesOut,
    AnomalyOut,
    BehaviourOut,
    ByTypeOut,
    EngagementSection,
    OverTimeOut,
    PerPostOut,
    SentimentOverviewOut,
    SeriesPointOut,
    SurgeOut,
    TrendOut,
)
from api.sections.scores import DistributionOut, Finding, ScoreOut
from deployments.scores import Score
from deployments.statistics import mann_kendall, theil_sen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.compose.outcomes import Gaps, Stored
    from api.sections.posts import PostOut

TREND_POSTS_LEAST = 6  # below it, Mann-Kendall's test cannot reach the level
TREND_LEVEL = 0.05
WEEK_S = 7 * 86_400
SENTIMENT_TREND = "Theil-Sen slope of the captions' scores over time, in points a week (Sen 1968); direction by Mann-Kendall's test at 5 %"


class _Anomalies(Finding):
    posts: tuple[AnomalyOut, ...]


class _Surges(Finding):
    surges: tuple[SurgeOut, ...]


def engagement_of(
    posts: Sequence[PostOut], behaviour: BehaviourOut, trends: Stored, fraud: Stored, gaps: Gaps
) -> EngagementSection:
    """How people react, when, and what stands out."""
    return EngagementSection(
        likes=_per_post(posts, "likes"),
        comments=_per_post(posts, "comments"),
        over_time=_over_time(posts, trends, gaps),
        sentiment=_sentiment(posts),
        behaviour=behaviour,
        anomalies=_anomalies(trends, fraud, gaps),
    )


def behaviour_of(stored: Stored, gaps: Gaps) -> BehaviourOut:
    """When, how often and in which formats the creator posts."""

    def make(result: Mapping[str, Any]) -> BehaviourOut:
        return BehaviourOut.model_validate(result, context=stored.origin)

    return stored.read(BehaviourOut, make, gaps)


def _per_post(posts: Sequence[PostOut], what: str) -> PerPostOut:
    shown = [(post.type, count) for post in posts if (count := getattr(post.counts, what)) is not None]
    values = [count for _, count in shown]
    of = f"{what} per post, hidden ones left out"
    types = []
    for kind, group in groupby(sorted(shown), key=lambda pair: pair[0]):
        score = median_of([count for _, count in group], f"{what} per {kind}, hidden ones left out")
        types.append(ByTypeOut(type=kind, median=signed(score)))
    types.sort(key=lambda one: one.median.value or 0.0, reverse=True)
    return PerPostOut(
        median=signed(median_of(values, of)),
        iqr=signed(iqr_of(values, of)),
        mad=signed(mad_of(values, of)),
        by_type=tuple(types),
    )


def _over_time(posts: Sequence[PostOut], trends: Stored, gaps: Gaps) -> OverTimeOut:
    points = tuple(_point(post) for post in sorted(_dated(posts), key=_time))

    def make(result: Mapping[str, Any]) -> OverTimeOut:
        values = {
            "points": points,
            "trend": _engagement_trend(result["engagement"]),
            "change_points": result["change_points"],
        }
        return OverTimeOut.model_validate(values, context=trends.origin)

    # The series is counted, not modelled: it stands even where the model gave nothing.
    return trends.read(OverTimeOut, make, gaps).model_copy(update={"points": points})


def _dated(posts: Sequence[PostOut]) -> list[PostOut]:
    return [post for post in posts if post.taken_at is not None]


def _time(post: PostOut) -> float:
    assert post.taken_at is not None
    return post.taken_at.timestamp()


def _point(post: PostOut) -> SeriesPointOut:
    assert post.taken_at is not None
    fields = {
        "likes": post.counts.likes,
        "comments": post.counts.comments,
        "engagement_rate": post.engagement_rate.value,
    }
    why = {**post.counts.reasons, "engagement_rate": post.engagement_rate.reason}
    return SeriesPointOut(post_id=post.id, at=post.taken_at, **fields, reasons=reasons_of(fields, why))


def _engagement_trend(trend: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: trend[name] for name in ("direction", "tau", "p_value")}
    slope = trend["slope_percent_per_week"]
    why = slope["reason"] or "undecidable from these posts"
    return {**fields, "slope": slope, "reasons": reasons_of(fields, dict.fromkeys(fields, why))}


def _sentiment(posts: Sequence[PostOut]) -> SentimentOverviewOut:
    origin = origin_of(post.sentiment for post in posts)
    labels = [post.sentiment.label for post in posts if post.sentiment.label is not None]
    scores = [post.sentiment.value for post in posts if post.sentiment.value is not None]
    shares = distribution_of(labels, "share of the captions with words", reason="no caption has words to judge")
    return SentimentOverviewOut(
        distribution=DistributionOut.model_validate(shares, context=origin),
        average=ScoreOut.model_validate(mean_of(scores, "the captions' scores"), context=origin),
        trend=TrendOut.model_validate(_sentiment_trend(posts), context=origin),
    )


def _sentiment_trend(posts: Sequence[PostOut]) -> dict[str, Any]:
    dated = sorted((_time(post), post.sentiment.value) for post in _dated(posts) if post.sentiment.value is not None)
    n = len(dated)
    fit = None
    if n >= TREND_POSTS_LEAST:
        weeks = [(time - dated[0][0]) / WEEK_S for time, _ in dated]
        values = [value for _, value in dated]
        fit = theil_sen(weeks, values)
    if fit is None:
        reason = f"{n} dated captions; at least {TREND_POSTS_LEAST} at different times are needed"
        slope = Score(None, n, SENTIMENT_TREND, reason=reason)
        nulls = ("direction", "tau", "p_value")
        return {**dict.fromkeys(nulls), "slope": slope, "reasons": dict.fromkeys(nulls, reason)}
    tau, p_value = mann_kendall(values)
    direction = "flat" if p_value >= TREND_LEVEL else "rising" if tau > 0 else "falling"
    slope = Score(fit[0], n, SENTIMENT_TREND, interval=fit[2])
    return {"direction": direction, "slope": slope, "tau": tau, "p_value": p_value}


def _anomalies(trends: Stored, fraud: Stored, gaps: Gaps) -> AnomaliesOut:
    def posts_of(result: Mapping[str, Any]) -> _Anomalies:
        return _Anomalies.model_validate({"posts": result["anomalies"]}, context=fraud.origin)

    def surges_of(result: Mapping[str, Any]) -> _Surges:
        return _Surges.model_validate({"surges": result["surges"]}, context=trends.origin)

    posts = fraud.read(_Anomalies, posts_of, gaps)
    surges = trends.read(_Surges, surges_of, gaps)
    return AnomaliesOut(
        posts=posts.posts,
        surges=surges.surges,
        model=posts.model or surges.model,
        fallback=posts.fallback or surges.fallback,
        reason=posts.reason or surges.reason,
    )
