"""Sentiment in the production tier: one network for English, one for all other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from deployments.captions import normalise
from deployments.encoder import prepare
from deployments.language import LanguageModel
from deployments.production.checkpoint import labels_of
from deployments.production.classifier import Classifier
from deployments.production.slots import SlotParts
from deployments.sentiment import LABELS, NOTHING, Sentiment, sentiment_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster.settings import ModelSettings

ENGLISH = "en"


class SentimentModel:
    """Knows nothing of Ray. Confidences are the networks' softmax: their calibration was not measured here."""

    def __init__(self, models: ModelSettings) -> None:
        """Load and warm up both networks; raises ModelArtefactMissing."""
        parts = SlotParts("sentiment", models)
        self.identity = parts.identity
        self._languages = LanguageModel()
        english, others = parts.load("english"), parts.load("other languages")
        self._english, self._others = Classifier(english), Classifier(others)
        self._columns = {
            network: [labels_of(checkpoint, parts.artefact(role).labels).index(label) for label in LABELS]
            for network, checkpoint, role in (
                (self._english, english, "english"),
                (self._others, others, "other languages"),
            )
        }

    def predict(self, captions: Sequence[str]) -> list[Sentiment]:
        """One result for each caption, in order, as in the embedded tier.

        Links and mentions become the placeholders of the networks' training data. Where a network overflows, the numbers of
        that caption are NaN, which the analysis turns into an outcome without a result.
        """
        texts = [prepare(normalise(caption)) for caption in captions]
        languages = [found.code for found in self._languages.predict(captions)]
        results = [NOTHING] * len(texts)
        for network, is_english in ((self._english, True), (self._others, False)):
            rows = [row for row, text in enumerate(texts) if text and (languages[row] == ENGLISH) is is_english]
            if not rows:
                continue
            logits = network.logits([texts[row] for row in rows])[:, self._columns[network]]
            for row, shares in zip(rows, softmax(logits.astype(np.float64), axis=1).tolist(), strict=True):
                results[row] = sentiment_from(shares)
        return results
