"""Which pictures of a creator are nearly the same. Apart from the picture model, since it needs none of its libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NEAR_DUPLICATE_BITS_MAX = 8  # of 64; unrelated photographs differ in about 32


def near_duplicates(hashes: Sequence[str | None]) -> tuple[tuple[int, ...], ...]:
    """Groups of positions whose perceptual hashes are near-duplicates, each in order, groups of two or more.

    Two pictures belong together when their 64-bit DCT hashes (Zauner 2010; imagehash's phash) differ in at most
    NEAR_DUPLICATE_BITS_MAX bits, directly or by way of a third.
    """
    values = [None if text is None else int(text, 16) for text in hashes]
    group_of = list(range(len(values)))
    for position, value in enumerate(values):
        for earlier in range(position):
            other = values[earlier]
            if value is None or other is None or (value ^ other).bit_count() > NEAR_DUPLICATE_BITS_MAX:
                continue
            old, new = group_of[position], group_of[earlier]
            group_of = [new if group == old else group for group in group_of]
    groups: dict[int, list[int]] = {}
    for position, group in enumerate(group_of):
        groups.setdefault(group, []).append(position)
    return tuple(sorted(tuple(members) for members in groups.values() if len(members) > 1))
