"""What Postgres can hold of what the world sends: text without NUL and lone surrogates, 64-bit counts, finite JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import UTC, date, datetime
from typing import Any

import orjson

BIGINT_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1
TEXT_CHARS_MAX = 200_000  # twice the longest caption that was ever sent to us
JSON_DEPTH_MAX = 100


def storable_text(text: str) -> str:
    """The text without the two things that Postgres refuses, cut at TEXT_CHARS_MAX."""
    return text.replace("\0", "")[:TEXT_CHARS_MAX].encode(errors="ignore").decode()


def storable_text_or_none(text: str | None) -> str | None:
    """storable_text, where there is one."""
    return None if text is None else storable_text(text)


def storable_count(count: int | None, count_max: int = BIGINT_MAX) -> int | None:
    """A count; None for what cannot be one (negative, or past the column)."""
    return count if count is not None and 0 <= count <= count_max else None


def storable_time(moment: datetime | None) -> datetime | None:
    """The time in UTC, None where that is before the first or after the last year.

    JSON cannot carry every offset: zones of the 19th century differ from UTC by seconds, which orjson rounds to "-06:60".
    """
    try:
        return moment.astimezone(UTC) if moment is not None else None
    except OverflowError:
        return None


def encode_json(value: Any) -> str:
    """JSON text for a json or jsonb column; dataclasses, times and UUIDs are understood, infinities become null."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()
    except TypeError:  # a lone surrogate, or an integer past 64 bits
        return json.dumps(_storable_json(value, 0), ensure_ascii=False, default=_plain)
    if "\\u0000" not in text:
        return text
    return json.dumps(_storable_json(orjson.loads(text), 0), ensure_ascii=False)


def _storable_json(value: Any, depth: int) -> Any:
    if depth > JSON_DEPTH_MAX:
        return None
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {storable_text(str(key)): _storable_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(item, depth + 1) for item in value]
    return value


def _plain(value: Any) -> Any:
    """As orjson writes it: dataclasses as objects, times in ISO 8601, UUIDs as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _storable_json(dataclasses.asdict(value), 0)
    return value.isoformat() if isinstance(value, date) else str(value)
