"""Captions: hand-written sentences in many languages, put together as creators do."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cluster.embedded.simulator.people import TEXTS, Country, city_in
from cluster.embedded.simulator.topics import topics

if TYPE_CHECKING:
    from random import Random

CAPTION_LENGTH_MAX = 2_200  # characters, Instagram's own limit
TONES = ("positive", "neutral", "negative")
_NOT_LANGUAGES = frozenset({"countries", "topics"})
_BOLD = str.maketrans(
    {chr(ord(first) + step): chr(base + step) for first, base in (("A", 0x1D5D4), ("a", 0x1D5EE)) for step in range(26)}
)
_LONG_SHARE = 0.03  # of the captions that use nearly all the room there is


@dataclass(frozen=True, slots=True)
class TopicPhrases:
    """What is said about one category in one language."""

    role: str
    tones: dict[str, tuple[str, ...]]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrases:
    """All sentences of one language; generic holds the lists that fit any category."""

    language: str
    generic: dict[str, tuple[str, ...]]
    topics: dict[str, TopicPhrases]


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption with what was put into it. hashtags and mentions come without their sign."""

    text: str
    language: str
    second_language: str | None
    tone: str
    sponsor: str | None
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaptionPlan:
    """What a caption shall be.

    turn says which of the subject's sentences leads, so that a creator does not say the same thing post after post.
    """

    category: str
    language: str
    second_language: str | None
    tone: str
    sponsored: bool
    country: Country
    friends: tuple[str, ...]
    turn: int = 0
    short: bool = False


@cache
def languages() -> tuple[str, ...]:
    """The ISO codes that captions are written in."""
    return tuple(sorted(path.stem for path in TEXTS.glob("*.toml") if path.stem not in _NOT_LANGUAGES))


@cache
def phrases(language: str) -> Phrases:
    """The sentences of a language; raises FileNotFoundError for one that nobody wrote."""
    table: dict[str, Any] = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    about = {
        name: TopicPhrases(
            role=row["role"],
            tones={tone: tuple(row[tone]) for tone in TONES},
            tags=tuple(row["tags"].split()),
        )
        for name, row in table.items()
        if isinstance(row, dict)
    }
    generic = {name: tuple(lines) for name, lines in table.items() if not isinstance(lines, dict)}
    return Phrases(language, generic, about)


def compose(plan: CaptionPlan, rng: Random) -> Caption:
    """A caption of natural sentences: opener, subject, remark, question or call, sponsorship, mentions, hashtags."""
    texts = phrases(plan.language)
    slots = _slots(plan, rng)
    lines = [_body(plan, texts, rng)]
    if plan.second_language is not None:
        lines.append(_body(plan, phrases(plan.second_language), rng))
    mentions: list[str] = []
    if not plan.short:
        lines += _extras(texts, rng)
    if plan.friends and rng.random() < 0.22 and not plan.short:
        mentions.append(slots["friend"])
        lines.append(f"{rng.choice(('w/', '📸', 'ft.', '🤍'))} @{slots['friend']}")
    sponsor = slots["brand"] if plan.sponsored else None
    if sponsor is not None:
        mark = rng.choice(texts.generic["sponsored"])
        position = 0 if rng.random() < 0.4 else len(lines)
        lines.insert(position, mark if "{brand}" in mark else f"{mark} @{{brand}}")
        mentions.append(sponsor)
    text = "\n".join(lines).replace("{brand}", "@{brand}").replace("@@", "@").format(**slots)
    tags = _tags(plan, texts, rng)
    text = _decorate(text, plan, rng) + ("\n\n" + " ".join(f"#{tag}" for tag in tags) if tags else "")
    return Caption(
        text=text[:CAPTION_LENGTH_MAX],
        language=plan.language,
        second_language=plan.second_language,
        tone=plan.tone,
        sponsor=sponsor,
        hashtags=tags,
        mentions=tuple(dict.fromkeys(mentions)),
    )


def _slots(plan: CaptionPlan, rng: Random) -> dict[str, str]:
    brand = rng.choice(topics()[plan.category].brands)
    return {
        "place": city_in(plan.country, plan.language, rng),
        "friend": rng.choice(plan.friends) if plan.friends else brand,
        "brand": brand,
        "n": str(rng.randrange(2, 8)),
        "url": f"https://www.{brand.replace('.', '-').replace('_', '-')}.example/{rng.choice(('blog', 'shop', 'guide'))}",
    }


def _body(plan: CaptionPlan, texts: Phrases, rng: Random) -> str:
    about = texts.topics[plan.category].tones[plan.tone]
    sentences = [about[plan.turn % len(about)]]
    if plan.short:
        return sentences[0]
    is_repeat = plan.turn >= len(about)
    if rng.random() < _LONG_SHARE:
        neutral = texts.topics[plan.category].tones["neutral"]
        pool = list(dict.fromkeys((*about, *neutral, *texts.generic[plan.tone], *texts.generic["details"])))
        sentences += [line for line in rng.sample(pool, len(pool)) if line not in sentences]
    elif is_repeat or rng.random() < 0.4:
        sentences += rng.sample(texts.generic["details"], rng.randrange(1, 3))
    if rng.random() < 0.45:
        sentences.append(rng.choice(texts.generic[plan.tone]))
    if rng.random() < 0.2:
        sentences.insert(0, rng.choice(texts.generic["openers"]))
    return " ".join(dict.fromkeys(sentences))


def _extras(texts: Phrases, rng: Random) -> list[str]:
    chances = (("questions", 0.3), ("calls", 0.28), ("links", 0.1))
    return [rng.choice(texts.generic[name]) for name, chance in chances if rng.random() < chance]


def _tags(plan: CaptionPlan, texts: Phrases, rng: Random) -> tuple[str, ...]:
    if rng.random() < 0.15:
        return ()
    pool = texts.topics[plan.category].tags
    return tuple(rng.sample(pool, min(len(pool), rng.randrange(1, 3 if plan.short else 7))))


def _decorate(text: str, plan: CaptionPlan, rng: Random) -> str:
    signs = {
        "positive": ("😍", "❤️", "🥰", "🎉", "🙏"),
        "neutral": ("👇", "👉", "🗓️"),
        "negative": ("😔", "💔", "😢", "😤"),
    }
    pool = (*topics()[plan.category].emoji, *signs[plan.tone])
    if rng.random() < 0.7:
        lines = text.split("\n")
        lines[0] += " " + "".join(rng.choices(pool, k=rng.randrange(1, 4)))
        text = "\n".join(lines)
    if rng.random() < 0.04:  # the bold mathematical letters of caption generators
        head, _, tail = text.partition("\n")
        text = f"{head.translate(_BOLD)}\n{tail}" if "@" not in head and "#" not in head else text
    return text
