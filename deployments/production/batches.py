"""Which sequences are computed together: similar lengths side by side, and a budget of tokens instead of a count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHORTEST_SHARE = 0.85  # of the longest in a batch: what is shorter would mostly add padding …
TOKENS_FULL_SHARE = 0.25  # … unless the batch is not yet this full, where a small one costs more than padding


def plan_batches(lengths: Sequence[int], tokens_max: int) -> Iterator[list[int]]:
    """Row numbers in groups, longest first; padded to its longest row a group holds at most tokens_max tokens.

    A row longer than tokens_max stands alone. Every row is in exactly one group.
    """
    assert tokens_max > 0, tokens_max
    group: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if group:
            longest = lengths[group[0]]
            too_full = longest * (len(group) + 1) > tokens_max
            full_enough = longest * len(group) >= TOKENS_FULL_SHARE * tokens_max
            if too_full or (full_enough and lengths[row] < SHORTEST_SHARE * longest):
                yield group
                group = []
        group.append(row)
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class Padded:
    """Token ids (n, longest), where tokens stand (None: everywhere, which lets attention take its fastest way), last tokens."""

    ids: torch.Tensor
    present: torch.Tensor | None
    last: torch.Tensor


def pad(sequences: Sequence[Sequence[int]], padding: int, device: torch.device) -> Padded:
    """The sequences as one batch on a device, padded on the right; all is laid out before it moves, so nothing waits for it."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    longest = int(lengths.max())
    ids = torch.full((len(sequences), longest), padding)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.as_tensor(sequence)
    present = None
    if int(lengths.min()) < longest:
        present = (torch.arange(longest)[None, :] < lengths[:, None]).to(device, non_blocking=True)
    return Padded(ids.to(device, non_blocking=True), present, (lengths - 1).to(device, non_blocking=True))
