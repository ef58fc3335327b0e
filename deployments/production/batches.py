"""Which sequences are computed together: similar lengths side by side, and a budget of tokens instead of a count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

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


class Outputs:
    """Rows of numbers that batches give, moved off the device together: no batch waits for the one before it."""

    def __init__(self) -> None:
        self._parts: list[tuple[list[int], torch.Tensor]] = []

    def add(self, rows: list[int], values: torch.Tensor) -> None:
        """Keep values (len(rows), …) for these rows."""
        self._parts.append((rows, values))

    def collect(self, result: NDArray[np.float32]) -> NDArray[np.float32]:
        """Write every row into result, (n, …), and return it."""
        for rows, values in self._parts:
            result[rows] = values.float().cpu()
        return result


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
