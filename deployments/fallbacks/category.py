"""Category by telling words, hashtags and emoji alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from deployments.category import CATEGORIES, RUNNERS_UP, UNCATEGORISED, Category, LabelProbability
from deployments.category_prompts import TOPICS
from deployments.telling_words import read_evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.telling_words import Evidence

# Fitted on the development captions by `python -m deployments.training.fallbacks --data DIR`.
WORDS_WEIGHT = 6.68
NOTHING = Category(UNCATEGORISED, 0.0, reason="no word, hashtag or emoji in it tells a category")


def predict(captions: Sequence[str]) -> list[Category]:
    """One result for each caption, in order; UNCATEGORISED with a reason where no word tells.

    Method: softmax over WORDS_WEIGHT * log(1 + telling words of the category).
    """
    return [_judge(read_evidence(caption)) for caption in captions]


def _judge(evidence: Evidence) -> Category:
    counts = Counter(TOPICS[topic].category for topic in evidence.hits.values())
    if not counts:
        return NOTHING
    probabilities = softmax(WORDS_WEIGHT * np.log1p([counts[label] for label in CATEGORIES])).tolist()
    ranked = sorted(zip(CATEGORIES, probabilities, strict=True), key=lambda pair: -pair[1])
    label, confidence = ranked[0]
    runners_up = tuple(LabelProbability(*pair) for pair in ranked[1 : RUNNERS_UP + 1] if counts[pair[0]])
    telling = tuple(word for word, topic in evidence.hits.items() if TOPICS[topic].category == label)
    return Category(label, confidence, runners_up, telling)
