"""Sentiment by a lexicon: words and emoji that praise or complain, turned round by negations."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import emoji
import numpy as np
from scipy.special import softmax

from deployments.captions import hashtag_words, normalise, prose_of
from deployments.fallbacks.language import code_of
from deployments.fallbacks.sentiment_words import (
    BEHIND,
    EXCEPTIONS,
    NEGATIONS,
    NEGATIVE,
    NEGATIVE_EMOJI,
    POSITIVE,
    POSITIVE_EMOJI,
)
from deployments.sentiment import LABELS, Sentiment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORDS_MAX = 600  # of a caption; Instagram's 2,200 characters hold fewer
BEFORE, AFTER = 3, 2  # words that a negation reaches
STEM_LETTERS_MIN = 3
# Multinomial logistic regression on evidence_of's numbers, fitted on UMSAB's training part by
# `python -m deployments.training.fallbacks --data DIR`; a row for each label, the last column is the constant.
COEFFICIENTS = np.array(
    [
        [-0.84, 1.23, -0.65, 0.55, -0.14, 0.17],
        [-0.14, -0.32, 0.06, 0.1, -0.16, -0.09],
        [0.98, -0.91, 0.59, -0.65, 0.3, -0.09],
    ]
)
NOTHING = Sentiment("neutral", 0.0, 0.0, "no word or emoji of the sentiment lexicon stands in it")
# \w leaves out the vowel signs of the Indic scripts and of Arabic.
_WORD = r"[\w\u0300-\u036f\u064b-\u0652\u0900-\u0dff]+"
_TOKEN = re.compile(rf"{_WORD}n['’]t\b|{_WORD}|!")
_MARKS = str.maketrans("", "", "'’\u0640")
_ARABIC_ARTICLES = ("وال", "بال", "ال", "و")


def predict(captions: Sequence[str]) -> list[Sentiment]:
    """One result for each caption, in order; one without a word of the lexicon says that it has nothing to judge.

    Method: praising and complaining words (a negation up to three words before turns one round), emoji and exclamation
    marks, counted as logarithms, into a softmax.
    """
    evidence = [evidence_of(caption) for caption in captions]
    return [NOTHING if row is None else _judge(row) for row in evidence]


def evidence_of(caption: str) -> list[float] | None:
    """log(1 + count) of praising words, complaining words, praising emoji, complaining emoji and '!'; None without any."""
    text = normalise(caption)
    praise, complaints, shouts = _count_words(f"{prose_of(text)} {hashtag_words(text)}", code_of(text))
    signs = [found["emoji"][0] for found in emoji.emoji_list(text)]
    happy, unhappy = sum(sign in POSITIVE_EMOJI for sign in signs), sum(sign in NEGATIVE_EMOJI for sign in signs)
    if not praise + complaints + happy + unhappy:
        return None
    return [math.log1p(count) for count in (praise, complaints, happy, unhappy, shouts)]


def _judge(evidence: list[float]) -> Sentiment:
    probabilities: NDArray[np.float64] = softmax(COEFFICIENTS @ np.array([*evidence, 1.0]))
    best = int(probabilities.argmax())
    return Sentiment(LABELS[best], float(probabilities[2] - probabilities[0]), float(probabilities[best]))


def _count_words(text: str, language: str) -> tuple[int, int, int]:
    """How many words praise, complain, and how many exclamation marks there are."""
    tokens = [_fold(token) for token in _TOKEN.findall(text)[:WORDS_MAX]]
    foreign = EXCEPTIONS.get(language, frozenset())
    praise = complaints = 0
    for at, token in enumerate(tokens):
        sign = 0 if token in foreign else _sign_of(token)
        if sign and _is_negated(tokens, at, foreign):
            sign = -sign
        praise += sign > 0
        complaints += sign < 0
    return praise, complaints, tokens.count("!")


def _is_negated(tokens: list[str], at: int, foreign: frozenset[str]) -> bool:
    before = tokens[max(0, at - BEFORE) : at]
    after = tokens[at + 1 : at + 1 + AFTER]
    return any(token in _NEGATIONS and token not in foreign for token in before) or any(
        token in _BEHIND for token in after
    )


@lru_cache(maxsize=50_000)
def _sign_of(token: str) -> int:
    """1 for a word that praises, -1 for one that complains, 0 for others and for words that do both."""
    forms = [token, *(token[len(part) :] for part in _ARABIC_ARTICLES if token.startswith(part))]
    stems = [token[:length] for length in range(STEM_LETTERS_MIN, len(token) + 1)]
    praises, complains = (
        any(form in words for form in forms) or any(stem in starts for stem in stems)
        for words, starts in ((_PRAISE, _PRAISE_STEMS), (_COMPLAINTS, _COMPLAINT_STEMS))
    )
    return praises - complains


def _fold(word: str) -> str:
    """Lower case without accents, apostrophes and Arabic vowel marks; the vowel signs of the Indic scripts stay."""
    parts = unicodedata.normalize("NFD", word.lower().translate(_MARKS))
    return "".join(letter for letter in parts if not ("\u0300" <= letter <= "\u036f" or "\u064b" <= letter <= "\u0652"))


def _folded(words: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Whole words and stems."""
    whole = frozenset(_fold(word) for word in words if not word.endswith("*"))
    return whole, frozenset(_fold(word[:-1]) for word in words if word.endswith("*"))


_PRAISE, _PRAISE_STEMS = _folded(POSITIVE)
_COMPLAINTS, _COMPLAINT_STEMS = _folded(NEGATIVE)
_NEGATIONS, _BEHIND = (frozenset(map(_fold, words)) for words in (NEGATIONS, BEHIND))
