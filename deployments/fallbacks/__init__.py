"""Rules that answer for a caption's model when it fails, is late or answers nonsense: no weights, no network, no state.

They are poorer than the models, so each answer is marked, names the rules that made it, and is replaced by the model's at
the next repair. What rules cannot judge stays empty with a reason. Pictures and whole creators have no fallback.
"""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.scores import ModelIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TIER = "fallback"
REVISION_DIGITS = 12
_FOLDER = Path(__file__).parent
# The rules use each other, so a change of any is a new revision of all; two also read the category model's words.
_SOURCES = tuple(sorted(_FOLDER.glob("*.py")))
_CATEGORY_SOURCES = (_FOLDER.parent / "category_prompts.py", _FOLDER.parent / "telling_words.py")
_READ_CATEGORIES = frozenset({"category", "advanced_nlp"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What is told of a slot's rules."""

    name: str
    method: str
    known_failures: tuple[str, ...]


RULES = {
    "sentiment": Rules(
        "sentiment-lexicon",
        "words and emoji that praise or complain, in eleven languages, turned round by negations; softmax of their counts",
        (
            "about half of all captions hold no word of the lexicon and stay without a sentiment",
            "irony, and words that praise in one context and complain in another",
        ),
    ),
    "language": Rules(
        "function-words",
        "script, function words and telling letters, 52 languages",
        ("captions without a function word stay undetermined", "near languages such as Danish and Norwegian"),
    ),
    "category": Rules(
        "telling-words",
        "telling words, hashtags and emoji of 23 categories; softmax of their counts",
        ("a caption that names its subject in other words stays without a category",),
    ),
    "advanced_nlp": Rules(
        "caption-rules",
        "patterns for hashtags, mentions, links, sponsorship, calls to action and questions; topics by telling words",
        ("no emotion, toxicity or entities", "keywords are telling words of known topics only"),
    ),
}


@dataclass(frozen=True, slots=True)
class Fallback:
    """The rules of one slot: predict gives one result for each caption, in order, of the model's own type."""

    identity: ModelIdentity
    predict: Callable[[Sequence[str]], Sequence[Any]]


@cache
def fallback_of(slot: str) -> Fallback | None:
    """The rules that stand in for a slot's model; None where there are none."""
    if slot not in RULES:
        return None
    return Fallback(identity_of_fallback(slot), importlib.import_module(f"{__name__}.{slot}").predict)


def identity_of_fallback(slot: str) -> ModelIdentity:
    """How the rules of a slot in RULES sign their results; the revision is a digest of their sources."""
    sources = (*_SOURCES, *_CATEGORY_SOURCES) if slot in _READ_CATEGORIES else _SOURCES
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    return ModelIdentity(RULES[slot].name, digest[:REVISION_DIGITS], TIER)


def card_of_fallback(slot: str) -> dict[str, Any] | None:
    """What a slot's card tells of its rules, without their quality; None where there are none."""
    return {**asdict(identity_of_fallback(slot)), **asdict(RULES[slot])} if slot in RULES else None
