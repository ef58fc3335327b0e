"""Measurements that only fraud detection takes: spikes, jumps, numbered names, first digits."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from deployments.comments import comments_of
from deployments.reactions import Measured
from deployments.statistics import ramp, resamples, robust_z, share_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.facts import CreatorFacts, PostFacts, Snapshot
    from deployments.statistics import Floats

POSTS_LEAST_FOR_SPIKES = 8
SPIKE_Z = 2.5  # of two scores at once; Iglewicz & Hoaglin's bound for one alone is 3.5
LOG_SPREAD_LEAST = 0.15  # of log counts; less is chance
SNAPSHOTS_LEAST = 3
SNAPSHOT_DAYS_LEAST = 0.5  # closer fetches tell rounding, not growth
COMMENTERS_LEAST = 20
NUMBERED_DIGITS_LEAST = 4
YEARS = (1940, 2030)
NUMBERS_LEAST_FOR_BENFORD = 100
BENFORD_DECADES_LEAST = 2.0
DAY_S = 86_400.0


def log_z(counts: Sequence[float]) -> Floats:
    """Robust z-scores of counts on the log scale, on which likes and comments are roughly symmetric."""
    return robust_z(np.log1p(np.asarray(counts, dtype=float)), LOG_SPREAD_LEAST)


def like_spikes(posts: Sequence[PostFacts]) -> tuple[Measured, tuple[str, ...]]:
    """How many posts have far more likes than usual without more comments, and their ids.

    Two robust z-scores, both from SPIKE_Z up: of the likes, and of the likes for each comment, which a real success leaves
    about where they are.
    """
    shown = [(post, post.likes_count, post.comments_count) for post in posts]
    both = [(post, likes, comments) for post, likes, comments in shown if likes is not None and comments is not None]
    if len(both) < POSTS_LEAST_FOR_SPIKES:
        reason = f"{len(both)} posts show likes and comments; at least {POSTS_LEAST_FOR_SPIKES} are needed"
        return Measured(None, None, len(both), POSTS_LEAST_FOR_SPIKES, reason), ()
    by_likes = log_z([likes for _, likes, _ in both])
    by_ratio = robust_z(
        [math.log((1 + max(0, likes)) / (1 + max(0, said))) for _, likes, said in both], LOG_SPREAD_LEAST
    )
    lonely = (by_likes >= SPIKE_Z) & (by_ratio >= SPIKE_Z)
    ids = tuple(post.id for (post, _, _), alone in zip(both, lonely, strict=True) if alone)
    draws = lonely.astype(float)[resamples(len(both))].sum(axis=1)
    return Measured(float(lonely.sum()), draws, len(both), POSTS_LEAST_FOR_SPIKES), ids


def follower_jump(snapshots: Sequence[Snapshot]) -> Measured:
    """The fastest rise between two stored counts, beyond the account's own usual pace, as a share a day.

    Rises are ln(later / earlier) / days (days at least one, since fetches on one day are compared whole); the usual pace
    is their median.
    """
    known = sorted((one.taken_at, one.followers_count) for one in snapshots if one.followers_count)
    rises = []
    for (before, few), (after, many) in pairwise(known):
        days = (after - before).total_seconds() / DAY_S
        if days >= SNAPSHOT_DAYS_LEAST:
            rises.append(math.log(many / few) / max(1.0, days))
    if len(rises) < SNAPSHOTS_LEAST - 1:
        reason = f"{len(known)} stored follower counts; at least {SNAPSHOTS_LEAST} on different days are needed"
        return Measured(None, None, len(known), SNAPSHOTS_LEAST, reason)
    usual = max(0.0, float(np.median(rises)))
    return Measured(max(0.0, max(rises) - usual), None, len(known), SNAPSHOTS_LEAST)


def numbered_commenters(posts: Sequence[PostFacts], username: str) -> Measured:
    """The share of commenters whose names end in, or mostly are, digits: as names of accounts made in bulk do."""
    names = sorted({comment.username.lower() for post in posts for comment in comments_of(post, username)})
    if len(names) < COMMENTERS_LEAST:
        reason = f"{len(names)} commenters; at least {COMMENTERS_LEAST} are needed"
        return Measured(None, None, len(names), COMMENTERS_LEAST, reason)
    numbered = np.asarray([_is_numbered(name) for name in names], dtype=float)
    share = float(numbered.mean())
    draws = share_draws(share, len(names), numbered[resamples(len(names))].mean(axis=1))
    return Measured(share, draws, len(names), COMMENTERS_LEAST)


def _is_numbered(name: str) -> bool:
    digits = "".join(filter(str.isdigit, name))
    # Four digits that are a year of birth or a year of this century are what people add to a name that was taken.
    return len(digits) >= NUMBERED_DIGITS_LEAST and not (len(digits) == 4 and YEARS[0] <= int(digits) <= YEARS[1])


def benford(posts: Sequence[PostFacts]) -> Measured:
    """Mean absolute deviation of first digits from Benford's law over all counts of the posts.

    Golbeck 2015 found social-network counts to follow the law; Nigrini 2012 calls a deviation above 0.015 nonconforming.
    It needs numbers over two decades: an account whose posts all get about the same count never follows the law.
    """
    counts = [
        count
        for post in posts
        for count in (post.likes_count, post.comments_count, post.video_views_count)
        if count is not None and count > 0
    ]
    decades = math.log10(max(counts) / min(counts)) if counts else 0.0
    if len(counts) < NUMBERS_LEAST_FOR_BENFORD or decades < BENFORD_DECADES_LEAST:
        reason = (
            f"{len(counts)} counts over {decades:.1f} decades; at least {NUMBERS_LEAST_FOR_BENFORD} over "
            f"{BENFORD_DECADES_LEAST:.0f} are needed"
        )
        return Measured(None, None, len(counts), NUMBERS_LEAST_FOR_BENFORD, reason)
    digits = np.sort([int(str(count)[0]) for count in counts])
    expected = np.log10(1 + 1 / np.arange(1, 10))
    # A sample of n numbers deviates by chance, too: that much is taken off.
    chance = float(np.sqrt(2 * expected * (1 - expected) / (math.pi * len(digits))).mean())
    drawn = digits[resamples(len(digits))]
    shares = np.stack([(drawn == digit).mean(axis=1) for digit in range(1, 10)], axis=1)
    own = np.asarray([(digits == digit).mean() for digit in range(1, 10)])
    value = float(np.abs(own - expected).mean()) - chance
    draws = np.abs(shares - expected).mean(axis=1) - chance * math.sqrt(2)
    return Measured(max(0.0, value), np.maximum(draws, 0.0), len(digits), NUMBERS_LEAST_FOR_BENFORD)


def mass_following(creator: CreatorFacts) -> Measured:
    """log10 of following / followers for accounts that follow many others; 0 for those that do not.

    HypeAuditor counts accounts that follow more than 1,500 others as mass followers.
    """
    if not creator.followers_count or creator.following_count is None:
        return Measured(None, None, 0, 1, "followers or following are not known")
    many = float(ramp(creator.following_count, 1_000, 1_500))
    return Measured(many * max(0.0, math.log10(max(1, creator.following_count) / creator.followers_count)), None, 1, 1)
