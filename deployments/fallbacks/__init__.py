"""Rules that answer for a caption's model when it fails, is late or answers nonsense: no weights, no network, no state.

They are poorer than the models, so each answer is marked, names the rules that made it, and is replaced by the model's at
the next repair. What rules cannot judge stays empty with a reason. Pictures and whole creators have no fallback.
"""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.scores import ModelIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TIER = "fallback"
NAMES = {
    "sentiment": "sentiment-lexicon",
    "language": "function-words",
    "category": "telling-words",
    "advanced_nlp": "caption-rules",
}
METHODS = {
    "sentiment": "words and emoji that praise or complain, in eleven languages, turned round by negations",
    "language": "script, function words and telling letters, 52 languages",
    "category": "telling words, hashtags and emoji of 23 categories",
    "advanced_nlp": "patterns for hashtags, mentions, links, sponsorship, calls to action and questions; no emotion, toxicity or entities",
}
REVISION_DIGITS = 12
_FOLDER = Path(__file__).parent
# The rules use each other and the category model's words, so a change of any is a new revision of all.
_SOURCES = (*sorted(_FOLDER.glob("*.py")), _FOLDER.parent / "category_prompts.py", _FOLDER.parent / "telling_words.py")


@dataclass(frozen=True, slots=True)
class Fallback:
    """The rules of one slot: predict gives one result for each caption, in order, of the model's own type."""

    identity: ModelIdentity
    method: str
    predict: Callable[[Sequence[str]], Sequence[Any]]


@cache
def fallback_of(slot: str) -> Fallback | None:
    """The rules that stand in for a slot's model; None where there are none."""
    if slot not in NAMES:
        return None
    rules = importlib.import_module(f"{__name__}.{slot}")
    return Fallback(identity_of_fallback(slot), METHODS[slot], rules.predict)


def identity_of_fallback(slot: str) -> ModelIdentity:
    """How the rules of a slot in NAMES sign their results; the revision is a digest of their sources."""
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in _SOURCES)).hexdigest()
    return ModelIdentity(NAMES[slot], digest[:REVISION_DIGITS], TIER)
