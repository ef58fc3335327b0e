"""Objects and scene of a picture: EfficientNet-Lite0 (Tan and Le, 2019) over the 1,000 classes of ImageNet."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from deployments.efficientnet import EDGE_PX, PIXEL_MEAN, PIXEL_SCALE, load_efficientnet
from deployments.visual_results import Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

LABELS_MAX = 5
LABEL_LEAST = 0.10  # a label below this probability is a guess
SCENE_LEAST = 0.50  # a scene below this probability is none
# Set by eye on a dozen photographs, not on a held-out set. Pure noise spreads over hundreds of classes and adds up to a large subject, so a scene needs one likely class too, …
SCENE_CLASS_LEAST = 0.25
SCENE_LIFT_LEAST = 5.0  # … or to be this many times as likely as its share of all classes
_BATCH_IMAGES = 2  # measured on one core: 22 ms a picture, 26 ms in batches of 8, whose activations leave the cache
_CROP_SHARE = 224 / 256  # the centre that the network was trained and evaluated on
_CLASSES = Path(__file__).parent / "data" / "imagenet_classes.tsv"
_NO_SCENE = "objects"  # the subject of classes that say nothing about the scene


@dataclass(frozen=True, slots=True)
class Labels:
    """objects: at least LABEL_LEAST probable, most probable first, at most LABELS_MAX. scene: None where none stands out."""

    objects: tuple[Label, ...]
    scene: Label | None


class ImageLabeller:
    """Names what pictures show. A scene's probability is the sum over its classes."""

    def __init__(self, weights: Path) -> None:
        """Load and warm up; raises ModelArtefactMissing when there is no such file."""
        self._network = load_efficientnet(weights)
        self._names, self._subjects = _read_classes(_CLASSES)
        self._sizes = Counter(self._subjects)
        self._probabilities([np.zeros((EDGE_PX, EDGE_PX, 3), np.uint8)])

    def label(self, images: Sequence[NDArray[np.uint8]]) -> list[Labels]:
        """One result for each sRGB picture (height, width, 3), in order."""
        found: list[Labels] = []
        for start in range(0, len(images), _BATCH_IMAGES):
            found += map(self._labels, self._probabilities(images[start : start + _BATCH_IMAGES]))
        return found

    def _probabilities(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        crops = np.stack([_centre(image) for image in images]).astype(np.float32)
        scaled = torch.from_numpy((crops - PIXEL_MEAN) / PIXEL_SCALE).permute(0, 3, 1, 2)
        with torch.inference_mode():
            return np.asarray(self._network(scaled).softmax(dim=1), np.float32)

    def _labels(self, probabilities: NDArray[np.float32]) -> Labels:
        objects = _most_probable(self._names, probabilities)
        return Labels(
            objects=tuple(label for label in objects[:LABELS_MAX] if label.confidence >= LABEL_LEAST),
            scene=self._scene(probabilities),
        )

    def _scene(self, probabilities: NDArray[np.float32]) -> Label | None:
        scene = next(label for label in _most_probable(self._subjects, probabilities) if label.name != _NO_SCENE)
        likeliest = max(p for p, subject in zip(probabilities, self._subjects, strict=True) if subject == scene.name)
        lift = scene.confidence * len(self._subjects) / self._sizes[scene.name]
        is_distinct = likeliest >= SCENE_CLASS_LEAST or lift >= SCENE_LIFT_LEAST
        return scene if scene.confidence >= SCENE_LEAST and is_distinct else None


def _centre(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The central square, (EDGE_PX, EDGE_PX, 3)."""
    height_px, width_px = image.shape[:2]
    edge_px = max(1, int(min(height_px, width_px) * _CROP_SHARE))
    top, left = (height_px - edge_px) // 2, (width_px - edge_px) // 2
    crop = image[top : top + edge_px, left : left + edge_px]
    smoothing = cv2.INTER_AREA if edge_px > EDGE_PX else cv2.INTER_CUBIC
    return cv2.resize(crop, (EDGE_PX, EDGE_PX), interpolation=smoothing).astype(np.uint8)


def _most_probable(names: Sequence[str], probabilities: Iterable[float]) -> list[Label]:
    """Labels, most probable first; classes of one name are added up."""
    sums: defaultdict[str, float] = defaultdict(float)
    for name, probability in zip(names, probabilities, strict=True):
        sums[name] += float(probability)
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return [Label(name, round(min(probability, 1.0), 4)) for name, probability in ranked]


def class_names() -> list[str]:
    """What the 1,000 classes are called; some share a name."""
    return _read_classes(_CLASSES)[0]


def _read_classes(file: Path) -> tuple[list[str], list[str]]:
    """The classes' names and subjects, in the network's order."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    names, subjects = zip(*(line.split("\t") for line in lines), strict=True)
    return list(names), list(subjects)
