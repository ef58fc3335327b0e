"""Language in the production tier: a network for its twenty languages, the embedded detector and its rules for the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from deployments.captions import hashtag_words, normalise, words_only
from deployments.language import CONFIDENCE_MIN, RELIABLE_MIN, UNDETERMINED, Language
from deployments.language import LanguageModel as EmbeddedLanguageModel
from deployments.production.checkpoint import labels_of
from deployments.production.classifier import Classifier
from deployments.production.slots import SlotParts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster.settings import ModelSettings

LETTERS_LEAST = 12  # shorter captions are names and single words, on which a detector of sentences guesses


class LanguageModel:
    """Knows nothing of Ray.

    The network answers one of twenty languages for any text, so what it must not be asked is kept from it: captions that tell
    nothing, scripts that one language has, romanised Hindi and Arabic, and languages that it was never shown.
    """

    def __init__(self, models: ModelSettings) -> None:
        """Load and warm up; raises ModelArtefactMissing."""
        parts = SlotParts("language", models)
        self.identity = parts.identity
        checkpoint = parts.load("20 languages")
        self._labels = labels_of(checkpoint, parts.artefact("20 languages").labels)
        self._network = Classifier(checkpoint)
        self._embedded = EmbeddedLanguageModel()

    def predict(self, captions: Sequence[str]) -> list[Language]:
        """One result for each caption, in order, as in the embedded tier; confidence is the network's softmax where it judged."""
        results = self._embedded.predict(captions)
        texts = [_words(caption) for caption in captions]
        rows = [
            row for row, (text, found) in enumerate(zip(texts, results, strict=True)) if self._is_asked(text, found)
        ]
        if rows:
            shares = softmax(self._network.logits([texts[row] for row in rows]).astype(np.float64), axis=1)
            for row, share in zip(rows, shares, strict=True):
                results[row] = self._judged(share, results[row])
        return results

    def _is_asked(self, words: str, found: Language) -> bool:
        if sum(character.isalpha() for character in words) < LETTERS_LEAST or found.doubt is not None:
            return False
        if found.code == UNDETERMINED:
            return found.confidence > 0  # words were read, and no language stood out
        return found.code in self._labels or not found.reliable

    def _judged(self, share: np.ndarray, found: Language) -> Language:
        best = int(share.argmax())
        confidence = float(share[best])
        if confidence < CONFIDENCE_MIN:
            return replace(
                found, code=UNDETERMINED, confidence=confidence, reliable=False, reason="no language stands out"
            )
        return Language(self._labels[best], confidence, found.script, reliable=confidence >= RELIABLE_MIN)


def _words(caption: str) -> str:
    text = normalise(caption)
    return words_only(text) or hashtag_words(text)
