"""Reading stored outcomes: a model's result into a section, or the same section empty with the reason.

A stored outcome is `{"result": … | null, "model": {…} | null, "fallback": bool, "reason": str | null}`. One that is missing,
failed, made by a fallback, or has an older shape degrades its own part of the answer and nothing else.
"""

from __future__ import annotations

import types
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin
from urllib.parse import urljoin

from pydantic import ValidationError

from api.sections.meta import DegradedOut
from api.sections.scores import Explained, ModelOut, Origin, Section, Signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NOT_ANALYSED = "not analysed yet"
UNREADABLE = "the stored result has a form that this version cannot read; refreshing the profile renews it"
NOT_COMPUTED = "not computed"
STOOD_IN = "rules answered in its place"
SOURCE_SILENT = "the source did not tell it"
UNSIGNED = Origin(None)

S = TypeVar("S", bound=Section)


@dataclass(slots=True)
class Gaps:
    """What an answer lacks, collected while it is composed; becomes meta.degraded."""

    _of_posts: dict[str, Counter[str]] = field(default_factory=dict)
    _of_profile: dict[str, str] = field(default_factory=dict)

    def add(self, part: str, reason: str, *, post: bool = False) -> None:
        """Note that one post, or the profile as a whole, lacks a part."""
        if post:
            self._of_posts.setdefault(part, Counter())[reason] += 1
        else:
            self._of_profile.setdefault(part, reason)

    def entries(self) -> tuple[DegradedOut, ...]:
        """One entry for each part; of several reasons the most common one."""
        whole = [DegradedOut(part=part, reason=reason) for part, reason in self._of_profile.items()]
        posts = [
            DegradedOut(part=part, reason=reasons.most_common(1)[0][0], affected=reasons.total())
            for part, reasons in self._of_posts.items()
        ]
        return (*whole, *posts)


@dataclass(frozen=True, slots=True)
class Stored:
    """One model's stored outcome: a result, or why there is none."""

    slot: str
    result: Mapping[str, Any] | None
    origin: Origin
    reason: str

    def read(self, kind: type[S], make: Callable[[Mapping[str, Any]], S], gaps: Gaps, *, post: bool = False) -> S:
        """make(result), or kind with nothing in it and the reason, which then also stands in gaps.

        A fallback's result stands in gaps too: the answer has it, but not from the model.
        """
        reason = self.reason
        if self.result is not None:
            try:
                made = make(self.result)
                if self.origin.fallback:
                    gaps.add(self.slot, f"{reason}; {STOOD_IN}", post=post)
                return made
            except (ValidationError, KeyError, TypeError, ValueError, AttributeError):
                reason = UNREADABLE
        gaps.add(self.slot, reason, post=post)
        return absent(kind, reason, self.origin)


def stored_outcome(analysis: Mapping[str, Any] | None, slot: str) -> Stored:
    """The outcome of one slot, whatever has been stored there."""
    envelope = (analysis or {}).get(slot)
    if envelope is None:
        return Stored(slot, None, UNSIGNED, NOT_ANALYSED)
    try:
        model = ModelOut.model_validate(envelope["model"]) if envelope["model"] else None
        result = envelope["result"]
        origin = Origin(model, bool(envelope["fallback"]))
        if result is not None and not isinstance(result, dict):
            return Stored(slot, None, origin, UNREADABLE)
        return Stored(slot, result, origin, envelope["reason"] or "the model gave no result")
    except (ValidationError, KeyError, TypeError):
        return Stored(slot, None, UNSIGNED, UNREADABLE)


def absent(kind: type[S], reason: str, origin: Origin = UNSIGNED) -> S:
    """An instance of a section in which every value is null (lists are empty, counts are zero) for the given reason.

    So an answer has the same shape whatever is missing.
    """
    values: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        if name in _SIGNATURE:
            continue
        values[name] = _nothing(info.annotation, reason, origin)
    if issubclass(kind, Signed):
        values |= {"model": origin.model, "fallback": origin.fallback, "reason": reason}
    if issubclass(kind, Explained):
        values["method"] = NOT_COMPUTED
    if "reasons" in kind.model_fields:
        values["reasons"] = {name: reason for name, value in values.items() if value is None and name != "model"}
    return kind(**values)


_SIGNATURE = frozenset({"model", "fallback", "reason", "reasons", "method"})


def _nothing(annotation: Any, reason: str, origin: Origin) -> Any:
    """What stands in a field of this type when there is nothing to say."""
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        return None
    if get_origin(annotation) is tuple:
        return ()
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return absent(annotation, reason, origin)
    if annotation in (int, bool):
        return annotation()
    raise TypeError(f"a section's field of type {annotation} cannot be absent")


def origin_of(made: Iterable[Signed]) -> Origin:
    """Who made most of the things that an aggregate is built on; a fallback among them marks the aggregate too."""
    signed = [one for one in made if one.model is not None]
    if not signed:
        return UNSIGNED
    (name, revision, tier), _count = Counter(
        (one.model.name, one.model.revision, one.model.tier) for one in signed if one.model is not None
    ).most_common(1)[0]
    return Origin(ModelOut(name=name, revision=revision, tier=tier), any(one.fallback for one in signed))


def absolute(url: str | None, base_url: str) -> str | None:
    """A picture's address as a browser needs it; keys of the embedded store are paths of this server."""
    return url and urljoin(base_url.rstrip("/") + "/", url)


def reasons_of(fields: Mapping[str, Any], why: Mapping[str, str | None]) -> dict[str, str]:
    """The reasons of those fields that are null."""
    return {name: why.get(name) or SOURCE_SILENT for name, value in fields.items() if value is None}
