"""Language by the script, then by function words and telling letters."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from deployments.captions import hashtag_words, normalise, words_only
from deployments.fallbacks.language_words import FUNCTION_WORDS, LETTERS
from deployments.language import UNDETERMINED, Language
from deployments.scripts import LANGUAGE_OF_SCRIPT, NO_LETTERS, script_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS_MAX = 600  # of a caption; Instagram's 2,200 characters hold fewer
SURE = 0.99  # of a script that one language writes almost alone
LETTER_WEIGHT = 0.7  # of a word with a telling letter, against a function word that one language has alone
DOUBT = 1.0  # what the best score is weighed against beside the second best, so that one word is not certainty
COMMON = frozenset({"en", "es", "pt", "fr", "de", "it", "ar", "hi", "ru", "id", "tr"})
RARER_WEIGHT = 0.8  # languages outside COMMON win no ties
# Confidence as a function of the best score's share, read off UMSAB's training part: ceiling, slope, middle.
CALIBRATION = (0.96, 12.0, 0.29)
RELIABLE_MIN = 0.9
ALONE = {"Jpan": "ja", "Hani": "zh", "Beng": "bn", "Ethi": "am", **LANGUAGE_OF_SCRIPT}


def predict(captions: Sequence[str]) -> list[Language]:
    """One result for each caption, in order; 'und' with a reason where no function word or letter tells.

    Method: a script that one language writes tells it; in the others each function word counts by how few languages have
    it, and each telling letter likewise. confidence is a logistic curve over best / (best + second + 1).
    """
    return [_detect(normalise(caption)) for caption in captions]


def code_of(text: str) -> str:
    """The ISO code of a normalised caption alone, or 'und'."""
    return _detect(text).code


def _detect(text: str) -> Language:
    words = words_only(text) or words_only(hashtag_words(text))
    script = script_of(words)
    if script == NO_LETTERS:
        return Language(UNDETERMINED, 0.0, script, reliable=False, reason="no words to read")
    if script in ALONE:
        return Language(ALONE[script], SURE, script, reliable=True)
    if script not in FUNCTION_WORDS:
        return Language(UNDETERMINED, 0.0, script, reliable=False, reason="the rules do not know the script")
    scores = _scores(words, script)
    if not scores:
        reason = "no function word tells the language"
        return Language(UNDETERMINED, 0.0, script, reliable=False, reason=reason)
    (second, _), (best, code) = [(0.0, UNDETERMINED), *sorted((score, code) for code, score in scores.items())][-2:]
    ceiling, slope, middle = CALIBRATION
    confidence = ceiling / (1.0 + math.exp(-slope * (best / (best + second + DOUBT) - middle)))
    return Language(code, confidence, script, confidence >= RELIABLE_MIN, doubt="told by function words alone")


def _scores(words: str, script: str) -> dict[str, float]:
    scores: dict[str, float] = {}
    for token in words.lower().split()[:WORDS_MAX]:
        for code, weight in _weights(token.strip("'’-").replace("’", "'"), script):
            scores[code] = scores.get(code, 0.0) + weight
    return scores


@lru_cache(maxsize=50_000)
def _weights(token: str, script: str) -> tuple[tuple[str, float], ...]:
    """What a word says for each language: a share of one where it is theirs, of LETTER_WEIGHT for its letters."""
    weights: dict[str, float] = {}
    owners = [code for code, known in FUNCTION_WORDS[script].items() if token in known]
    for code in owners:
        weights[code] = 1.0 / len(owners)
    letters = [code for code, known in LETTERS[script].items() if any(letter in known for letter in token)]
    for code in letters:
        weights[code] = weights.get(code, 0.0) + LETTER_WEIGHT / len(letters)
    return tuple((code, weight if code in COMMON else RARER_WEIGHT * weight) for code, weight in weights.items())
