"""Behavioural patterns: when, how often and in which formats a creator posts, and what each earns."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np
from ray import serve

from deployments.comments import POSTS_MAX
from deployments.engagement import newest, reactions
from deployments.posting_lifts import Format, Reaction, Slot, format_mix, reaction_of, slots_of
from deployments.registry import identity_of
from deployments.scores import Abstention, Score
from deployments.statistics import bootstrap_median, entropy_share, interval_of, resamples, student_t_95
from deployments.time_statistics import (
    burstiness,
    mean_angle_interval,
    offset_posterior,
    rayleigh_p,
    resultant,
    resultant_draws,
    strongest_rhythm,
)
from deployments.time_zones import offset_prior

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deployments.facts import CreatorFacts, PostFacts
    from deployments.scores import ModelIdentity
    from deployments.statistics import Floats

SLOT = "behavioral_patterns"
CALLS_MAX = 64
BATCH_WAIT_S = 0.005
POSTS_LEAST_FOR_CADENCE = 4
POSTS_LEAST_FOR_HOURS = 8
POSTS_LEAST_FOR_RHYTHM = 10
POSTS_LEAST_FOR_TIME_ZONE = 10
TIME_ZONE_CONFIDENCE_LEAST = 0.7  # that the estimate is at most an hour off
HOUR_BLOCKS = tuple(f"{start:02d}-{start + 3:02d}" for start in range(0, 24, 3))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOUR_S = 3_600.0
DAY_S = 86_400.0

__all__ = [
    "BehavioralPatterns",
    "BehavioralPatternsDeployment",
    "BehavioralPatternsModel",
    "Format",
    "Reaction",
    "Slot",
    "TimeZone",
]


@dataclass(frozen=True, slots=True)
class TimeZone:
    """The UTC offset in hours, estimated from languages, places and posting hours; None when it cannot be told."""

    offset_hours: Score
    estimated: bool  # always True where there is a value: the source does not tell the time zone


@dataclass(frozen=True, slots=True)
class BehavioralPatterns:
    """All behaviour of one creator. hours holds eight blocks of three hours, days seven weekdays; best ones first."""

    posts_per_week: Score
    gap_hours: Score  # median time between posts
    days_since_last_post: Score
    consistency: Score  # 0-100, 100 for a perfectly even rhythm
    burstiness: Score  # -1 regular, 0 random, 1 bursty
    hour_entropy: Score  # 0 always the same hour, 1 any hour
    hour_concentration: Score  # resultant length 0-1, confidence = 1 - p of Rayleigh's test
    weekday_concentration: Score
    mean_hour: Score  # of day, local_time
    rhythm_days: Score  # period of the strongest rhythm, confidence = 1 - false-alarm probability
    time_zone: TimeZone
    local_time: str  # "UTC" or "UTC+3 (estimated)": the clock that hours, days and mean_hour are in
    hours: tuple[Slot, ...]
    days: tuple[Slot, ...]
    formats: tuple[Format, ...]
    reaction: Reaction
    posts: int
    abstained: tuple[Abstention, ...]


class BehavioralPatternsModel:
    """Reads posting times and what posts earn. Pure: the same facts give the same result."""

    def __init__(self, tier: str = "embedded") -> None:
        self.identity: ModelIdentity = identity_of(SLOT, tier)

    def predict(self, creators: Sequence[CreatorFacts]) -> list[BehavioralPatterns]:
        """One result for each creator, in order."""
        return [_read(creator) for creator in creators]


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class BehavioralPatternsDeployment:
    """Batches callers and keeps the event loop free while the model computes."""

    def __init__(self, tier: str = "embedded") -> None:
        self._model = BehavioralPatternsModel(tier)

    async def __call__(self, creators: list[CreatorFacts]) -> list[BehavioralPatterns]:
        return await self._read(creators)

    async def identity(self) -> ModelIdentity:
        """Which model answers here."""
        return self._model.identity

    @serve.batch(max_batch_size=CALLS_MAX, batch_wait_timeout_s=BATCH_WAIT_S)
    async def _read(self, calls: list[list[CreatorFacts]]) -> list[list[BehavioralPatterns]]:
        results = iter(await asyncio.to_thread(self._model.predict, [one for creators in calls for one in creators]))
        return [list(islice(results, len(creators))) for creators in calls]


def _read(creator: CreatorFacts) -> BehavioralPatterns:
    posts = newest(creator.posts, POSTS_MAX)
    dated = [(post.taken_at.astimezone(UTC), post) for post in posts if post.taken_at is not None]
    if creator.observed_at is not None:
        # Sources have shown posts from the future; they tell nothing about habits.
        dated = [(time, post) for time, post in dated if time <= creator.observed_at]
    times = sorted(time for time, _ in dated)
    zone = _time_zone(times, posts, creator.username)
    offset = zone.offset_hours.value or 0.0
    clock = "UTC" if zone.offset_hours.value is None else f"UTC{offset:+g} (estimated)"
    local = [_local(time, offset) for time in times]
    earned = [(*_local(time, offset), reactions(post)) for time, post in dated]
    scores = {**_cadence(times), **_circular(local), "rhythm_days": _rhythm(times)}
    scores["days_since_last_post"] = _since(times, creator.observed_at)
    abstained = tuple(
        Abstention(name, score.n, _LEAST.get(name, 1), score.reason or "")
        for name, score in {**scores, "time_zone": zone.offset_hours}.items()
        if score.value is None
    )
    return BehavioralPatterns(
        time_zone=zone,
        local_time=clock,
        hours=slots_of([(HOUR_BLOCKS[int(hour // 3)], total) for _, hour, total in earned], HOUR_BLOCKS),
        days=slots_of([(WEEKDAYS[day], total) for day, _, total in earned], WEEKDAYS),
        formats=format_mix(posts),
        reaction=reaction_of(posts, creator),
        posts=len(posts),
        abstained=abstained,
        **scores,
    )


_LEAST = {
    "posts_per_week": POSTS_LEAST_FOR_CADENCE,
    "gap_hours": POSTS_LEAST_FOR_CADENCE,
    "consistency": POSTS_LEAST_FOR_CADENCE,
    "burstiness": POSTS_LEAST_FOR_CADENCE,
    "hour_entropy": POSTS_LEAST_FOR_HOURS,
    "hour_concentration": POSTS_LEAST_FOR_HOURS,
    "weekday_concentration": POSTS_LEAST_FOR_HOURS,
    "mean_hour": POSTS_LEAST_FOR_HOURS,
    "rhythm_days": POSTS_LEAST_FOR_RHYTHM,
    "time_zone": POSTS_LEAST_FOR_TIME_ZONE,
}


def _local(time: datetime, offset_hours: float) -> tuple[int, float]:
    """Weekday (0 is Monday) and hour of day on a clock `offset_hours` ahead of UTC."""
    hours = time.weekday() * 24 + time.hour + time.minute / 60 + time.second / HOUR_S + offset_hours
    return int(hours // 24) % 7, hours % 24


def _cadence(times: Sequence[datetime]) -> dict[str, Score]:
    gaps = np.sort([(later - earlier).total_seconds() / HOUR_S for earlier, later in pairwise(times)])
    n = len(times)
    methods = {
        "posts_per_week": "168 / mean hours between posts; interval: Student's t on the log scale (delta method)",
        "gap_hours": "median hours between posts; interval: bootstrap over gaps",
        "consistency": "50 (1 - burstiness): 100 for a clockwork, 50 for chance, 0 for all at once",
        "burstiness": "Goh & Barabasi 2008, for few events after Kim & Jo 2016; interval: bootstrap over gaps",
    }
    if n < POSTS_LEAST_FOR_CADENCE or gaps.sum() <= 0:
        reason = f"{n} dated posts at different times; at least {POSTS_LEAST_FOR_CADENCE} are needed"
        return {name: Score(None, n, method, reason=reason) for name, method in methods.items()}
    drawn = burstiness(gaps[resamples(len(gaps))])
    burst = float(burstiness(gaps))
    low, high = interval_of(drawn, len(gaps))
    low, high = min(low, burst), max(high, burst)
    per_week = 168 / float(gaps.mean())
    # Delta method on the logarithm: the standard error of ln(mean gap) is cv / sqrt(n).
    factor = math.exp(student_t_95(len(gaps) - 1) * float(gaps.std(ddof=1) / gaps.mean()) / math.sqrt(len(gaps)))
    values = {
        "posts_per_week": (per_week, (per_week / factor, per_week * factor)),
        "gap_hours": (float(np.median(gaps)), bootstrap_median(gaps)),
        "consistency": (50 * (1 - burst), (50 * (1 - high), 50 * (1 - low))),
        "burstiness": (burst, (low, high)),
    }
    return {name: Score(value, n, methods[name], interval) for name, (value, interval) in values.items()}


def _circular(local: Sequence[tuple[int, float]]) -> dict[str, Score]:
    n = len(local)
    methods = {
        "hour_entropy": "Shannon entropy of the eight three-hour blocks over its maximum; interval: bootstrap over posts",
        "hour_concentration": "resultant length of the hours of day; confidence: 1 - p of Rayleigh's test",
        "weekday_concentration": "resultant length of the weekdays; confidence: 1 - p of Rayleigh's test",
        "mean_hour": "circular mean of the hours of day; interval: bootstrap over posts",
    }
    if n < POSTS_LEAST_FOR_HOURS:
        reason = f"{n} dated posts; at least {POSTS_LEAST_FOR_HOURS} are needed"
        return {name: Score(None, n, method, reason=reason) for name, method in methods.items()}
    by_hour = np.sort([hour for _, hour in local]) * (2 * math.pi / 24)
    by_day = np.sort([day for day, _ in local]) * (2 * math.pi / 7)
    scores = {"hour_entropy": _entropy(local, methods["hour_entropy"])}
    for name, angles in (("hour_concentration", by_hour), ("weekday_concentration", by_day)):
        _, length = resultant(angles)
        low, high = interval_of(resultant_draws(angles), n)
        interval = (min(low, length), max(high, length))
        scores[name] = Score(length, n, methods[name], interval, confidence=1 - rayleigh_p(length, n))
    mean, length = resultant(by_hour)
    p = rayleigh_p(length, n)
    if p >= 0.05:
        reason = f"posts are spread over the day (Rayleigh's p = {p:.2f}), so that no mean hour exists"
        return scores | {"mean_hour": Score(None, n, methods["mean_hour"], reason=reason)}
    hours = 24 / (2 * math.pi)
    low, high = mean_angle_interval(by_hour)
    # The interval may cross midnight: its ends then lie below 0 or above 24, so that low <= value <= high holds.
    interval = ((mean + low) * hours, (mean + high) * hours)
    return scores | {"mean_hour": Score(mean * hours % 24, n, methods["mean_hour"], interval, confidence=1 - p)}


def _entropy(local: Sequence[tuple[int, float]], method: str) -> Score:
    blocks = np.sort([int(hour // 3) for _, hour in local])
    value = entropy_share([Counter(blocks.tolist()).get(block, 0) for block in range(8)])
    drawn = blocks[resamples(len(blocks))]
    shares = np.stack([(drawn == block).mean(axis=1) for block in range(8)], axis=1)
    logs = np.log(np.where(shares > 0, shares, 1.0))
    draws: Floats = -(shares * logs).sum(axis=1) / math.log(8)
    low, high = interval_of(draws, len(blocks))
    return Score(value, len(blocks), method, (max(0.0, min(low, value)), max(high, value)))


def _rhythm(times: Sequence[datetime]) -> Score:
    n = len(times)
    method = (
        "Lomb-Scargle periodogram of posts a day (Scargle 1982); confidence: 1 - false-alarm probability by permutation"
    )
    if n < POSTS_LEAST_FOR_RHYTHM:
        return Score(None, n, method, reason=f"{n} dated posts; at least {POSTS_LEAST_FOR_RHYTHM} are needed")
    found = strongest_rhythm([time.timestamp() / DAY_S for time in times])
    if found is None:
        return Score(None, n, method, reason="the posts span less than a week or more than 400 days, or come every day")
    period, false_alarm = found
    if false_alarm > 0.1:
        return Score(None, n, method, reason=f"no rhythm stands out (false-alarm probability {false_alarm:.2f})")
    return Score(period, n, method, confidence=1 - false_alarm)


def _since(times: Sequence[datetime], observed_at: datetime | None) -> Score:
    method = "days from the newest post to the fetch"
    if not times or observed_at is None:
        return Score(None, len(times), method, reason="no dated post, or the time of the fetch is not known")
    return Score((observed_at - times[-1]).total_seconds() / DAY_S, len(times), method)


def _time_zone(times: Sequence[datetime], posts: Sequence[PostFacts], username: str) -> TimeZone:
    n = len(times)
    method = (
        "most probable UTC offset given the captions' language, the places that its speakers name in comments, the posting "
        "hours, a usual day of activity (Golder & Macy 2011) and the world's population by offset; interval: 95 % credible; "
        "confidence: probability of at most an hour's error"
    )
    if n < POSTS_LEAST_FOR_TIME_ZONE:
        reason = f"{n} dated posts; at least {POSTS_LEAST_FOR_TIME_ZONE} are needed"
        return TimeZone(Score(None, n, method, reason=reason), estimated=False)
    posterior = offset_posterior([time.hour + time.minute / 60 for time in times], offset_prior(posts, username))
    offsets, weights = np.asarray(list(posterior)), np.cumsum(list(posterior.values()))
    low = float(offsets[int(np.searchsorted(weights, 0.025))])
    high = float(offsets[min(len(offsets) - 1, int(np.searchsorted(weights, 0.975)))])
    best = max(posterior, key=lambda offset: posterior[offset])
    near = sum(weight for offset, weight in posterior.items() if abs(offset - best) <= 1)
    if near < TIME_ZONE_CONFIDENCE_LEAST:
        reason = f"the languages, places and posting hours fit time zones from UTC{low:+g} to UTC{high:+g}"
        return TimeZone(Score(None, n, method, reason=reason), estimated=False)
    score = Score(best, n, method, (min(low, best), max(high, best)), confidence=min(1.0, near))
    return TimeZone(score, estimated=True)
