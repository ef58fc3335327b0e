"""The 23 categories and what belongs to each: brands, emoji, words in usernames, pictures."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

import emoji

from cluster.embedded.simulator.people import TEXTS


@dataclass(frozen=True, slots=True)
class Topic:
    """One category. weight says how many creators choose it; scenes name pictures of pictures.py."""

    name: str
    weight: float
    brands: tuple[str, ...]
    emoji: tuple[str, ...]
    words: tuple[str, ...]
    business: str
    scenes: tuple[str, ...]


@cache
def topics() -> dict[str, Topic]:
    """All categories by name, in the order of the specification."""
    table = tomllib.loads((TEXTS / "topics.toml").read_text(encoding="utf-8"))
    return {
        name: Topic(
            name=name,
            weight=float(row["weight"]),
            brands=tuple(row["brands"]),
            emoji=tuple(emoji.distinct_emoji_list(row["emoji"])),
            words=tuple(row["words"].split()),
            business=row["business"],
            scenes=tuple(row["scenes"].split()),
        )
        for name, row in table.items()
    }


@cache
def topic_words() -> dict[str, str]:
    """Word in a username → category."""
    return {word: topic.name for topic in topics().values() for word in topic.words}
