"""Audience quality: how far the reactions under a creator's posts look like those of real, interested people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.scores import Abstention, Score


@dataclass(frozen=True, slots=True)
class AudienceQuality:
    """Authenticity 0-100 with its parts, and what each part was measured from.

    authenticity.parts sum, with the starting value in the part "baseline", to authenticity.value. The other scores are
    raw measurements in their own unit (shares in [0, 1], ratios), not points.
    """

    authenticity: Score
    expected_engagement_rate: Score  # what accounts of this size show: share of followers, with its 95 % range
    engagement_against_tier: Score  # log10(own rate / expected rate) in standard deviations of that fit
    comment_to_like_ratio: Score
    likes_variation: Score  # coefficient of variation of likes
    commenter_diversity: Score  # different commenters / comments
    commenter_overlap: Score  # mean share of a post's commenters that also comment on another post
    comment_originality: Score  # share of comments that are no near-copy of another commenter's
    generic_comments: Score  # share that says nothing of its own: emoji only, "nice pic", tags
    language_match: Score  # share of comments in one of the captions' languages
    following_ratio: Score  # following / followers
    abstained: tuple[Abstention, ...]
