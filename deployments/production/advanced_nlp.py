"""What a caption's words tell, in the production tier: networks for named entities, emotion and offence, the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from deployments.advanced_nlp import AdvancedNlp, CaptionRules, Judged, emotion_from, find_topics, toxicity_from
from deployments.captions import normalise, prose_of
from deployments.category import PromptVectors
from deployments.encoder import Encoder, prepare
from deployments.entities import Entity, Gazetteer, trim_name
from deployments.language import LanguageModel
from deployments.production.checkpoint import labels_of
from deployments.production.classifier import Classifier
from deployments.production.slots import SlotParts
from deployments.production.tagger import Tagger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cluster.settings import ModelSettings
    from deployments.production.tagger import Span

NAMED_IN = frozenset({"ar", "de", "en", "es", "fr", "it", "lv", "nl", "pt", "zh"})
NAMED_IN_WORDS = "Arabic, Chinese, Dutch, English, French, German, Italian, Latvian, Portuguese and Spanish"
KINDS = {"PER": "person", "ORG": "organization", "LOC": "location"}
NAME_CONFIDENCE_MIN = 0.5
OVERFLOW = "the network's answer holds a number that is none"


class AdvancedNlpModel:
    """Knows nothing of Ray. Topics come from the embedded encoder, whose prompts' weights were fitted."""

    def __init__(self, models: ModelSettings) -> None:
        """Load and warm up the three networks and the embedded encoder; raises ModelArtefactMissing."""
        parts = SlotParts("advanced_nlp", models)
        self.identity = parts.identity
        self._tagger = Tagger(parts.load("named entities in ten languages"))
        emotion, offensive = parts.load("emotion"), parts.load("offensive language")
        self._emotions = labels_of(emotion, parts.artefact("emotion").labels)
        self._offensive_column = labels_of(offensive, parts.artefact("offensive language").labels).index("offensive")
        self._emotion, self._offensive = Classifier(emotion), Classifier(offensive)
        self._encoder = Encoder(threads=models.max_workers)
        self._prompts = PromptVectors()
        self._languages = LanguageModel()
        self._gazetteer = Gazetteer()
        self._rules = CaptionRules(NAMED_IN, NAMED_IN_WORDS)

    def predict(self, captions: Sequence[str]) -> list[AdvancedNlp]:
        """One result for each caption, in order, as in the embedded tier."""
        if not captions:
            return []
        texts = [normalise(caption) for caption in captions]
        languages = [found.code for found in self._languages.predict(texts)]
        topics = find_topics(self._prompts, captions, self._encoder.features(captions))
        prose = [prose_of(text) for text in texts]
        named = self._tagger.find(prose)
        judged = self._judge([prepare(text) for text in texts], languages)
        return [
            self._rules.describe(
                text,
                languages[row],
                self._gazetteer.join(prose[row], _entities(named[row])),
                topics[row],
                *judged[row],
            )
            for row, text in enumerate(texts)
        ]

    def _judge(self, texts: list[str], languages: list[str]) -> list[tuple[Judged, *tuple[tuple[str, str], ...]]]:
        """Emotion and toxicity of each prepared caption, and what is unavailable because a network overflowed."""
        found: list[tuple[Judged, *tuple[tuple[str, str], ...]]] = [((None, None),)] * len(texts)
        rows = [row for row, text in enumerate(texts) if text]
        if not rows:
            return found
        asked = [texts[row] for row in rows]
        emotions, offences = (_shares(network.logits(asked)) for network in (self._emotion, self._offensive))
        for row, moods, offence in zip(rows, emotions, offences, strict=True):
            emotion = emotion_from(self._emotions, moods, languages[row]) if np.isfinite(moods).all() else None
            offensive = float(offence[self._offensive_column])
            toxicity = toxicity_from(offensive, languages[row]) if np.isfinite(offensive) else None
            lacking = (("emotion", emotion), ("toxicity", toxicity))
            found[row] = ((emotion, toxicity), *((field, OVERFLOW) for field, value in lacking if value is None))
        return found


def _shares(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shares: NDArray[np.float32] = softmax(logits.astype(np.float64), axis=1).astype(np.float32)
    return shares


def _entities(spans: Sequence[Span]) -> list[Entity]:
    """The spans that name a person, an organization or a place with some certainty, each name once."""
    found = (
        Entity(name, KINDS[span.kind], "model")
        for span in spans
        if span.kind in KINDS and span.confidence >= NAME_CONFIDENCE_MIN and len(name := trim_name(span.text)) > 1
    )
    return list(dict.fromkeys(found))
