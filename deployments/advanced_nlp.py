"""Everything else that a caption's words tell."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import emoji
import numpy as np
from ray import serve
from scipy.special import softmax

from deployments.calls_to_action import CallToAction, find_calls, find_questions
from deployments.captions import (
    HASHTAG,
    MENTION,
    URL,
    hashtags_of,
    links_of,
    mentions_of,
    normalise,
    prose_of,
    words_only,
)
from deployments.category import PromptVectors
from deployments.category_prompts import TOPICS
from deployments.disclosure import Disclosure, find_disclosures
from deployments.encoder import BATCH_TEXTS_MAX, BATCH_WAIT_S, FEATURES
from deployments.entities import Entity, EntityFinder
from deployments.heads import Head
from deployments.keywords import KeywordFinder
from deployments.language import UNDETERMINED, LanguageModel
from deployments.readability import Readability, readability_of
from deployments.registry import identity_of
from deployments.telling_words import read_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from ray.serve.handle import DeploymentHandle

    from deployments.encoder import SupportsEncode
    from deployments.scores import ModelIdentity

__all__ = [
    "AdvancedNlp",
    "AdvancedNlpDeployment",
    "AdvancedNlpModel",
    "CallToAction",
    "Disclosure",
    "Emotion",
    "Entity",
    "Readability",
    "Topic",
    "Toxicity",
]

CALLS_MAX = 256
TOPICS_MAX = 3
TOPIC_CONFIDENCE_MIN = 0.25
EMOJI_MAX = 64
TRAINED_LANGUAGE = "en"  # of the emotion and offensive heads


@dataclass(frozen=True, slots=True)
class Emotion:
    """anger, joy, optimism or sadness with its calibrated probability; trained on English tweets only.

    reliable is False where the caption is in another language: the encoder transfers, the measured quality does not.
    """

    label: str
    confidence: float
    reliable: bool


@dataclass(frozen=True, slots=True)
class Toxicity:
    """offensive or not-offensive; probability is the calibrated one of 'offensive', in [0, 1]. English training, as above."""

    label: str
    probability: float
    reliable: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject finer than a category, with its share of the evidence in [0, 1]."""

    label: str
    category: str
    confidence: float


@dataclass(frozen=True, slots=True)
class AdvancedNlp:
    """What a caption's words tell, beside sentiment, language and category.

    language is the code that the rules and keywords used. keywords come best first; hashtags and mentions are lower-case
    without their sign, in order of appearance, each once; emoji are in order of appearance, each once. emotion and toxicity
    are None when there are no words to judge, readability when no formula applies; unavailable then says why, as
    (field, reason). The embedding is delivered by the text encoder, not here.
    """

    language: str
    entities: tuple[Entity, ...] = ()
    keywords: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    emoji: tuple[str, ...] = ()
    emoji_count: int = 0
    topics: tuple[Topic, ...] = ()
    emotion: Emotion | None = None
    toxicity: Toxicity | None = None
    sponsored: bool = False
    disclosures: tuple[Disclosure, ...] = ()
    calls_to_action: tuple[CallToAction, ...] = ()
    questions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    readability: Readability | None = None
    words_count: int = 0
    unavailable: tuple[tuple[str, str], ...] = ()


Judged = tuple[Emotion | None, Toxicity | None]


class AdvancedNlpModel:
    """Heads, named entities, keywords and rules over one caption. Knows nothing of Ray."""

    def __init__(self, encoder: SupportsEncode | None = None) -> None:
        """Load and warm up, some seconds; raises ModelArtefactMissing. predict needs an encoder, classify does not."""
        self.identity: ModelIdentity = identity_of("advanced_nlp")
        self._encoder = encoder
        self._emotion, self._offensive = Head("emotion"), Head("offensive")
        self._offensive_column = self._offensive.labels.index("offensive")
        self._prompts = PromptVectors()
        self._languages = LanguageModel()
        self._entities = EntityFinder()
        self._rules = CaptionRules(frozenset({"en"}), "English")
        self.classify(["A walk through Paris with friends"], np.zeros((1, FEATURES), dtype=np.float32))

    def predict(self, captions: Sequence[str]) -> list[AdvancedNlp]:
        """One result for each caption, in order."""
        assert self._encoder is not None, "a model without an encoder can only classify"
        return self.classify(captions, self._encoder.features(captions))

    def classify(self, captions: Sequence[str], features: NDArray[np.float32]) -> list[AdvancedNlp]:
        """One result for each caption, with its features (n, 768) from the encoder."""
        if not captions:
            return []
        texts = [normalise(caption) for caption in captions]
        languages = [found.code for found in self._languages.predict(texts)]
        entities = self._entities.find([prose_of(text) for text in texts], languages)
        topics = find_topics(self._prompts, captions, features)
        emotions, offensive = self._emotion.probabilities(features), self._offensive.probabilities(features)
        results = []
        for row, (text, language) in enumerate(zip(texts, languages, strict=True)):
            judged: Judged = (None, None)
            if features[row].any():
                judged = (
                    emotion_from(self._emotion.labels, emotions[row], language),
                    toxicity_from(float(offensive[row, self._offensive_column]), language),
                )
            results.append(self._rules.describe(text, language, entities[row], topics[row], judged))
        return results


class CaptionRules:
    """What words alone tell, put together with what networks told. Both tiers use it."""

    def __init__(self, named_in: frozenset[str], named_in_words: str) -> None:
        """named_in: the languages that the tier's network reads named entities in, as codes and as words."""
        self._keywords = KeywordFinder()
        self._named_in = named_in
        self._named_in_words = named_in_words

    def describe(
        self,
        text: str,
        language: str,
        entities: tuple[Entity, ...],
        topics: tuple[Topic, ...],
        judged: Judged,
        *more_unavailable: tuple[str, str],
    ) -> AdvancedNlp:
        """The result for a normalised caption; judged is None, None where there are no words to judge."""
        emotion, toxicity = judged
        prose = prose_of(text)
        readability = readability_of(prose, language)
        disclosures = find_disclosures(text)
        signs = [found["emoji"] for found in emoji.emoji_list(text)]
        unavailable = list(more_unavailable)
        if not (emotion or toxicity or unavailable):
            unavailable += [(field, "no words or emoji to judge") for field in ("emotion", "toxicity")]
        if readability is None:
            unavailable.append(("readability", "no published formula for the language, or fewer than 20 words"))
        if language == UNDETERMINED:
            unavailable.append(("language", "nothing tells the language; rules of all eight languages were tried"))
        if language not in self._named_in:
            told = f"named entities are read in {self._named_in_words} only; places in any language"
            unavailable.append(("entities", told))
        without_links = URL.sub(" ", text)
        return AdvancedNlp(
            language=language,
            entities=entities,
            keywords=self._keywords.find(prose, language),
            hashtags=hashtags_of(text),
            mentions=mentions_of(text),
            emoji=tuple(dict.fromkeys(signs))[:EMOJI_MAX],
            emoji_count=len(signs),
            topics=topics,
            emotion=emotion,
            toxicity=toxicity,
            sponsored=bool(disclosures),
            disclosures=disclosures,
            calls_to_action=find_calls(without_links, language),
            questions=find_questions(MENTION.sub(" ", HASHTAG.sub(" ", emoji.replace_emoji(without_links, "\n")))),
            links=links_of(text),
            readability=readability,
            words_count=len(words_only(text).split()),
            unavailable=tuple(unavailable),
        )


def emotion_from(labels: Sequence[str], probabilities: NDArray[np.float32], language: str) -> Emotion:
    """The most probable emotion of a caption."""
    best = int(probabilities.argmax())
    return Emotion(labels[best], float(probabilities[best]), language == TRAINED_LANGUAGE)


def toxicity_from(offensive: float, language: str) -> Toxicity:
    """The verdict for a probability of 'offensive'."""
    return Toxicity("offensive" if offensive >= 0.5 else "not-offensive", offensive, language == TRAINED_LANGUAGE)


def find_topics(
    prompts: PromptVectors, captions: Sequence[str], features: NDArray[np.float32]
) -> list[tuple[Topic, ...]]:
    """The topics that hold a good share of the evidence, best first; without evidence all shares are small."""
    shares = softmax(prompts.topic_logits(features, [read_evidence(caption) for caption in captions]), axis=1)
    return [
        tuple(
            Topic(TOPICS[number].topic, TOPICS[number].category, float(row[number]))
            for number in np.argsort(-row)[:TOPICS_MAX]
            if row[number] >= TOPIC_CONFIDENCE_MIN
        )
        for row in shares
    ]


def count_captions(calls: list[tuple[list[str], Any]]) -> int:
    """The size of a batch of calls; never raises, which would stop Serve's batching for good."""
    return sum(len(captions) for captions, _ in calls)


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class AdvancedNlpDeployment:
    """Batches callers, takes features from the shared encoder, and keeps the event loop free while the rest computes."""

    def __init__(self, encoder: DeploymentHandle[Any]) -> None:
        self._encoder = encoder
        self._model = AdvancedNlpModel()

    async def __call__(self, captions: list[str]) -> list[AdvancedNlp]:
        """One result for each caption, in order."""
        features = await self._encoder.features.remote(captions)
        starts = range(0, len(captions), BATCH_TEXTS_MAX)
        parts = [(captions[at : at + BATCH_TEXTS_MAX], features[at : at + BATCH_TEXTS_MAX]) for at in starts]
        results = await asyncio.gather(*(self._analyze(part) for part in parts))
        return [result for part in results for result in part]

    async def identity(self) -> ModelIdentity:
        """Which artefacts make the results."""
        return self._model.identity

    # A call carries a whole profile's captions, so a batch is counted in captions, not in calls.
    @serve.batch(max_batch_size=BATCH_TEXTS_MAX, batch_wait_timeout_s=BATCH_WAIT_S, batch_size_fn=count_captions)
    async def _analyze(self, calls: list[tuple[list[str], NDArray[np.float32]]]) -> list[list[AdvancedNlp]]:
        captions = [caption for part, _ in calls for caption in part]
        features = np.concatenate([rows for _, rows in calls])
        results = await asyncio.to_thread(self._model.classify, captions, features)
        assert len(results) == len(captions), (len(results), len(captions))
        rest = iter(results)
        return [list(islice(rest, len(part))) for part, _ in calls]
