"""The production tier's text encoder: vectors of 768 numbers, which the trend model clusters by topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deployments.encoder import prepare
from deployments.production.embedder import Embedder
from deployments.production.slots import SlotParts
from deployments.registry import ENCODER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cluster.settings import ModelSettings


class EncoderModel:
    """Knows nothing of Ray. Wider than the embedded encoder: vectors of the two may not stand side by side."""

    def __init__(self, models: ModelSettings) -> None:
        """Load and warm up; raises ModelArtefactMissing."""
        parts = SlotParts(ENCODER, models)
        self.identity = parts.identity
        role = "sentence vectors of 768 numbers, 100 languages"
        self._network = Embedder(parts.load(role, add_pooling_layer=False))

    def predict(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, 768), in order; zeros for a text without content. Equal texts are computed once."""
        prepared = [prepare(text) for text in texts]
        unique = list(dict.fromkeys(text for text in prepared if text))
        place_of = {text: place for place, text in enumerate(unique)}
        vectors = np.zeros((len(prepared), self._network.width), dtype=np.float32)
        found = self._network.encode(unique)
        for row, text in enumerate(prepared):
            if text:
                vectors[row] = found[place_of[text]]
        return vectors
