"""Lenient readers of single JSON values: anything may come in; what goes out is clean or None."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from cluster.errors import InvalidUsername, UpstreamMalformed
from cluster.records import parse_username

JSON_DEPTH_MAX = 64
JSON_INT_BITS = 63  # wider whole numbers are kept as text: few JSON writers take them
COUNT_MAX = 2**63 - 1  # a bigint
URL_CHARS_MAX = 4_096
TAGS_MAX = 200  # hashtags, mentions or tags of one post
CLOCK_SKEW = timedelta(minutes=10)  # how far ahead another clock may run before its times count as future
INSTAGRAM_LAUNCH = datetime(2010, 10, 6, tzinfo=UTC)
_EPOCH_MS_FROM = 10**11  # as seconds this would be the year 5138

_SURROGATES = re.compile("[\ud800-\udfff]")
_WHOLE_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,19})(?:\.0+)?")
_POST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TAG_RUN = re.compile(r"(?<![\w&/])(?:[##][^\s##]+)+")
_MENTION = re.compile(r"(?<![\w.@/])[@@]([A-Za-z0-9_.]{1,31})")
_JOINERS = "\u200c\u200d"  # Persian and Hindi words hold them
_EMOJI_MARKS = "\ufe0e\ufe0f\u20e3"  # combining marks that only pictures carry


def clean_json(value: Any, *, depth: int = 0) -> Any:
    """The same JSON in a form that Postgres and every JSON writer take.

    Drops NUL characters, replaces lone surrogates by U+FFFD, turns infinities and NaN into null and whole numbers past
    64 bits into text. Raises UpstreamMalformed when it nests deeper than JSON_DEPTH_MAX.
    """
    if depth > JSON_DEPTH_MAX:
        raise UpstreamMalformed("The JSON nests too deeply.", depth_max=JSON_DEPTH_MAX)
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_json(inner, depth=depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(inner, depth=depth + 1) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and value.bit_length() > JSON_INT_BITS:
        return hex(value)  # decimal text of a huge number costs quadratic time
    return value


def clean_text(text: str) -> str:
    """Text without NUL characters and lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "")
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A JSON array, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def first(item: dict[str, Any], *names: str) -> Any:
    """The first of these keys that holds something other than null."""
    for name in names:
        value = item.get(name)
        if value is not None:
            return value
    return None


def text(value: Any, chars_max: int) -> str | None:
    """Cleaned text, cut at chars_max; None for everything else."""
    return clean_text(value)[:chars_max] if isinstance(value, str) else None


def count(value: Any) -> int | None:
    """A number of things: None for negative (Instagram's sign for hidden), fractional or absurd ones."""
    if isinstance(value, str):
        match = _WHOLE_NUMBER.fullmatch(value.strip())
        value = int(match[1].replace(",", "")) if match and value.isascii() else None
    elif isinstance(value, float):
        value = int(value) if math.isfinite(value) and value.is_integer() else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COUNT_MAX:
        return None
    return value


def flag(value: Any) -> bool | None:
    """A truth value; CSV and some scrapers write it as text."""
    if isinstance(value, str):
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
            value.strip().lower()
        )
    if isinstance(value, bool):
        return value
    return bool(value) if value in (0, 1) else None


def moment(value: Any, now: datetime | None = None) -> datetime | None:
    """A time in UTC from ISO 8601 text or seconds (or milliseconds) since 1970.

    None when it cannot be read, lies in the future or before Instagram existed. Text without a zone is UTC.
    """
    if isinstance(value, str):
        stamp = _from_text(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        stamp = _from_epoch(value)
    else:
        stamp = None
    latest = (now or datetime.now(UTC)) + CLOCK_SKEW
    return stamp if stamp is not None and INSTAGRAM_LAUNCH <= stamp <= latest else None


def _from_text(value: str) -> datetime | None:
    if value.isascii() and value.isdecimal() and len(value) <= 16:
        return _from_epoch(int(value))
    try:
        stamp = datetime.fromisoformat(value)
        return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _from_epoch(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds >= _EPOCH_MS_FROM else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def url(value: Any) -> str | None:
    """An http or https address of at most URL_CHARS_MAX characters."""
    if not isinstance(value, str) or len(value) > URL_CHARS_MAX:
        return None
    cleaned = clean_text(value).strip()
    has_scheme = cleaned.lower().startswith(("http://", "https://"))
    return cleaned if has_scheme and cleaned.isprintable() and " " not in cleaned else None


def username(value: Any) -> str | None:
    """A canonical username, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        return parse_username(str(value) if isinstance(value, str) or 0 <= value <= COUNT_MAX else "")
    except InvalidUsername:
        return None


def usernames(values: Any) -> tuple[str, ...]:
    """Canonical usernames in order, each once, from a list of names or of objects with a username."""
    names = (username(value.get("username") if isinstance(value, dict) else value) for value in sequence(values))
    return _distinct(name for name in names if name)


def post_id(value: Any) -> str | None:
    """The id or short code of a post."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int):
        return str(value) if 0 <= value <= COUNT_MAX else None
    return value.strip() if _POST_ID.fullmatch(value.strip()) else None


def hashtags(values: Any, caption: str | None) -> tuple[str, ...]:
    """The source's list of hashtags, or else those of the caption: lower-case, without #, each once."""
    given = [_tag((text(value, URL_CHARS_MAX) or "").replace("#", "#").lstrip("#")) for value in sequence(values)]
    in_caption = (_tag(word) for run in _TAG_RUN.findall(caption or "") for word in re.split("[##]", run))
    return _distinct([tag for tag in given if tag] or [tag for tag in in_caption if tag])


def mentions(values: Any, caption: str | None) -> tuple[str, ...]:
    """The source's list of mentioned usernames, or else those of the caption: lower-case, without @, each once."""
    given = [name for name in (username(value) for value in sequence(values)) if name]
    return _distinct(given or [name for name in map(_mentioned, _MENTION.findall(caption or "")) if name])


def _tag(word: str) -> str | None:
    """The hashtag at the start of a word: letters of any script with their marks, digits, underscores."""
    end = next((place for place, character in enumerate(word) if not _is_in_tag(character)), len(word))
    tag = word[:end].strip(_JOINERS).lower()
    return tag if any(map(str.isalpha, tag)) else None


def _is_in_tag(character: str) -> bool:
    if character == "_" or character in _JOINERS:
        return True
    return unicodedata.category(character)[0] in "LMN" and character not in _EMOJI_MARKS


def _mentioned(name: str) -> str | None:
    return username(name.rstrip("."))


def _distinct(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:TAGS_MAX]
