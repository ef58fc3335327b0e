"""Safety of a picture: Yahoo's open_nsfw network (a thin ResNet-50, BSD-2-Clause) through onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnxruntime

from deployments.visual_results import Safety

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUGGESTIVE_FROM = 0.2  # probabilities of explicit content: the authors call less than 0.2 safe, …
EXPLICIT_FROM = 0.8  # … and more than 0.8 highly likely explicit
_METHOD = "1 - P(explicit) by Yahoo open_nsfw; safe above 0.8, explicit at 0.2 and below (its authors' thresholds)"
_RESIZED_PX = 256
_CROP_PX = 224
_MEAN_BGR = np.array([104, 117, 123], dtype=np.float32)


class SafetyScorer:
    """Scores pictures one by one: in batches the network is no faster on a processor, and takes more memory."""

    def __init__(self, model: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self.score([np.zeros((_CROP_PX, _CROP_PX, 3), np.uint8)])

    def score(self, images: Sequence[NDArray[np.uint8]]) -> list[Safety]:
        """One result for each sRGB picture (height, width, 3), in order."""
        return [self._score(image) for image in images]

    def _score(self, image: NDArray[np.uint8]) -> Safety:
        resized = cv2.resize(image, (_RESIZED_PX, _RESIZED_PX), interpolation=cv2.INTER_AREA)
        edge = (_RESIZED_PX - _CROP_PX) // 2
        crop = resized[edge : edge + _CROP_PX, edge : edge + _CROP_PX, ::-1].astype(np.float32) - _MEAN_BGR
        (outputs,) = self._session.run(None, {self._input: crop[np.newaxis]})
        explicit = float(outputs[0][1])
        return Safety(label=_label(explicit), score=round(1.0 - explicit, 4), method=_METHOD)


def _label(explicit: float) -> str:
    if explicit < SUGGESTIVE_FROM:
        return "safe"
    return "suggestive" if explicit < EXPLICIT_FROM else "explicit"
