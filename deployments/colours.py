"""Dominant colours of a picture, with names that people use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ColourShare:
    """One dominant colour: its nearest name, its sRGB value as `#rrggbb` and its share of the picture in [0, 1]."""

    name: str
    hex: str
    share: float


def dominant_colours(image: NDArray[np.uint8]) -> tuple[ColourShare, ...]:
    """The colours of an sRGB picture (height, width, 3), largest share first; shares sum to one."""
    raise NotImplementedError
