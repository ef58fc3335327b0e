"""Dominant colours of a picture, with names that people use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from deployments.visual_results import ColourShare

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOURS_MAX = 6
SHARE_LEAST = 0.02
METHOD = "k-means in CIE L*a*b* on 48 × 48 px, started from the nearest named colours; clusters of one name added up"
_SAMPLE_PX = 48
_ITERATIONS_MAX = 20
_MOVE_LEAST = 0.5  # in L*a*b*, below what an eye can tell
_NAMED = {
    "black": "#0a0a0a",
    "charcoal": "#36393d",
    "grey": "#808080",
    "silver": "#bfc1c2",
    "white": "#fafafa",
    "ivory": "#f4eedb",
    "beige": "#dcc9a6",
    "sand": "#c2a878",
    "tan": "#b58a5f",
    "brown": "#7a4a25",
    "chocolate": "#452a1a",
    "maroon": "#6d1a23",
    "red": "#d21f26",
    "coral": "#f0705a",
    "salmon": "#f3a48d",
    "orange": "#f08018",
    "amber": "#f7b01e",
    "gold": "#c9982b",
    "yellow": "#f6e01f",
    "cream": "#faf0a8",
    "olive": "#767a2c",
    "lime": "#a4d82a",
    "green": "#2c9a3b",
    "forest green": "#1f5030",
    "sage": "#9bae8a",
    "mint": "#a6e3c2",
    "teal": "#15807f",
    "turquoise": "#3ecbc4",
    "sky blue": "#87c1ec",
    "blue": "#2565d6",
    "navy": "#172a5c",
    "steel blue": "#5d7f9f",
    "indigo": "#41349b",
    "purple": "#7d3aa8",
    "lavender": "#c0aee6",
    "plum": "#6d2f5c",
    "magenta": "#d92aa8",
    "pink": "#f59bbd",
    "blush": "#f2d0cf",
}


def dominant_colours(image: NDArray[np.uint8]) -> tuple[ColourShare, ...]:
    """The colours of an sRGB picture (height, width, 3), largest share first, each name once.

    Colours below SHARE_LEAST are left out, so the shares sum to at most one. Method: see METHOD; no random numbers, so the
    same picture always gives the same answer.
    """
    small = np.asarray(cv2.resize(image, (_SAMPLE_PX, _SAMPLE_PX), interpolation=cv2.INTER_AREA), np.uint8)
    pixels = _to_lab(small.reshape(-1, 3))
    centres, sizes = _clusters(pixels)
    merged: dict[str, list[tuple[NDArray[np.float32], int]]] = {}
    for centre, size in zip(centres, sizes, strict=True):
        merged.setdefault(_NAMES[_nearest(centre[np.newaxis], _NAMED_LAB)[0]], []).append((centre, size))
    colours = [_colour(name, parts, len(pixels)) for name, parts in merged.items()]
    ranked = sorted(colours, key=lambda colour: (-colour.share, colour.name))
    return tuple(colour for colour in ranked[:COLOURS_MAX] if colour.share >= SHARE_LEAST)


def _clusters(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[int]]:
    """Centres (k, 3) and sizes; k is how many of the commonest names begin, at most COLOURS_MAX."""
    names = _nearest(pixels, _NAMED_LAB)
    commonest = np.argsort(-np.bincount(names, minlength=len(_NAMED_LAB)), kind="stable")[:COLOURS_MAX]
    begun = np.intersect1d(commonest, names)
    start = _nearest(pixels, _NAMED_LAB[begun])
    used, labels = np.unique(start, return_inverse=True)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, _ITERATIONS_MAX, _MOVE_LEAST)
    _, final, centres = cv2.kmeans(
        pixels, len(used), labels.astype(np.int32).reshape(-1, 1), stop, 1, cv2.KMEANS_USE_INITIAL_LABELS
    )
    return np.asarray(centres, np.float32), np.bincount(final.ravel(), minlength=len(used)).tolist()


def _colour(name: str, parts: list[tuple[NDArray[np.float32], int]], total: int) -> ColourShare:
    size = sum(part_size for _, part_size in parts)
    mean = sum(centre * np.float32(part_size) for centre, part_size in parts) / np.float32(max(size, 1))
    rgb = cv2.cvtColor(np.asarray(mean, np.float32).reshape(1, 1, 3), cv2.COLOR_LAB2RGB).reshape(3)
    red, green, blue = np.clip(np.rint(rgb * 255), 0, 255).astype(int)
    return ColourShare(name=name, hex=f"#{red:02x}{green:02x}{blue:02x}", share=round(size / total, 4))


def _nearest(points: NDArray[np.float32], anchors: NDArray[np.float32]) -> NDArray[np.intp]:
    """For each point the index of the nearest anchor (CIE76 difference)."""
    distances = ((points[:, np.newaxis] - anchors[np.newaxis]) ** 2).sum(axis=2)
    return np.asarray(np.argmin(distances, axis=1))


def _to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    unit = rgb.astype(np.float32).reshape(-1, 1, 3) / 255
    return cv2.cvtColor(unit, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)


_NAMES = tuple(_NAMED)
_NAMED_LAB = _to_lab(np.array([list(bytes.fromhex(value[1:])) for value in _NAMED.values()], dtype=np.uint8))
