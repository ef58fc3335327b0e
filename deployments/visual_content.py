"""What a picture shows: labels, faces, safety, colours, technical quality and text, from its pixels alone."""

from __future__ import annotations

import asyncio
import threading
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import cv2
import imagehash
import numpy as np
import torch
from PIL import Image
from ray import serve

from cluster.errors import MediaRefused
from cluster.image_decode import decode_image
from deployments.colours import dominant_colours
from deployments.image_faces import FaceDetector
from deployments.image_labels import ImageLabeller, Labels
from deployments.image_quality import measure_quality
from deployments.image_safety import SafetyScorer
from deployments.image_text import TextReader
from deployments.registry import artefacts_of, identity_of
from deployments.visual_results import Safety, VisualContent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deployments.scores import ModelIdentity

SLOT = "visual_content"
BATCH_IMAGES_MAX = 48  # four profiles' posts
BATCH_WAIT_S = 0.005
CALLS_MAX = 64
EDGE_PX_MAX = 640  # a stored thumbnail's; larger files are reduced to it
PIXELS_MAX = 40_000_000


class SupportsLabel(Protocol):
    """What names the things in pictures."""

    def label(self, images: Sequence[NDArray[np.uint8]]) -> list[Labels]:
        """One result for each sRGB picture (height, width, 3), in order."""
        ...


class VisualContentModel:
    """Looks at pictures. Knows nothing of Ray; one batch at a time."""

    def __init__(
        self, *, threads: int = 1, labeller: SupportsLabel | None = None, identity: ModelIdentity | None = None
    ) -> None:
        """Load and warm up, so that the first real batch is as fast as the last.

        threads is what each network may use (models.max_workers); it is set for the whole process. Another tier brings its
        labeller and identity. Raises ModelArtefactMissing, which names what is missing and how to get it.
        """
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        places = {artefact.name: artefact.location() for artefact in artefacts_of(SLOT)}
        self.identity: ModelIdentity = identity or identity_of(SLOT)
        self._labeller: SupportsLabel = labeller or ImageLabeller(places["efficientnet-lite0"])
        self._safety = SafetyScorer(places["open-nsfw"], threads=threads)
        self._faces = FaceDetector()
        self._text = TextReader(threads=threads)
        self._lock = threading.Lock()  # dlib's detector keeps its scratch space in the object
        self.predict([_warm_up_picture()])

    def predict(self, images: Sequence[bytes]) -> list[VisualContent]:
        """One result for each image file, in order; a file that cannot be read gives a result with a reason."""
        decoded = [_decode(data) for data in images]
        pictures = [picture for picture in decoded if not isinstance(picture, str)]
        with self._lock:
            labels = self._labeller.label(pictures)
            safety = self._safety.score(pictures)
            seen = iter([self._describe(*parts) for parts in zip(pictures, labels, safety, strict=True)])
        return [VisualContent(reason=entry) if isinstance(entry, str) else next(seen) for entry in decoded]

    def _describe(self, picture: NDArray[np.uint8], labels: Labels, safety: Safety) -> VisualContent:
        height_px, width_px = picture.shape[:2]
        return VisualContent(
            width_px=width_px,
            height_px=height_px,
            labels=labels.objects,
            scene=labels.scene,
            faces=self._faces.detect(picture),
            safety=safety,
            colours=dominant_colours(picture),
            quality=measure_quality(picture),
            text=self._text.read(picture),
            perceptual_hash=str(imagehash.phash(Image.fromarray(picture))),
        )


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class VisualContentDeployment:
    """Batches callers and keeps the event loop free while the model computes."""

    def __init__(self, threads: int = 1) -> None:
        self._model = VisualContentModel(threads=threads)

    async def __call__(self, images: list[bytes]) -> list[VisualContent]:
        """One result for each image file (a profile's in one call), in order."""
        return await self._analyze(images)

    async def identity(self) -> ModelIdentity:
        """Which artefacts make the results."""
        return self._model.identity

    # A call carries a whole profile's pictures, so a batch is counted in pictures, not in calls.
    @serve.batch(
        max_batch_size=BATCH_IMAGES_MAX,
        batch_wait_timeout_s=BATCH_WAIT_S,
        batch_size_fn=lambda calls: sum(map(len, calls)),
    )
    async def _analyze(self, calls: list[list[bytes]]) -> list[list[VisualContent]]:
        flat = [image for images in calls for image in images]
        results = await asyncio.to_thread(self._model.predict, flat)
        assert len(results) == len(flat), (len(results), len(flat))
        rest = iter(results)
        return [list(islice(rest, len(images))) for images in calls]


def _warm_up_picture() -> bytes:
    """A PNG with writing on it, so that every part has something to do."""
    canvas = np.full((EDGE_PX_MAX // 2, EDGE_PX_MAX, 3), 255, np.uint8)
    cv2.putText(canvas, "Warm up", (40, 180), cv2.FONT_HERSHEY_SIMPLEX, 3, (0, 0, 0), 8)
    return bytes(cv2.imencode(".png", canvas)[1])


def _decode(data: bytes) -> NDArray[np.uint8] | str:
    """The pixels (height, width, 3) in sRGB, or why there are none."""
    try:
        return np.asarray(decode_image(data, edge_px_max=EDGE_PX_MAX, pixels_max=PIXELS_MAX), dtype=np.uint8)
    except MediaRefused as error:
        return str(error)
