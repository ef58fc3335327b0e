"""Technical quality of a picture: sharpness, exposure, noise and colourfulness, each with its method."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from deployments.scores import Part, Score
from deployments.visual_results import ImageQuality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Points of the overall score. Colourfulness is a matter of style, so it is told and earns none.
_POINTS = {"sharpness": 40.0, "exposure": 30.0, "noise": 20.0, "resolution": 10.0}
_EXPLANATIONS = {
    "sharpness": "how crisp edges and details are",
    "exposure": "neither too dark nor too bright, with detail in shadows and highlights",
    "noise": "how free of grain the smooth areas are",
    "resolution": "pixels on the longer edge",
}
_METHOD_OVERALL = (
    "sharpness 40 (0 at a Laplacian variance of 10, full at 1,000, logarithmic) + exposure 30 + noise 20 (full up to 2 grey "
    "levels, 0 at 15) + resolution 10 (full from 640 px on the longer edge); measured on the stored thumbnail"
)
_METHOD_SHARPNESS = "variance of the Laplacian of the grey picture (Pech-Pacheco et al., 2000), less the 20 sigma² that white noise adds to it"
_METHOD_EXPOSURE = (
    "0 to 100: 100 × (1 - clipped / 0.25) × (1 - how far mean lightness L* is outside 30 to 80, over 30); clipped is the share "
    "of pixels below 4 or above 251 of 255"
)
_METHOD_NOISE = (
    "standard deviation in grey levels: Immerkær's (1996) operator on 16 × 16 px blocks, 10th percentile, so that texture does "
    "not pass for noise"
)
_METHOD_COLOURFULNESS = "M of Hasler and Süsstrunk (2003), eq. 5; 0 none, 15 slight, 33 moderate, 45 average, 59 quite, 82 high, 109 extreme"
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
_LAPLACIAN_OF_NOISE = 20  # the sum of the operator's squared coefficients: 4 × 1² + 4²
_EVERY_PX = 2  # light and colour are measured on every second pixel each way …
_EVERY_PX_FROM = 256  # … of pictures with this edge
_GRID = 4  # tiles to an edge, for the intervals
_Z_95 = 1.96
_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)


def measure_quality(image: NDArray[np.uint8]) -> ImageQuality:
    """Measure an sRGB picture (height, width, 3). noise is None, with a reason, where nearly all is black or white."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    tiles = _tiles_of(image, grey)
    noise, noise_pixels = _noise(grey)
    measured = _Measures(_sharpness(tiles, noise), _exposure(tiles), noise, noise_pixels, _colourfulness(tiles))
    pixels = grey.size
    return ImageQuality(
        overall=_overall(measured, max(grey.shape), pixels),
        sharpness=_score(measured.sharpness, pixels, _METHOD_SHARPNESS),
        exposure=_score(measured.exposure, pixels, _METHOD_EXPOSURE, high=100.0),
        noise=_noise_score(measured),
        colourfulness=_score(measured.colourfulness, pixels, _METHOD_COLOURFULNESS),
    )


class _Measures(NamedTuple):
    """Each (17,): over the whole picture first, then with one tile left out. noise is None where it cannot be seen."""

    sharpness: Floats
    exposure: Floats
    noise: Floats | None
    noise_pixels: int
    colourfulness: Floats


class _Tiles(NamedTuple):
    """Means, each (17,) as in _Measures; squares are means of squares."""

    laplacian: Floats
    laplacian_square: Floats
    clipped: Floats
    lightness: Floats
    red_green: Floats
    red_green_square: Floats
    yellow_blue: Floats
    yellow_blue_square: Floats


def _tiles_of(image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> _Tiles:
    laplacian = np.asarray(cv2.Laplacian(grey, cv2.CV_32F), np.float32)
    every = _EVERY_PX if min(grey.shape) >= _EVERY_PX_FROM else 1
    sampled = grey[::every, ::every]
    red, green, blue = cv2.split(image[::every, ::every].astype(np.float32))
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    clipped = (sampled < _DARK) | (sampled > _BRIGHT)
    planes = (
        laplacian,
        laplacian**2,
        clipped.astype(np.float32),
        _LIGHTNESS_OF_GREY[sampled],
        red_green,
        red_green**2,
        yellow_blue,
        yellow_blue**2,
    )
    return _Tiles(*map(_means, planes))


def _means(plane: NDArray[np.float32]) -> Floats:
    """The mean of all, then the means without each of the tiles in turn."""
    tiles = np.asarray(cv2.resize(plane, (_GRID, _GRID), interpolation=cv2.INTER_AREA), np.float64).ravel()
    return np.concatenate([[tiles.mean()], (tiles.sum() - tiles) / (tiles.size - 1)])


def _sharpness(tiles: _Tiles, noise: Floats | None) -> Floats:
    variance = tiles.laplacian_square - tiles.laplacian**2
    return np.maximum(0.0, variance - (0.0 if noise is None else _LAPLACIAN_OF_NOISE * noise**2))


def _exposure(tiles: _Tiles) -> Floats:
    # The mean of L* (CIE 1976) is what an eye sees; the mean of linear light would weigh highlights too much.
    low, high = _LIGHTNESS_GOOD
    outside = np.maximum(np.maximum(low - tiles.lightness, tiles.lightness - high), 0.0)
    unclipped = np.maximum(0.0, 1 - tiles.clipped / _CLIPPED_WORST)
    return 100 * unclipped * np.maximum(0.0, 1 - outside / _LIGHTNESS_FALL)


def _colourfulness(tiles: _Tiles) -> Floats:
    variance = (tiles.red_green_square - tiles.red_green**2) + (tiles.yellow_blue_square - tiles.yellow_blue**2)
    return np.sqrt(np.maximum(0.0, variance)) + 0.3 * np.hypot(tiles.red_green, tiles.yellow_blue)


def _noise(grey: NDArray[np.uint8]) -> tuple[Floats | None, int]:
    """The noise of the smoothest blocks, and on how many pixels it was measured.

    A block's sigma is sqrt(pi / 2) / 6 times the mean of |grey * operator| (Immerkær 1996, eq. 4).
    """
    response = np.abs(np.asarray(cv2.filter2D(grey.astype(np.float32), cv2.CV_32F, _IMMERKAER), np.float32))
    height, width = (length // _NOISE_BLOCK_PX for length in grey.shape)
    sigmas = math.sqrt(math.pi / 2) / 6 * _block_means(response, height, width)
    lights = _block_means(grey.astype(np.float32), height, width)
    usable = (lights > _NOISE_GREYS[0]) & (lights < _NOISE_GREYS[1])
    rows, columns = np.indices((height, width))
    tile = (rows * _GRID // max(height, 1)) * _GRID + columns * _GRID // max(width, 1)
    kept = [sigmas[usable], *(sigmas[usable & (tile != left_out)] for left_out in range(_GRID**2))]
    if min(map(len, kept)) < _NOISE_BLOCKS_MIN:
        return None, len(kept[0]) * _NOISE_BLOCK_PX**2
    return np.array([np.percentile(blocks, _NOISE_PERCENTILE) for blocks in kept]), len(kept[0]) * _NOISE_BLOCK_PX**2


def _block_means(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Means of whole blocks, (height, width) of them."""
    block = _NOISE_BLOCK_PX
    cut = values[: height * block, : width * block].reshape(height, block, width, block)
    return np.asarray(cut.mean(axis=(1, 3)), np.float32)


def _noise_score(measured: _Measures) -> Score:
    if measured.noise is not None:
        return _score(measured.noise, measured.noise_pixels, _METHOD_NOISE)
    reason = "almost everything is black, white or too small, where noise cannot be seen"
    return Score(value=None, n=measured.noise_pixels, method=_METHOD_NOISE, reason=reason)


def _overall(measured: _Measures, edge_px: int, pixels: int) -> Score:
    low, high = _SHARPNESS_RANGE
    shares = {
        "sharpness": np.clip(np.log(np.maximum(measured.sharpness, low) / low) / math.log(high / low), 0, 1),
        "exposure": measured.exposure / 100,
        "resolution": np.full_like(measured.exposure, min(1.0, edge_px / _RESOLUTION_FULL_PX)),
    }
    values = {"sharpness": measured.sharpness, "exposure": measured.exposure, "resolution": np.array([float(edge_px)])}
    if measured.noise is not None:
        best, worst = _NOISE_RANGE
        shares["noise"] = 1 - np.clip((measured.noise - best) / (worst - best), 0, 1)
        values["noise"] = measured.noise
    # Without a part the rest is scaled up, so that what cannot be measured neither helps nor harms.
    possible = sum(_POINTS[name] for name in shares)
    earned = {name: 100 * _POINTS[name] / possible * share for name, share in shares.items()}
    parts = [
        Part(name, round(float(values[name][0]), 2), round(float(points[0]), 2), _EXPLANATIONS[name], n=pixels)
        for name, points in earned.items()
    ]
    total = np.sum(list(earned.values()), axis=0)
    return _score(total, pixels, _METHOD_OVERALL, high=100.0, parts=tuple(parts))


def _score(values: Floats, n: int, method: str, *, high: float = math.inf, parts: tuple[Part, ...] = ()) -> Score:
    """The first value, with the jackknife's interval from the others, cut to what is possible."""
    value, left_out = float(values[0]), values[1:]
    error = math.sqrt((left_out.size - 1) / left_out.size * float(((left_out - left_out.mean()) ** 2).sum()))
    interval = (round(max(0.0, value - _Z_95 * error), 2), round(min(high, value + _Z_95 * error), 2))
    return Score(value=round(value, 2), n=n, method=method, interval=interval, parts=parts)


def _lightness_of_grey() -> NDArray[np.float32]:
    greys = np.repeat(np.arange(256, dtype=np.float32).reshape(-1, 1, 1) / 255, 3, axis=2)
    return cv2.cvtColor(greys, cv2.COLOR_RGB2LAB)[:, 0, 0].astype(np.float32)


_LIGHTNESS_OF_GREY = _lightness_of_grey()
