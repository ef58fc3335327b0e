"""Measurements of how people react to a creator: the raw figures behind audience quality and fraud detection.

Each is a number with its bootstrap draws over posts, or the reason why it could not be taken. Nothing is judged here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deployments.comments import POSTS_MAX, CommentTable, table_of
from deployments.engagement import newest, post_engagement_rate
from deployments.statistics import resamples, share_draws, standard_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deployments.engagement_norms import Norm
    from deployments.facts import CreatorFacts, PostFacts
    from deployments.statistics import Floats

POSTS_LEAST = 3
POSTS_LEAST_FOR_VARIATION = 6
POSTS_LEAST_FOR_OVERLAP = 5  # below, "half of the posts" is two, which a friend reaches
COMMENTS_LEAST = 20
NORM_SALT = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """A value, its bootstrap draws (None where it is no sample), and how many observations it rests on.

    value is None when n is below n_least, and reason then says so.
    """

    value: float | None
    draws: Floats | None
    n: int
    n_least: int
    reason: str | None = None


def posts_of(creator: CreatorFacts) -> list[PostFacts]:
    """The newest posts that are read, in an order that does not depend on the order given."""
    return sorted(newest(creator.posts, POSTS_MAX), key=lambda post: post.id)


def measure(
    creator: CreatorFacts, posts: Sequence[PostFacts], norm: Norm | None
) -> tuple[dict[str, Measured], CommentTable]:
    """Every measurement with its bootstrap draws, each over the posts that show what it needs, and the comment counts.

    Keys: engagement_against_tier, comment_to_like_ratio, likes_variation, commenter_diversity, commenter_overlap,
    comment_originality, generic_comments, copied_comments, language_match, following_ratio.
    """
    table = table_of(posts, creator.username)
    rows = resamples(len(posts)) if posts else None

    def share(counts: Floats, totals: Floats, n_least: int, unit: str) -> Measured:
        n = round(float(totals.sum()))
        if rows is None or n < n_least:
            return Measured(None, None, n, n_least, f"{n} {unit}; at least {n_least} are needed")
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = counts[rows].sum(axis=1) / totals[rows].sum(axis=1)
        value = float(counts.sum() / totals.sum())
        # Rounding must not put a sum of fractions above its total.
        value = min(1.0, max(0.0, value))
        return Measured(value, share_draws(value, n, np.where(np.isfinite(draws), draws, value)), n, n_least)

    matched, spoken = _language_counts(posts, creator.username)
    shown = [post for post in posts if post.likes_count is not None and post.comments_count is not None]
    commented = table.comments
    measured = {
        "engagement_against_tier": _engagement(posts, creator.followers_count, norm),
        "comment_to_like_ratio": _comments_per_like(shown),
        "likes_variation": _likes_variation(posts),
        "commenter_diversity": share(table.distinct, commented, COMMENTS_LEAST, "comments"),
        "commenter_overlap": _overlap(table, share),
        "comment_originality": share(table.original, commented, COMMENTS_LEAST, "comments"),
        "generic_comments": share(table.generic, commented, COMMENTS_LEAST, "comments"),
        "copied_comments": share(table.copied, commented, COMMENTS_LEAST, "comments"),
        "language_match": share(matched, spoken, COMMENTS_LEAST, "comments with a known language"),
        "following_ratio": _following(creator),
    }
    return measured, table


def _engagement(posts: Sequence[PostFacts], followers_count: int | None, norm: Norm | None) -> Measured:
    rates = [rate for post in newest(posts) if (rate := post_engagement_rate(post, followers_count)) is not None]
    if norm is None:
        return Measured(None, None, len(rates), POSTS_LEAST, "no figures for accounts of this size")
    if len(rates) < POSTS_LEAST:
        reason = f"{len(rates)} posts show likes and comments; at least {POSTS_LEAST} are needed"
        return Measured(None, None, len(rates), POSTS_LEAST, reason)
    table = np.sort(np.asarray(rates))
    means = np.maximum(table[resamples(len(table))].mean(axis=1), 1e-6)
    # The norm is an estimate, too; its error is the same for all of a creator's posts.
    draws = (np.log10(means) - norm.log10_rate + norm.error * standard_errors(NORM_SALT)) / norm.sd
    return Measured(norm.z(float(table.mean())), draws, len(rates), POSTS_LEAST)


def _comments_per_like(shown: Sequence[PostFacts]) -> Measured:
    likes = np.asarray([post.likes_count or 0 for post in shown], dtype=float)
    comments = np.asarray([post.comments_count or 0 for post in shown], dtype=float)
    if len(shown) < POSTS_LEAST or likes.sum() <= 0:
        reason = f"{len(shown)} posts show likes and comments; at least {POSTS_LEAST} with likes are needed"
        return Measured(None, None, len(shown), POSTS_LEAST, reason)
    rows = resamples(len(shown))
    draws = comments[rows].sum(axis=1) / np.maximum(likes[rows].sum(axis=1), 1.0)
    return Measured(float(comments.sum() / likes.sum()), draws, len(shown), POSTS_LEAST)


def _likes_variation(posts: Sequence[PostFacts]) -> Measured:
    likes = np.sort([post.likes_count for post in posts if post.likes_count is not None]).astype(float)
    if len(likes) < POSTS_LEAST_FOR_VARIATION or likes.mean() <= 0:
        reason = f"{len(likes)} posts show their likes; at least {POSTS_LEAST_FOR_VARIATION} with likes are needed"
        return Measured(None, None, len(likes), POSTS_LEAST_FOR_VARIATION, reason)
    drawn = likes[resamples(len(likes))]
    # A sample with repetitions varies less than its source; n / (n - 1) once more makes up for it.
    draws = drawn.std(axis=1, ddof=1) / np.maximum(drawn.mean(axis=1), 1e-9) * math.sqrt(len(likes) / (len(likes) - 1))
    return Measured(float(likes.std(ddof=1) / likes.mean()), draws, len(likes), POSTS_LEAST_FOR_VARIATION)


def _overlap(table: CommentTable, share: Callable[[Floats, Floats, int, str], Measured]) -> Measured:
    if table.posts_with_comments < POSTS_LEAST_FOR_OVERLAP:
        reason = f"{table.posts_with_comments} posts with comments; at least {POSTS_LEAST_FOR_OVERLAP} are needed"
        return Measured(None, None, table.posts_with_comments, POSTS_LEAST_FOR_OVERLAP, reason)
    return share(table.regular, table.comments, COMMENTS_LEAST, "comments")


def _following(creator: CreatorFacts) -> Measured:
    if not creator.followers_count or creator.following_count is None:
        return Measured(None, None, 0, 1, "followers or following are not known")
    return Measured(creator.following_count / creator.followers_count, None, 1, 1)


def _language_counts(posts: Sequence[PostFacts], username: str) -> tuple[Floats, Floats]:
    captions = {post.language for post in posts if post.language not in (None, "und")}
    own = username.lower()
    languages = [
        [comment.language for comment in post.comments if comment.language != "und" and comment.username.lower() != own]
        for post in posts
    ]
    spoken = np.asarray([len(row) for row in languages], dtype=float)
    matched = np.asarray([sum(language in captions for language in row) for row in languages], dtype=float)
    return matched, spoken if captions else np.zeros(len(posts))
