"""Writing systems of Unicode text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

NO_LETTERS = "Zyyy"  # ISO 15924: undetermined
_CODES = {
    "LATIN": "Latn",
    "ARABIC": "Arab",
    "DEVANAGARI": "Deva",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "HANGUL": "Hang",
    "HIRAGANA": "Hira",
    "KATAKANA": "Kana",
    "CJK": "Hani",
    "THAI": "Thai",
    "BENGALI": "Beng",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "ORIYA": "Orya",
    "SINHALA": "Sinh",
    "LAO": "Laoo",
    "KHMER": "Khmr",
    "MYANMAR": "Mymr",
    "ETHIOPIC": "Ethi",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
}
# Scripts that one living language writes almost alone, so that a single word tells it.
LANGUAGE_OF_SCRIPT = {
    "Grek": "el",
    "Hebr": "he",
    "Hang": "ko",
    "Hira": "ja",
    "Kana": "ja",
    "Thai": "th",
    "Gujr": "gu",
    "Guru": "pa",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Orya": "or",
    "Laoo": "lo",
    "Khmr": "km",
    "Mymr": "my",
    "Sinh": "si",
    "Armn": "hy",
    "Geor": "ka",
}


def script_of(text: str) -> str:
    """The ISO 15924 code of most letters, 'Jpan' where kana and Han stand together, 'Zyyy' without letters."""
    counts = Counter(code for code in map(_script_of_letter, text) if code)
    if not counts:
        return NO_LETTERS
    if counts["Hira"] + counts["Kana"] and counts["Hani"]:
        return "Jpan"
    return counts.most_common(1)[0][0]


@lru_cache(maxsize=20_000)
def _script_of_letter(letter: str) -> str | None:
    if not letter.isalpha():
        return None
    return _CODES.get(unicodedata.name(letter, "").split(" ", 1)[0], "Zzzz")
