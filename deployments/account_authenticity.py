"""Account authenticity: whether a profile's public figures look like a person's or like a fake account's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.scores import Part


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
