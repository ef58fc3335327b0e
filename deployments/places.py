"""Where a commenter seems to live: flags and place names in comments, and languages that belong to one country."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from deployments.comments import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deployments.facts import CommentFacts, PostFacts

PLACES_FILE = Path(__file__).parent / "data" / "places.tsv.gz"
PLACE_WORDS_MAX = 3
CHARACTERS_MAX = 2_200  # of a text that are read; a caption has no more
# Share of a language's native speakers who live in one country, where that is at least four in five; rounded down from
# Ethnologue's figures of 2023. A commenter in such a language counts for the country with this weight.
LANGUAGE_HOMES = {
    "bg": ("BG", 0.85), "cs": ("CZ", 0.95), "da": ("DK", 0.95), "de": ("DE", 0.80), "el": ("GR", 0.85), "et": ("EE", 0.90),
    "fi": ("FI", 0.90), "he": ("IL", 0.90), "hi": ("IN", 0.95), "hu": ("HU", 0.80), "id": ("ID", 0.95), "is": ("IS", 0.95),
    "it": ("IT", 0.90), "ja": ("JP", 0.95), "ka": ("GE", 0.90), "lt": ("LT", 0.90), "lv": ("LV", 0.90), "no": ("NO", 0.95),
    "pl": ("PL", 0.90), "pt": ("BR", 0.80), "sk": ("SK", 0.90), "sl": ("SI", 0.90), "sv": ("SE", 0.90), "ta": ("IN", 0.85),
    "te": ("IN", 0.95), "th": ("TH", 0.95), "tl": ("PH", 0.90), "tr": ("TR", 0.85), "uk": ("UA", 0.85), "vi": ("VN", 0.95),
}  # fmt: skip
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_LATIN_TO = "\u0250"


def country_of(
    comments: Sequence[tuple[PostFacts, CommentFacts]], in_captions: Mapping[str, frozenset[str]]
) -> tuple[str, float] | None:
    """A commenter's country and the weight of the evidence (1 for a flag or place), or None.

    in_captions holds the countries that each post's caption names, by post id: such a place is about the post, not about the
    commenter, and does not count. Two different countries named equally often cancel each other.
    """
    named: Counter[str] = Counter()
    for post, comment in comments:
        named.update(countries_in(comment.text) - in_captions[post.id])
    if named:
        (first, most), *others = sorted(named.items(), key=lambda item: (-item[1], item[0]))
        return None if others and others[0][1] == most else (first, 1.0)
    homes = Counter(LANGUAGE_HOMES[comment.language] for _, comment in comments if comment.language in LANGUAGE_HOMES)
    if not homes:
        return None
    return min(homes, key=lambda home: (-homes[home], home))


def countries_in(text: str) -> frozenset[str]:
    """Alpha-2 codes of the flags and places in a text; Latin place names count when written with a capital."""
    found: set[str] = {flag for signs in _FLAG.findall(text) if (flag := _letters(signs)) in country_codes()}
    if not text:
        return frozenset(found)
    table = places()
    words = words_of(text[:CHARACTERS_MAX])
    at = 0
    while at < len(words):
        for length in range(min(PLACE_WORDS_MAX, len(words) - at), 0, -1):
            code = table.get(" ".join(words[at : at + length]).casefold())
            if code is not None and (words[at][0] >= _LATIN_TO or words[at][0].isupper()):
                found.add(code)
                at += length - 1
                break
        at += 1
    return frozenset(found)


@lru_cache(maxsize=1)
def places() -> dict[str, str]:
    """Alpha-2 code for each folded place name; read at the first use. Made by deployments/training/name_tables.py."""
    with gzip.open(PLACES_FILE, "rt", encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split("\t") for line in lines)


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """Every alpha-2 code that the table of places knows."""
    return frozenset(places().values())


def _letters(flag: str) -> str:
    return "".join(chr(ord(sign) - 0x1F1E6 + ord("A")) for sign in flag)
