"""The signs of fraud: from which value each counts, how many points it may add to the risk, and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployments.statistics import ramp, soft_ramp, two_sided_p

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployments.statistics import Floats


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of fraud: it hardly counts before `threshold`, and with nearly all its points from `full` on.

    Points are a judgement of how often the sign has an innocent cause: the fewer, the more points. But for one that chance
    cannot explain, a single sign reaches "elevated" at most; "high" needs two.
    """

    code: str
    measured: str
    points: float
    threshold: float
    full: float
    sentence: str  # {} is the measured value
    fine: str  # the sentence where the sign is absent
    in_logs: bool = False  # measured as log10; told as the factor itself
    shown: Callable[[float], float] | None = None  # what the sentence holds, where that is not the value
    counted: bool = False  # zero is nothing at all: points grow in a straight line from the threshold

    def told(self, value: float) -> str:
        """The sentence for a value as it is told."""
        return self.sentence.format(self.shown(value) if self.shown else value)

    def points_of(self, values: Floats) -> Floats:
        line = ramp if self.counted else soft_ramp
        return self.points * line(values, self.threshold, self.full)


def _share_above(z: float) -> float:
    return two_sided_p(z) / 2 if z > 0 else 1 - two_sided_p(z) / 2


SIGNS = (
    # 2.1 standard deviations below its size happen to one account of 56; there the sign alone reaches "elevated".
    Sign(
        "LOW_ENGAGEMENT_FOR_SIZE",
        "engagement_against_tier",
        50,
        -0.6,
        -3.2,
        "{:.0%} of accounts of this size get more likes and comments for each follower: bought followers do not react.",
        "As many people react as accounts of this size usually see.",
        shown=_share_above,
    ),
    # Likes of real posts vary by a third or more; packages are delivered in equal portions. Twelve posts of an account whose
    # likes vary by 30 % agree within 6 % once in ten million (chi-square, 11 degrees), so this sign stands alone.
    Sign(
        "LIKES_TOO_REGULAR",
        "likes_variation",
        65,
        0.18,
        0.05,
        "Likes hardly vary from post to post ({:.0%}): bought likes come in equal portions.",
        "Likes vary from post to post ({:.0%}), as those of real posts do.",
    ),
    Sign(
        "LIKES_WITHOUT_COMMENTS",
        "comment_to_like_ratio_log",
        35,
        -0.8,
        -1.8,
        "Comments are very few for so many likes ({:.2f} times the usual number): likes may be bought.",
        "Likes come with comments.",
        in_logs=True,
    ),
    Sign(
        "COMMENTS_WITHOUT_LIKES",
        "comment_to_like_ratio_log",
        25,
        0.8,
        1.4,
        "Comments are very many for so few likes ({:.0f} times the usual number): comments may be arranged.",
        "Comments come with likes.",
        in_logs=True,
    ),
    Sign(
        "COMMENT_POD",
        "commenter_overlap",
        58,
        0.4,
        0.65,
        "{:.0%} of the comments come from a circle that comments on most posts: members of a pod comment on each other.",
        "The comments are not one circle's: {:.0%} come from accounts that comment on most posts.",
    ),
    Sign(
        "COPIED_COMMENTS",
        "copied_comments",
        45,
        0.15,
        0.5,
        "{:.0%} of the comments are near-copies of what another account wrote.",
        "Accounts hardly copy each other's comments ({:.0%}).",
    ),
    Sign(
        "GENERIC_COMMENTS",
        "generic_comments",
        25,
        0.75,
        1.0,
        "{:.0%} of the comments would fit any post: comment robots write such.",
        "Enough comments are about the post; {:.0%} would fit any.",
    ),
    Sign(
        "NUMBERED_COMMENTERS",
        "numbered_commenters",
        35,
        0.35,
        0.8,
        "{:.0%} of the commenters have names with four digits or more, as accounts made in bulk have.",
        "Few commenters have names with many digits ({:.0%}).",
    ),
    Sign(
        "LIKE_SPIKES",
        "like_spikes",
        30,
        0.0,
        3.0,
        "Far more likes than usual without more comments: {:.0f} of the posts.",
        "No post has far more likes than usual without more comments.",
        counted=True,
    ),
    Sign(
        "FOLLOWER_JUMP",
        "follower_jump",
        45,
        0.04,
        0.3,
        "Followers once grew by {:.0%} a day beyond the account's usual pace.",
        "Followers grew at a steady pace.",
        counted=True,
    ),
    Sign(
        "MASS_FOLLOWING",
        "mass_following",
        20,
        0.2,
        0.7,
        "The account follows {:.1f} others for each follower: follow-back schemes do.",
        "The account did not gain its followers by following many others.",
        in_logs=True,
        counted=True,
    ),
    Sign(
        "FAKE_PROFILE",
        "fake_profile",
        50,
        0.5,
        0.95,
        "The profile itself looks like a fake account's (probability {:.0%}).",
        "The profile itself looks like a real person's or company's.",
    ),
    Sign(
        "FIRST_DIGITS",
        "benford",
        10,
        0.015,
        0.05,
        "First digits of its counts do not follow Benford's law (mean deviation {:.3f}).",
        "First digits of its counts follow Benford's law.",
        counted=True,
    ),
)
