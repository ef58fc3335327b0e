"""What the picture model answers: records without the libraries that make them.

Whoever unpickles a result imports the module of its class; the refresh actor must not pay for torch and OpenCV with that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.scores import Score


@dataclass(frozen=True, slots=True)
class Label:
    """One thing seen, with its probability in [0, 1] (softmax, not calibrated)."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Faces:
    """Frontal faces: how many, which share of the picture they cover together and the largest alone, in [0, 1].

    Nothing about a face is told beyond its presence and size.
    """

    count: int
    area_share: float
    largest_share: float
    method: str


@dataclass(frozen=True, slots=True)
class Safety:
    """Whether a picture is free of nudity and sexual content.

    score is the probability that it is, in [0, 1]; label is safe, suggestive or explicit.
    """

    label: str
    score: float
    method: str


@dataclass(frozen=True, slots=True)
class ImageText:
    """Writing in the picture, in reading order; no lines where none was found.

    confidence is the mean over the lines, in [0, 1], None without lines; area_share their boxes' share of the picture.
    """

    lines: tuple[str, ...]
    confidence: float | None
    area_share: float
    method: str


@dataclass(frozen=True, slots=True)
class ColourShare:
    """One dominant colour: its nearest name, its sRGB value as `#rrggbb` and its share of the picture in [0, 1]."""

    name: str
    hex: str
    share: float


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """How well a picture is made, not how much one likes it.

    overall is 0 to 100 with its parts; the others are in the unit that their method names. n counts pixels. Intervals are
    95 % intervals of the block jackknife (Künsch 1989) over 4 × 4 tiles: how much the value hangs on single parts of the
    picture.
    """

    overall: Score
    sharpness: Score
    exposure: Score
    noise: Score
    colourfulness: Score


@dataclass(frozen=True, slots=True)
class VisualContent:
    """One picture. reason is set, and all else is empty, when it could not be read.

    width_px and height_px are of the picture as analysed, upright. labels are objects, most probable first (only those
    past a least probability); scene is the kind of picture, None where none stands out. perceptual_hash is 16 hex digits:
    pictures whose hashes differ in few bits are near-duplicates (see deployments/near_duplicates.py).
    """

    width_px: int | None = None
    height_px: int | None = None
    labels: tuple[Label, ...] = ()
    scene: Label | None = None
    faces: Faces | None = None
    safety: Safety | None = None
    colours: tuple[ColourShare, ...] = ()
    quality: ImageQuality | None = None
    text: ImageText | None = None
    perceptual_hash: str | None = None
    reason: str | None = None
