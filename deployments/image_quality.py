"""Technical quality of a picture: sharpness, exposure, noise and colourfulness, each with its method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deployments.scores import Score


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """How well a picture is made, not how much one likes it.

    overall is 0 to 100 with its parts; the others are in the unit that their method names.
    """

    overall: Score
    sharpness: Score
    exposure: Score
    noise: Score
    colourfulness: Score


def measure_quality(image: NDArray[np.uint8]) -> ImageQuality:
    """Measure an sRGB picture (height, width, 3)."""
    raise NotImplementedError
