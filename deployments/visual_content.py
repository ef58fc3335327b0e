"""What a picture shows: labels, faces, safety, colours, technical quality and text, from its pixels alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.colours import ColourShare
    from deployments.image_quality import ImageQuality


@dataclass(frozen=True, slots=True)
class Label:
    """One thing seen: an ImageNet class or a scene, with its softmax probability in [0, 1]."""

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
class VisualContent:
    """One picture. reason is set, and all else is empty, when it could not be read.

    labels are objects, most probable first (only those past a least probability); scene is the kind of picture.
    perceptual_hash is 16 hex digits: pictures whose hashes differ in few bits are near-duplicates.
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


def near_duplicates(hashes: Sequence[str | None]) -> tuple[tuple[int, ...], ...]:
    """Groups of positions whose perceptual hashes are near-duplicates, each in order, groups of two or more."""
    raise NotImplementedError
