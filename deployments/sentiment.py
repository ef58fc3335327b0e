"""Sentiment of a caption."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ray import serve

from deployments.encoder import FEATURES
from deployments.heads import Head
from deployments.registry import identity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from ray.serve.handle import DeploymentHandle

    from deployments.encoder import SupportsEncode
    from deployments.scores import ModelIdentity

CALLS_MAX = 256
LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Sentiment:
    """What a caption feels like.

    label is negative, neutral or positive; score is P(positive) - P(negative), in [-1, 1]; confidence is the calibrated
    probability of the label, in [0, 1]. A caption without words or emoji is neutral with score 0, confidence 0 and a
    reason: it says nothing and must be left out of averages.
    """

    label: str
    score: float
    confidence: float
    reason: str | None = None


class SentimentModel:
    """Three-way sentiment on the encoder's features. Knows nothing of Ray."""

    def __init__(self, encoder: SupportsEncode | None = None) -> None:
        """Load; raises ModelArtefactMissing when the head is absent. predict needs an encoder, classify does not."""
        self.identity: ModelIdentity = identity_of("sentiment")
        self._encoder = encoder
        self._head = Head("sentiment")
        assert self._head.labels == LABELS, self._head.labels
        self.classify(np.zeros((1, FEATURES), dtype=np.float32))

    def predict(self, captions: Sequence[str]) -> list[Sentiment]:
        """One result for each caption, in order."""
        assert self._encoder is not None, "a model without an encoder can only classify"
        return self.classify(self._encoder.features(captions))

    def classify(self, features: NDArray[np.float32]) -> list[Sentiment]:
        """One result for each row of features (n, 768); a row of zeros stands for a caption without content.

        Method: a small network with a temperature-scaled softmax on frozen features; the head's card has its quality.
        """
        probabilities = self._head.probabilities(features)
        return [
            sentiment_from(row) if has_content else NOTHING
            for row, has_content in zip(probabilities.tolist(), np.count_nonzero(features, axis=1), strict=True)
        ]


NOTHING = Sentiment("neutral", 0.0, 0.0, "no words or emoji to judge")


def sentiment_from(probabilities: list[float]) -> Sentiment:
    """The result for probabilities in the order of LABELS."""
    negative, _, positive = probabilities
    best = max(range(len(LABELS)), key=probabilities.__getitem__)
    return Sentiment(LABELS[best], positive - negative, probabilities[best])


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class SentimentDeployment:
    """Takes features from the shared encoder, which batches the callers; what is left is one small matrix product."""

    def __init__(self, encoder: DeploymentHandle[Any]) -> None:
        self._encoder = encoder
        self._model = SentimentModel()

    async def __call__(self, captions: list[str]) -> list[Sentiment]:
        """One result for each caption, in order."""
        features = await self._encoder.features.remote(captions)
        return await asyncio.to_thread(self._model.classify, features)

    async def identity(self) -> ModelIdentity:
        """Which artefacts make the results."""
        return self._model.identity
