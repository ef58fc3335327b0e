"""Keywords of a caption: YAKE (Campos et al., 2020), which needs one text and a list of stop words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYWORDS_MAX = 8
WORDS_PER_KEYWORD_MAX = 2
# Languages whose stop words yake carries, under its own names.
_SAME_NAME = "ar bg da de el en es et fa fi fr hi hr hu hy id it lt lv nl no pl pt ro ru sk sl sv tr uk"
_STOP_WORDS = {code: code for code in _SAME_NAME.split()} | {"cs": "cz", "ms": "id"}
_WITHOUT_SPACES = frozenset({"ja", "zh", "th", "lo", "km", "my"})
_EDGES = " .,;:!?؟،।¿¡\"'“”«»()"
_LETTER = re.compile(r"[^\W\d_]")


class KeywordFinder:
    """One extractor for each language, made when first needed: at most as many as the stop-word lists."""

    def __init__(self) -> None:
        self._extractors: dict[str, Any] = {}

    def find(self, text: str, language: str) -> tuple[str, ...]:
        """Up to eight keywords of prose (links, mentions and hashtags taken out), best first, in lower case.

        Scripts without spaces between words give none: YAKE works on words.
        """
        if language in _WITHOUT_SPACES or not _LETTER.search(text):
            return ()
        scored = self._extractor(language).extract_keywords(text)
        return tuple(
            _without_repeats(keyword.lower().strip(_EDGES) for keyword, _ in scored if _LETTER.search(keyword))
        )

    def _extractor(self, language: str) -> Any:
        import yake

        name = _STOP_WORDS.get(language, "noLang")  # yake's list for unknown languages is empty
        if name not in self._extractors:
            self._extractors[name] = yake.KeywordExtractor(lan=name, n=WORDS_PER_KEYWORD_MAX, top=3 * KEYWORDS_MAX)
        return self._extractors[name]


def _without_repeats(keywords: Iterable[str]) -> list[str]:
    """The first eight, leaving out what only repeats words of better ones."""
    kept: list[str] = []
    seen: set[str] = set()
    for keyword in keywords:
        words = set(keyword.split())
        if not words <= seen:
            kept.append(keyword)
            seen |= words
        if len(kept) == KEYWORDS_MAX:
            break
    return kept
