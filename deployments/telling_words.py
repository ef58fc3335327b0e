"""Which words, hashtags and emoji of a caption tell its topic."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from deployments.captions import EMAIL, HASHTAG, MENTION, URL, hashtags_of, normalise
from deployments.category_prompts import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

Hits = dict[str, int]  # a word as it stands in the caption, and the number of its topic in TOPICS
HITS_MAX = 32
_PART_LETTERS_MIN = 4  # shorter words are found in hashtags only when they are the whole of it
_TOKEN = re.compile(r"[\w\u0300-\u036f\u0900-\u0dff]+")
_ARTICLES = ("وال", "بال", "كال", "فال", "ال", "لل", "و")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Telling words in order of appearance, hashtags after plain words, emoji last; and how many words and hashtags there are."""

    hits: Hits
    words_count: int


def read_evidence(caption: str) -> Evidence:
    """What of a caption tells its topic; at most 32 hits."""
    text = normalise(caption)
    hashtags = hashtags_of(text)
    for pattern in (URL, EMAIL, MENTION, HASHTAG):
        text = pattern.sub(" ", text)
    tokens = _TOKEN.findall(text.lower())
    hits: Hits = {}
    for word, topic in (*_plain(tokens), *_in_hashtags(hashtags), *_emoji(text)):
        if len(hits) >= HITS_MAX:
            break
        hits.setdefault(word, topic)
    return Evidence(hits, len(tokens) + len(hashtags))


def _plain(tokens: list[str]) -> Iterator[tuple[str, int]]:
    for token in tokens:
        topic = _topic_of(token)
        if topic is not None:
            yield token, topic


def _in_hashtags(hashtags: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for hashtag in hashtags:
        topic = _topic_of(hashtag)
        if topic is None:
            topic = _topic_of_part(hashtag)
        if topic is not None:
            yield f"#{hashtag}", topic


def _emoji(text: str) -> Iterator[tuple[str, int]]:
    for character in text:
        topic = _EMOJI.get(character)
        if topic is not None:
            yield character, topic


@lru_cache(maxsize=50_000)
def _topic_of(token: str) -> int | None:
    """The topic of a whole word, also without an English plural or an Arabic article."""
    folded = _fold(token)
    candidates = [folded, folded.removesuffix("s")]
    candidates += [folded[len(article) :] for article in _ARTICLES if folded.startswith(article)]
    return next((_WORDS[word] for word in candidates if word in _WORDS), None)


@lru_cache(maxsize=50_000)
def _topic_of_part(hashtag: str) -> int | None:
    """The topic of the longest word that a hashtag begins or ends with."""
    folded = _fold(hashtag)
    for length in range(len(folded) - 1, _PART_LETTERS_MIN - 1, -1):
        for part in (folded[:length], folded[-length:]):
            if part in _WORDS:
                return _WORDS[part]
    return None


def _fold(word: str) -> str:
    """Lower case without accents; vowel signs of the Indic scripts stay, since they are part of the word."""
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(letter for letter in parts if not "\u0300" <= letter <= "\u036f")


_WORDS = {
    _fold(word): number
    for number, prompt in reversed(list(enumerate(TOPICS)))
    for word in prompt.words
    if any(map(str.isalnum, word))
}
# Emoji are looked up by their first character, which leaves out skin tone, gender and joined figures.
_EMOJI = {
    word[0]: number
    for number, prompt in reversed(list(enumerate(TOPICS)))
    for word in prompt.words
    if not any(map(str.isalnum, word)) and word[0] not in "👨👩"
}
