"""What hours, weekdays and formats earn, and how the audience answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deployments.comments import comments_of
from deployments.engagement import reactions
from deployments.scores import Score
from deployments.statistics import bootstrap, bootstrap_median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.facts import CreatorFacts, PostFacts
    from deployments.statistics import Floats

POSTS_LEAST_FOR_LIFT = 3  # in the slot and outside it
POSTS_LEAST = 3
COMMENTS_LEAST = 10
HOUR_S = 3_600.0
KINDS = ("image", "video", "sidecar")
LIFT_METHOD = "mean of likes + comments here / mean of all posts; interval: bootstrap over posts"


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour block ("18-21", in local_time of the result) or a weekday ("Monday") and what posts in it earn.

    lift = mean engagement of its posts / mean of all, with a bootstrap interval; value None below its least n.
    """

    label: str
    posts: int
    share: float
    lift: Score


@dataclass(frozen=True, slots=True)
class Format:
    """A post format (image, video, sidecar): its share of the posts and what it earns."""

    kind: str
    posts: int
    share: float
    engagement_median: Score  # likes + comments
    lift: Score  # as in Slot


@dataclass(frozen=True, slots=True)
class Reaction:
    """How the audience answers."""

    likes_median: Score
    comments_median: Score
    comments_per_100_likes: Score
    comment_delay_hours: Score  # median time from a post to its comments
    views_per_follower: Score  # videos, median


def slots_of(posts: Sequence[tuple[str, int | None]], labels: Sequence[str]) -> tuple[Slot, ...]:
    """A Slot for each label, from (label, likes + comments or None when hidden) of each post.

    Best ones first: by lift where it could be measured, then by number of posts.
    """
    earned = [(label, total) for label, total in posts if total is not None]
    counts = {label: sum(other == label for other, _ in posts) for label in labels}
    slots = [
        Slot(label, counts[label], counts[label] / len(posts) if posts else 0.0, _lift(label, earned))
        for label in labels
    ]
    return tuple(sorted(slots, key=lambda slot: (-(slot.lift.value or 0.0), -slot.posts, labels.index(slot.label))))


def format_mix(posts: Sequence[PostFacts]) -> tuple[Format, ...]:
    """What each format that occurs earns, most frequent first."""
    earned = [(post.kind, total) for post in posts if (total := reactions(post)) is not None]
    formats = []
    for kind in sorted({*KINDS, *(post.kind for post in posts)}):
        count = sum(post.kind == kind for post in posts)
        if count:
            totals = [float(total) for other, total in earned if other == kind]
            median = _median(
                totals, "median of likes + comments; interval: bootstrap over posts", "posts of this format"
            )
            formats.append(Format(kind, count, count / len(posts), median, _lift(kind, earned)))
    return tuple(sorted(formats, key=lambda one: (-one.posts, one.kind)))


def reaction_of(posts: Sequence[PostFacts], creator: CreatorFacts) -> Reaction:
    """Medians of likes, comments and views, comments for each like, and how soon comments come."""
    likes = [float(post.likes_count) for post in posts if post.likes_count is not None]
    comments = [float(post.comments_count) for post in posts if post.comments_count is not None]
    followers = creator.followers_count
    views = [post.video_views_count / followers for post in posts if followers and post.video_views_count is not None]
    return Reaction(
        likes_median=_median(likes, "median of likes over posts that show them", "posts show likes"),
        comments_median=_median(comments, "median of comments", "posts show comments"),
        comments_per_100_likes=_comments_per_100_likes(posts),
        comment_delay_hours=_comment_delay(posts, creator.username),
        views_per_follower=_median(views, "median of video views / followers", "videos show views"),
    )


def _lift(label: str, earned: Sequence[tuple[str, int]]) -> Score:
    inside = sum(other == label for other, _ in earned)
    outside = len(earned) - inside
    if min(inside, outside) < POSTS_LEAST_FOR_LIFT:
        reason = f"{inside} posts here and {outside} elsewhere; at least {POSTS_LEAST_FOR_LIFT} of each are needed"
        return Score(None, inside, LIFT_METHOD, reason=reason)
    totals = np.asarray([total for _, total in earned], dtype=float)
    here = np.asarray([other == label for other, _ in earned], dtype=float)
    if totals.sum() <= 0:
        return Score(None, inside, LIFT_METHOD, reason="no post has a like or a comment")

    def lift(rows: Floats) -> Floats:
        total, mark = rows[:, :, 0], rows[:, :, 1]
        # A resample without any post here has no lift; it is left out as not a number.
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((total * mark).sum(axis=1) / mark.sum(axis=1) / total.mean(axis=1))

    value = float((totals * here).sum() / here.sum() / totals.mean())
    low, high = bootstrap(lift, totals, here)
    return Score(value, inside, LIFT_METHOD, (min(low, value), max(high, value)))


def _median(values: Sequence[float], method: str, what: str) -> Score:
    if len(values) < POSTS_LEAST:
        return Score(None, len(values), method, reason=f"{len(values)} {what}; at least {POSTS_LEAST} are needed")
    return Score(float(np.median(values)), len(values), method, bootstrap_median(values))


def _comments_per_100_likes(posts: Sequence[PostFacts]) -> Score:
    method = "100 x sum of comments / sum of likes; interval: bootstrap over posts"
    both = [
        (post.likes_count, post.comments_count)
        for post in posts
        if post.likes_count is not None and post.comments_count is not None
    ]
    likes, comments = [float(pair[0]) for pair in both], [float(pair[1]) for pair in both]
    if len(both) < POSTS_LEAST or sum(likes) <= 0:
        reason = f"{len(both)} posts show likes and comments; at least {POSTS_LEAST} with likes are needed"
        return Score(None, len(both), method, reason=reason)

    def ratio(rows: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(100 * rows[:, :, 1].sum(axis=1) / rows[:, :, 0].sum(axis=1))

    value = 100 * sum(comments) / sum(likes)
    low, high = bootstrap(ratio, likes, comments)
    return Score(value, len(both), method, (min(low, value), max(high, value)))


def _comment_delay(posts: Sequence[PostFacts], username: str) -> Score:
    method = "median hours from a post to each of its read comments; interval: bootstrap of the posts' medians"
    medians: dict[str, list[float]] = defaultdict(list)
    for post in posts:
        for comment in comments_of(post, username):
            if post.taken_at is not None and comment.posted_at is not None:
                hours = (comment.posted_at - post.taken_at).total_seconds() / HOUR_S
                if hours >= 0:
                    medians[post.id].append(hours)
    n = sum(map(len, medians.values()))
    if n < COMMENTS_LEAST or len(medians) < POSTS_LEAST:
        reason = (
            f"{n} dated comments under {len(medians)} posts; at least {COMMENTS_LEAST} under {POSTS_LEAST} are needed"
        )
        return Score(None, n, method, reason=reason)
    value = float(np.median([hours for row in medians.values() for hours in row]))
    low, high = bootstrap_median([float(np.median(row)) for row in medians.values()])
    return Score(value, n, method, (min(low, value), max(high, value)))
