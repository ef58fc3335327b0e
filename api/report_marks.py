"""The report's marks: bars, sparklines, heat lines and numbers. All can be read without colour; none ever shows NaN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.sections.scores import ScoreOut

ABSENT = "–"
GOOD, FAIR, BAD, QUIET, ACCENT = "green", "yellow", "red", "bright_black", "cyan"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_HEAT = "·░▒▓█"
EXACT_BELOW = 9_999.5
_UNITS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


def bar(share: float, width: int, style: str = ACCENT) -> Text:
    """A bar of a share in [0, 1], to an eighth of a column."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[part] if part else "")
    return Text.assemble((filled, style), ("·" * (width - len(filled)), QUIET))


def interval_bar(share: float, interval: tuple[float, float] | None, width: int, style: str = ACCENT) -> Text:
    """A bar of a share with its interval: solid up to the interval's low end, dark up to the value, light up to the high end."""
    if interval is None:
        return bar(share, width, style)
    low, value, high = (round(min(max(at, 0.0), 1.0) * width) for at in (interval[0], share, interval[1]))
    low, high = min(low, value), max(high, value)
    return Text.assemble(
        ("█" * low, style), ("▓" * (value - low), style), ("░" * (high - value), style), ("·" * (width - high), QUIET)
    )


def signed_bar(value: float, limit: float, width: int) -> Text:
    """A bar to the left (negative) or right (positive) of an axis; limit is the value that fills a side."""
    side = width // 2
    length = min(side, math.ceil(abs(value) / limit * side - 1e-9)) if limit > 0 else 0
    if value < 0:
        return Text.assemble(" " * (side - length), ("█" * length, BAD), ("│", QUIET), " " * side)
    return Text.assemble(" " * side, ("│", QUIET), ("█" * length, GOOD), " " * (side - length))


def sparkline(values: Sequence[float | None], style: str = ACCENT) -> Text:
    """One column for each value, lowest to highest; a dot where there is none."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    span = high - low
    line = Text()
    for value in values:
        if value is None:
            line.append("·", QUIET)
        else:
            level = round((value - low) / span * (len(_LEVELS) - 1)) if span else len(_LEVELS) // 2
            line.append(_LEVELS[level], style)
    return line


def heat(share: float, largest: float, width: int, style: str = ACCENT) -> Text:
    """One cell of a heat line: the darker, the nearer to the largest share."""
    level = math.ceil(share / largest * (len(_HEAT) - 1)) if largest > 0 else 0
    return Text(_HEAT[level] * width, style if level else QUIET)


def compact(number: float | None) -> str:
    """48200 → 48.2K; up to four digits stand as they are."""
    if number is None:
        return ABSENT
    if abs(number) < EXACT_BELOW:
        return f"{number:,.0f}"
    unit, letter = next((unit, letter) for unit, letter in _UNITS if abs(number) >= unit * 0.99995 or unit == 1_000)
    return f"{number / unit:.1f}".removesuffix(".0") + letter


def percent(share: float | None, digits: int = 0) -> str:
    """0.034 → 3.4 % with one digit."""
    return ABSENT if share is None else f"{100 * share:.{digits}f} %"


def spread(score: ScoreOut, scale: float = 1.0, digits: int = 0, unit: str = "") -> str:
    """How far to trust a score, in words: its interval, or its confidence."""
    if score.interval is not None:
        low, high = (f"{scale * end:.{digits}f}" for end in score.interval)
        return f"{low} to {high}{unit}"
    if score.confidence is not None:
        return f"{percent(score.confidence)} sure"
    return ""


def grade(value: float, *, high_is_good: bool = True) -> str:
    """The colour of a value from 0 to 100."""
    value = value if high_is_good else 100 - value
    return GOOD if value >= 65 else FAIR if value >= 40 else BAD


def plain(text: str | None) -> str:
    """Foreign text on one line, without anything that could steer a terminal or turn its writing direction."""
    words = " ".join((text or "").split())
    return "".join(sign for sign in words if sign.isprintable())


def quiet(text: str) -> Text:
    """A remark beside a number."""
    return Text(text, "dim")
