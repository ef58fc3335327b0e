"""Writing in a picture: PP-OCRv4 (PaddlePaddle, Apache-2.0) as packaged by rapidocr-onnxruntime."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from deployments.visual_results import ImageText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LINES_MAX = 8  # the largest ones; a screenshot of an article has no end
LINE_CONFIDENCE_LEAST = 0.6
_LETTERS_LEAST = 2  # a lone sign is texture more often than writing
_DETECTION_PX = 320  # a quarter of the cost of 640 px; found 90 % of 58 pictures with drawn captions instead of 93 %
_EDGE_GREYS = 60
_EDGE_SHARE_LEAST = 0.005  # half of what the sparsest overlaid caption had
_METHOD = "PP-OCRv4: detection at 320 px where a picture has edges, recognition of the 8 largest lines at full size"


class TextReader:
    """Reads Latin and Chinese writing (that is what its recogniser knows); the networks are loaded at the first need."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads

    def read(self, image: NDArray[np.uint8]) -> ImageText:
        """The writing in an sRGB picture (height, width, 3)."""
        boxes = self._boxes(image) if _has_edges(image) else []
        if not boxes:
            return ImageText(lines=(), confidence=None, area_share=0.0, method=_METHOD)
        bgr = np.ascontiguousarray(image[:, :, ::-1])
        recognised, _ = self._engine.text_rec(self._engine.get_crop_img_list(bgr, boxes))
        lines, scores, area_px = [], [], 0.0
        for box, (text, score) in zip(boxes, recognised, strict=True):
            if score >= LINE_CONFIDENCE_LEAST and sum(map(str.isalnum, text)) >= _LETTERS_LEAST:
                lines.append(text.strip())
                scores.append(float(score))
                area_px += cv2.contourArea(box)
        return ImageText(
            lines=tuple(lines),
            confidence=round(sum(scores) / len(scores), 4) if scores else None,
            area_share=round(min(1.0, area_px / (image.shape[0] * image.shape[1])), 4),
            method=_METHOD,
        )

    def _boxes(self, image: NDArray[np.uint8]) -> Sequence[NDArray[np.float32]]:
        """Quadrilaterals (4, 2) of the largest lines in the picture's own pixels, in reading order."""
        scale = min(1.0, _DETECTION_PX / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found, _ = self._engine.text_det(np.ascontiguousarray(small[:, :, ::-1]))
        if found is None or len(found) == 0:
            return []
        largest = sorted(np.asarray(found, np.float32) / np.float32(scale), key=cv2.contourArea, reverse=True)
        boxes: Sequence[NDArray[np.float32]] = self._engine.sorted_boxes(np.stack(largest[:LINES_MAX]))
        return boxes

    @cached_property
    def _engine(self) -> Any:
        from rapidocr_onnxruntime import RapidOCR

        # limit_type=max: the detector enlarges small pictures otherwise.
        engine = RapidOCR(intra_op_num_threads=self._threads, inter_op_num_threads=1, det_limit_type="max")
        engine.text_rec.rec_batch_num = 1  # the lines of one batch are all padded to the longest
        return engine


def _has_edges(image: NDArray[np.uint8]) -> bool:
    """A morphological gradient at the detection's size: a plain sky or wall has none, and is spared the network."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = _DETECTION_PX / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    gradient = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return float((np.asarray(gradient) > _EDGE_GREYS).mean()) >= _EDGE_SHARE_LEAST
