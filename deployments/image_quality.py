"""Technical quality of a picture: sharpness, exposure, noise and colourfulness, each with its method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from deployments.scores import Part, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Points of the overall score. Colourfulness is a matter of style, so it is told and earns none.
_POINTS = {"sharpness": 40.0, "exposure": 30.0, "noise": 20.0, "resolution": 10.0}
_METHOD_OVERALL = (
    "sharpness 40 (0 at a Laplacian variance of 10, full at 1,000, logarithmic) + exposure 30 + noise 20 (full up to 2 grey "
    "levels, 0 at 15) + resolution 10 (full from 640 px on the longer edge); measured on the stored thumbnail"
)
_METHOD_SHARPNESS = (
    "variance of the Laplacian of the grey picture at 512 px on the longer edge (Pech-Pacheco et al., 2000)"
)
_METHOD_EXPOSURE = (
    "0 to 100: 100 × (1 - clipped / 0.25) × (1 - how far mean lightness L* is outside 30 to 80, over 30); clipped is the share "
    "of pixels below 4 or above 251 of 255"
)
_METHOD_NOISE = (
    "standard deviation in grey levels: Immerkær's (1996) operator on 16 × 16 px blocks, 10th percentile, so that texture does "
    "not pass for noise"
)
_METHOD_COLOURFULNESS = "M of Hasler and Süsstrunk (2003), eq. 5; 0 none, 15 slight, 33 moderate, 45 average, 59 quite, 82 high, 109 extreme"
_SHARPNESS_EDGE_PX = 512
_SHARPNESS_RANGE = (10.0, 1_000.0)
_DARK, _BRIGHT = 4, 251
_CLIPPED_WORST = 0.25
_LIGHTNESS_GOOD = (30.0, 80.0)
_LIGHTNESS_FALL = 30.0
_NOISE_RANGE = (2.0, 15.0)
_NOISE_BLOCK_PX = 16
_NOISE_PERCENTILE = 10
_NOISE_BLOCKS_MIN = 8
_NOISE_GREYS = (16.0, 239.0)  # clipped blocks hide their noise
_RESOLUTION_FULL_PX = 640
_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """How well a picture is made, not how much one likes it.

    overall is 0 to 100 with its parts; the others are in the unit that their method names. n counts pixels; these are
    measurements of the whole picture, so there is no interval.
    """

    overall: Score
    sharpness: Score
    exposure: Score
    noise: Score
    colourfulness: Score


def measure_quality(image: NDArray[np.uint8]) -> ImageQuality:
    """Measure an sRGB picture (height, width, 3). noise is None, with a reason, where nearly all is black or white."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    sharpness = Score(value=round(_sharpness(grey), 1), n=grey.size, method=_METHOD_SHARPNESS)
    exposure = Score(value=round(_exposure(grey), 1), n=grey.size, method=_METHOD_EXPOSURE)
    colourfulness = Score(value=round(_colourfulness(image), 1), n=grey.size, method=_METHOD_COLOURFULNESS)
    noise = _noise(grey)
    return ImageQuality(
        overall=_overall(grey, sharpness, exposure, noise),
        sharpness=sharpness,
        exposure=exposure,
        noise=noise,
        colourfulness=colourfulness,
    )


def _overall(grey: NDArray[np.uint8], sharpness: Score, exposure: Score, noise: Score) -> Score:
    edge_px = max(grey.shape)
    low, high = _SHARPNESS_RANGE
    sharp = _share(math.log(max(sharpness.value or 0.0, low)), math.log(low), math.log(high))
    parts = [
        _part("sharpness", sharpness.value, sharp, "how crisp edges and details are"),
        _part("exposure", exposure.value, (exposure.value or 0.0) / 100, "neither too dark nor too bright"),
        _part("resolution", float(edge_px), min(1.0, edge_px / _RESOLUTION_FULL_PX), "pixels on the longer edge"),
    ]
    if noise.value is not None:
        clean = 1 - _share(noise.value, *_NOISE_RANGE)
        parts.insert(2, _part("noise", noise.value, clean, "how free of grain the smooth areas are"))
    # Without a part the rest is scaled up, so that what cannot be measured neither helps nor harms.
    earned = sum(part.contribution for part in parts)
    possible = sum(_POINTS[part.name] for part in parts)
    return Score(
        value=round(100 * earned / possible, 1), n=grey.size, method=_METHOD_OVERALL, parts=tuple(parts), reason=None
    )


def _part(name: str, value: float | None, share: float, explanation: str) -> Part:
    return Part(name=name, value=value, contribution=round(_POINTS[name] * share, 2), explanation=explanation, n=1)


def _sharpness(grey: NDArray[np.uint8]) -> float:
    scale = _SHARPNESS_EDGE_PX / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def _exposure(grey: NDArray[np.uint8]) -> float:
    clipped = float(((grey < _DARK) | (grey > _BRIGHT)).mean())
    # L* of CIE 1976 from the mean of linear light would weigh highlights too much; the mean of L* is what an eye sees.
    lightness = float(_LIGHTNESS_OF_GREY[grey].mean())
    low, high = _LIGHTNESS_GOOD
    outside = max(low - lightness, lightness - high, 0.0)
    return 100 * max(0.0, 1 - clipped / _CLIPPED_WORST) * max(0.0, 1 - outside / _LIGHTNESS_FALL)


def _noise(grey: NDArray[np.uint8]) -> Score:
    """The noise of the smoothest blocks; sigma = sqrt(pi / 2) / 6 × mean |grey * operator| (Immerkær 1996, eq. 4)."""
    response = np.abs(cv2.filter2D(grey.astype(np.float32), cv2.CV_32F, _IMMERKAER))[1:-1, 1:-1]
    rows, columns = (length // _NOISE_BLOCK_PX for length in response.shape)
    sigmas = math.sqrt(math.pi / 2) / 6 * _block_means(response, rows, columns)
    means = _block_means(grey[1:-1, 1:-1].astype(np.float32), rows, columns)
    usable = sigmas[(means > _NOISE_GREYS[0]) & (means < _NOISE_GREYS[1])]
    if usable.size < _NOISE_BLOCKS_MIN:
        return Score(
            value=None,
            n=int(usable.size) * _NOISE_BLOCK_PX**2,
            method=_METHOD_NOISE,
            reason="almost everything is black, white or too small, where noise cannot be seen",
        )
    value = float(np.percentile(usable, _NOISE_PERCENTILE))
    return Score(value=round(value, 2), n=int(usable.size) * _NOISE_BLOCK_PX**2, method=_METHOD_NOISE)


def _block_means(values: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    block = _NOISE_BLOCK_PX
    cut = values[: rows * block, : columns * block].reshape(rows, block, columns, block)
    return np.asarray(cut.mean(axis=(1, 3)), np.float32)


def _colourfulness(image: NDArray[np.uint8]) -> float:
    red, green, blue = np.moveaxis(image.astype(np.float32), 2, 0)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    deviation = math.hypot(float(red_green.std()), float(yellow_blue.std()))
    return deviation + 0.3 * math.hypot(float(red_green.mean()), float(yellow_blue.mean()))


def _share(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _lightness_of_grey() -> NDArray[np.float32]:
    greys = np.repeat(np.arange(256, dtype=np.float32).reshape(-1, 1, 1) / 255, 3, axis=2)
    return cv2.cvtColor(greys, cv2.COLOR_RGB2LAB)[:, 0, 0].astype(np.float32)


_LIGHTNESS_OF_GREY = _lightness_of_grey()
