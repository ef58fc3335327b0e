"""What a caption is about: one of 23 categories."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ray import serve
from scipy.special import log_softmax, softmax

from cluster.errors import ModelArtefactMissing
from deployments.category_prompts import TOPICS
from deployments.encoder import FEATURES, WIDTH
from deployments.registry import WEIGHTS, identity_of
from deployments.telling_words import Evidence, read_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from ray.serve.handle import DeploymentHandle

    from deployments.encoder import SupportsEncode
    from deployments.scores import ModelIdentity

CALLS_MAX = 256
RUNNERS_UP = 3
HALF_TRUSTED_WORDS = 2.0
CATEGORIES = (
    "Fashion",
    "Beauty",
    "Fitness",
    "Health",
    "Food",
    "Travel",
    "Technology",
    "Gaming",
    "Sports",
    "Music",
    "Film & TV",
    "Art & Design",
    "Photography",
    "Education",
    "Business & Finance",
    "Family & Parenting",
    "Pets & Animals",
    "Home & Garden",
    "Automotive",
    "Nature",
    "Comedy & Memes",
    "News & Politics",
    "Lifestyle",
)
UNCATEGORISED = "Uncategorised"  # nothing to go by: not a category, and never counted as one


@dataclass(frozen=True, slots=True)
class LabelProbability:
    """A category and its calibrated probability, in [0, 1]."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Category:
    """What a caption is about.

    label is one of CATEGORIES, confidence its calibrated probability, runners_up the next most probable categories, most
    probable first. keywords are the words, hashtags or emoji of the caption that spoke for the label. A caption without
    words, hashtags or emoji is UNCATEGORISED with confidence 0 and a reason: leave it out of distributions.
    """

    label: str
    confidence: float
    runners_up: tuple[LabelProbability, ...] = ()
    keywords: tuple[str, ...] = ()
    reason: str | None = None


class CategoryModel:
    """A linear head and prompt similarity on the encoder's features, joined with telling words. Knows nothing of Ray."""

    def __init__(self, encoder: SupportsEncode | None = None) -> None:
        """Load; raises ModelArtefactMissing when the prompts' vectors are absent. Only predict needs an encoder."""
        self.identity: ModelIdentity = identity_of("category")
        self._encoder = encoder
        self._prompts = PromptVectors()
        self.classify(["warm up"], np.zeros((1, FEATURES), dtype=np.float32))

    def predict(self, captions: Sequence[str]) -> list[Category]:
        """One result for each caption, in order."""
        assert self._encoder is not None, "a model without an encoder can only classify"
        return self.classify(captions, self._encoder.features(captions))

    def classify(self, captions: Sequence[str], features: NDArray[np.float32]) -> list[Category]:
        """One result for each caption, with its features (n, 768) from the encoder.

        Method: softmax over a weighted sum of a logistic regression's logits, the best centred cosine similarity to a
        category's prompts, and the logarithm of how many telling words, hashtags and emoji of it the caption holds; head
        and weights are fitted on captions of our own writing (the card tells which).
        """
        evidence = [read_evidence(caption) for caption in captions]
        probabilities = self._prompts.probabilities(features, evidence)
        return [
            category_from(row, found) if found.words_count or found.hits else NOTHING
            for row, found in zip(probabilities.tolist(), evidence, strict=True)
        ]


class PromptVectors:
    """The prompts' vectors, a linear head, and the fitted weights that turn them and telling words into probabilities."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        """Read category.safetensors; raises ModelArtefactMissing when it is absent or other prompts were encoded."""
        from safetensors import SafetensorError, safe_open

        path = folder / "category.safetensors"
        remedy = "make it with `python -m deployments.training.category --data DIR`"
        names = ("prompts", "mean", "head.weight", "head.bias")
        try:
            with safe_open(path, framework="numpy") as file:
                notes = file.metadata()
                self._vectors, self._mean, self._head, self._bias = (
                    file.get_tensor(name).astype(np.float32) for name in names
                )
        except (OSError, SafetensorError) as error:
            raise ModelArtefactMissing(
                f"The category prompts cannot be read ({error}); {remedy}", path=str(path)
            ) from error
        if notes["prompts"] != prompts_digest():
            raise ModelArtefactMissing(
                f"The category prompts changed since they were encoded; {remedy}", path=str(path)
            )
        assert self._head.shape == (FEATURES, len(CATEGORIES)), self._head.shape
        self._weights = json.loads(notes["weights"])

    def probabilities(self, features: NDArray[np.float32], evidence: Sequence[Evidence]) -> NDArray[np.float32]:
        """Calibrated probabilities, (n, 23), in the order of CATEGORIES."""
        result: NDArray[np.float32] = softmax(weigh(self._weights, self.scores(features, evidence)), axis=1)
        return result

    def topic_logits(self, features: NDArray[np.float32], evidence: Sequence[Evidence]) -> NDArray[np.float32]:
        """log(P(category) * P(topic within it)) of each topic of TOPICS, (n, topics); similarity and words tell the latter."""
        counts = np.zeros((len(evidence), len(TOPICS)), dtype=np.float32)
        for row, found in enumerate(evidence):
            for topic in found.hits.values():
                counts[row, topic] += 1
        inside = weigh(
            {name: self._weights[name] for name in ("similarity", "words")},
            {"similarity": self._topic_similarities(features) * damping(evidence), "words": np.log1p(counts)},
        )
        result: NDArray[np.float32] = log_softmax(weigh(self._weights, self.scores(features, evidence)), axis=1)[
            :, _TOPIC_CATEGORY
        ].astype(np.float32)
        for number in range(len(CATEGORIES)):
            own = number == _TOPIC_CATEGORY
            result[:, own] += log_softmax(inside[:, own], axis=1)
        return result

    def scores(self, features: NDArray[np.float32], evidence: Sequence[Evidence]) -> dict[str, NDArray[np.float32]]:
        """What is weighed, each (n, 23): the head's logits and the prompts' similarities, damped for short captions, and words."""
        return {
            "head": (features @ self._head + self._bias) * damping(evidence),
            "similarity": self.similarities(features, evidence),
            "words": word_scores(evidence),
        }

    def similarities(self, features: NDArray[np.float32], evidence: Sequence[Evidence]) -> NDArray[np.float32]:
        """The best centred cosine similarity to each category's prompts, damped for short captions, (n, 23)."""
        by_topic = self._topic_similarities(features)
        best = [by_topic[:, number == _TOPIC_CATEGORY].max(axis=1) for number in range(len(CATEGORIES))]
        return np.stack(best, axis=1) * damping(evidence)

    def _topic_similarities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The best centred cosine similarity to each topic's prompts, (n, topics)."""
        centred = features[:, :WIDTH] - self._mean
        centred /= np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9
        cosines = centred @ self._vectors.T
        return np.maximum.reduceat(cosines, _TOPIC_STARTS, axis=1)


def weigh(weights: dict[str, float], scores: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """The weighted sum of scores by name: logits of the scores' shape."""
    result: NDArray[np.float32] = np.sum([weights[name] * score for name, score in scores.items()], axis=0)
    return result


_TOPIC_CATEGORY = np.array([CATEGORIES.index(prompt.category) for prompt in TOPICS])
_TOPIC_STARTS = np.cumsum([0, *(len(prompt.sentences) for prompt in TOPICS)])[:-1]
NOTHING = Category(UNCATEGORISED, 0.0, reason="no words, hashtags or telling emoji to judge")


def category_from(probabilities: list[float], evidence: Evidence) -> Category:
    """The result for probabilities in the order of CATEGORIES."""
    order = sorted(range(len(CATEGORIES)), key=lambda number: -probabilities[number])
    label = CATEGORIES[order[0]]
    telling = tuple(word for word, topic in evidence.hits.items() if TOPICS[topic].category == label)
    runners_up = tuple(
        LabelProbability(CATEGORIES[number], probabilities[number]) for number in order[1 : RUNNERS_UP + 1]
    )
    return Category(label, probabilities[order[0]], runners_up, telling)


def damping(evidence: Sequence[Evidence]) -> NDArray[np.float32]:
    """How far a caption's vector counts, (n, 1): half for two words, since one or two of them are placed at random."""
    counts = np.array([found.words_count for found in evidence], dtype=np.float32)[:, None]
    factors: NDArray[np.float32] = counts / (counts + HALF_TRUSTED_WORDS)
    return factors


def word_scores(evidence: Sequence[Evidence]) -> NDArray[np.float32]:
    """log(1 + number of telling words) of each category, (n, 23)."""
    counts = np.zeros((len(evidence), len(CATEGORIES)), dtype=np.float32)
    for row, found in enumerate(evidence):
        for topic in found.hits.values():
            counts[row, _TOPIC_CATEGORY[topic]] += 1
    return np.log1p(counts)


def prompts_digest() -> str:
    """A digest of the prompts' sentences, to tell whether encoded ones are theirs."""
    text = "\n".join(sentence for prompt in TOPICS for sentence in prompt.sentences)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class CategoryDeployment:
    """Takes features from the shared encoder, which batches the callers; the rest is light."""

    def __init__(self, encoder: DeploymentHandle[Any]) -> None:
        self._encoder = encoder
        self._model = CategoryModel()

    async def __call__(self, captions: list[str]) -> list[Category]:
        """One result for each caption, in order."""
        features = await self._encoder.features.remote(captions)
        return await asyncio.to_thread(self._model.classify, captions, features)

    async def identity(self) -> ModelIdentity:
        """Which artefacts make the results."""
        return self._model.identity
