"""Flesch's reading ease and its published variants."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

WORDS_MIN = 20  # below, one long word moves the score by tens of points


@dataclass(frozen=True, slots=True)
class Readability:
    """How easily the caption reads; only for languages with a published formula and texts long enough for it.

    score is a Flesch reading ease (higher is easier, about 0 to 100), formula names the language's variant and paper.
    """

    score: float
    formula: str
    words_count: int
    sentences_count: int


# language: constant, weight of words per sentence, weight of syllables per word, paper
_FORMULAS = {
    "en": (206.835, 1.015, 84.6, "Flesch 1948"),
    "de": (180.0, 1.0, 58.5, "Amstad 1978"),
    "es": (206.84, 1.02, 60.0, "Fernández Huerta 1959"),
    "fr": (207.0, 1.015, 73.6, "Kandel & Moles 1958"),
    "it": (206.0, 1.0, 65.0, "Franchina & Vacca 1986"),
    "pt": (248.835, 1.015, 84.6, "Martins et al. 1996"),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+(?:\s|\Z)|\n+")
_VOWELS = re.compile(r"[aeiouyœæ]+")
_SILENT_E = re.compile(r"[^aeiouyl]e[sd]?\Z|[aeiouy]le[sd]?\Z")


def readability_of(text: str, language: str) -> Readability | None:
    """The reading ease of prose (links, mentions and hashtags taken out); None without a formula or under 20 words.

    Syllables are counted as groups of vowels, an English final silent e left out: an estimate, within a few points.
    """
    formula = _FORMULAS.get(language)
    words = _WORD.findall(text)
    if formula is None or len(words) < WORDS_MIN:
        return None
    sentences = sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))
    syllables = sum(_syllables(word, language) for word in words)
    constant, per_sentence, per_word, paper = formula
    score = constant - per_sentence * len(words) / sentences - per_word * syllables / len(words)
    return Readability(round(score, 1), paper, len(words), sentences)


def _syllables(word: str, language: str) -> int:
    plain = "".join(
        letter for letter in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(letter)
    )
    groups = len(_VOWELS.findall(plain))
    if language == "en" and groups > 1 and _SILENT_E.search(plain):
        groups -= 1
    return max(1, groups)
