"""Account authenticity: whether a profile's public figures look like a person's or like a fake account's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployments.scores import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deployments.facts import CreatorFacts

FEATURES_LEAST = 3
# One account in ten: Instagram's own and outside estimates of fake or automated accounts range from 8 % to 10 %.
PRIOR_LOG_ODDS = math.log(0.1 / 0.9)
METHOD = (
    "sum of log-odds of the known features (weight of evidence, Good 1950), set by hand from published descriptions of fake "
    "accounts (no posts, no picture, many followed, digits in the name), not trained; prior: one account in ten"
)


@dataclass(frozen=True, slots=True)
class AccountFeatures:
    """What the profile page shows; None where unknown."""

    followers_count: int | None = None
    following_count: int | None = None
    posts_count: int | None = None
    biography_length: int | None = None
    has_profile_picture: bool | None = None
    is_private: bool | None = None
    username_digits: int | None = None
    username_length: int | None = None


@dataclass(frozen=True, slots=True)
class AccountAuthenticity:
    """fake_probability in [0, 1], None when too few features are known (reason says which are missing).

    parts: each feature's log-odds; positive contributions speak for a fake account.
    """

    fake_probability: float | None
    parts: tuple[Part, ...]
    n: int  # features known
    method: str
    reason: str | None = None


def judge_accounts(accounts: Sequence[AccountFeatures]) -> list[AccountAuthenticity]:
    """The probability that each account is fake, with the reasons; None below FEATURES_LEAST known features.

    log-odds = PRIOR_LOG_ODDS + sum of each feature's evidence. Each rule is monotone: a missing picture, fewer posts, more
    accounts followed for each follower, fewer followers, a shorter biography and more digits never lower the probability.
    """
    return [_judge(account) for account in accounts]


def features_of(creator: CreatorFacts) -> AccountFeatures:
    """A creator's profile figures."""
    return AccountFeatures(
        followers_count=creator.followers_count,
        following_count=creator.following_count,
        posts_count=creator.posts_count,
        biography_length=None if creator.biography is None else len(creator.biography),
        has_profile_picture=creator.has_profile_picture,
        is_private=creator.is_private,
        username_digits=sum(letter.isdigit() for letter in creator.username),
        username_length=len(creator.username),
    )


Evidence = tuple[float, float, str]  # the value seen, its log-odds, the sentence


def _picture(account: AccountFeatures) -> Evidence | None:
    if account.has_profile_picture is None:
        return None
    if account.has_profile_picture:
        return 1.0, -0.5, "It has a profile picture."
    return 0.0, 2.0, "It has no profile picture, as most accounts made in bulk."


def _posts(account: AccountFeatures) -> Evidence | None:
    posts = _count(account.posts_count)
    if posts is None:
        return None
    # None speaks for, ten are neutral, a hundred speak against.
    return posts, _between(math.log10(posts + 1), 0.0, 2.0, 1.8, -1.4), f"It has {posts:,.0f} posts."


def _ratio(account: AccountFeatures) -> Evidence | None:
    followers, following = _count(account.followers_count), _count(account.following_count)
    if followers is None or following is None:
        return None
    ratio = (following + 1) / (followers + 1)
    # As many followed as followers is neutral; fake accounts follow hundreds and have few.
    evidence = _between(math.log10(ratio), -1.0, 1.5, -1.2, 2.4)
    return ratio, evidence, f"It follows {ratio:,.2f} accounts for each follower."


def _followers(account: AccountFeatures) -> Evidence | None:
    followers = _count(account.followers_count)
    if followers is None:
        return None
    return followers, _between(math.log10(followers + 1), 1.0, 3.0, 1.0, -1.0), f"It has {followers:,.0f} followers."


def _biography(account: AccountFeatures) -> Evidence | None:
    length = _count(account.biography_length)
    if length is None:
        return None
    return length, _between(length, 0.0, 40.0, 0.7, -0.8), f"Its biography has {length:,.0f} characters."


def _digits(account: AccountFeatures) -> Evidence | None:
    digits, length = _count(account.username_digits), _count(account.username_length)
    if digits is None or not length:
        return None
    share = min(1.0, digits / length)
    # A year of birth makes a fifth to a third of a name; names of accounts made in bulk hold random digits.
    return share, _between(share, 0.0, 0.4, -0.3, 1.5), f"{share:.0%} of its username is digits."


RULES: dict[str, Callable[[AccountFeatures], Evidence | None]] = {
    "profile_picture": _picture,
    "posts": _posts,
    "following_ratio": _ratio,
    "followers": _followers,
    "biography": _biography,
    "username_digits": _digits,
}


def _judge(account: AccountFeatures) -> AccountAuthenticity:
    parts = []
    missing = []
    for name, rule in RULES.items():
        evidence = rule(account)
        if evidence is None:
            missing.append(name)
        else:
            value, log_odds, sentence = evidence
            parts.append(Part(name, float(value), log_odds, sentence, 1))
    parts.sort(key=lambda part: -abs(part.contribution))
    if len(parts) < FEATURES_LEAST:
        reason = f"{len(parts)} features known, at least {FEATURES_LEAST} are needed; missing: {', '.join(missing)}"
        return AccountAuthenticity(None, tuple(parts), len(parts), METHOD, reason)
    log_odds = PRIOR_LOG_ODDS + sum(part.contribution for part in parts)
    return AccountAuthenticity(1 / (1 + math.exp(-log_odds)), tuple(parts), len(parts), METHOD)


def _count(value: int | None) -> int | None:
    """A count, or None for the negative numbers that some sources give for "unknown"."""
    return None if value is None or value < 0 else value


def _between(value: float, low: float, high: float, at_low: float, at_high: float) -> float:
    """A straight line from (low, at_low) to (high, at_high), flat outside."""
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return at_low + share * (at_high - at_low)
