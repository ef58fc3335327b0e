"""Language and script of a caption."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ray import serve
from scipy.special import expit

from deployments.captions import hashtag_words, normalise, words_only
from deployments.language_words import (
    BULGARIAN,
    CYRILLIC_OWN,
    INDONESIAN,
    MALAY,
    NEITHER_RUSSIAN_NOR_BULGARIAN,
    ROMANISED,
    RUSSIAN,
    SWAHILI,
    SWAHILI_FORM,
    SWAHILI_SHARED,
    SWAHILI_VERB,
)
from deployments.registry import artefacts_of, card_of, identity_of
from deployments.scripts import LANGUAGE_OF_SCRIPT, NO_LETTERS, script_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployments.scores import ModelIdentity

CALLS_MAX = 256
UNDETERMINED = "und"


@dataclass(frozen=True, slots=True)
class Language:
    """Which language a caption is written in.

    code is ISO 639-1, or 'und' (ISO 639-2) when nothing can be told; confidence is in [0, 1]. script is the ISO 15924
    code of most letters ('Latn', 'Arab', 'Deva', …), 'Zyyy' without letters. reliable says that the text was long and
    distinct enough to build on. reason says why the code is 'und', None otherwise; doubt says what speaks against a code.
    """

    code: str
    confidence: float
    script: str
    reliable: bool
    reason: str | None = None
    doubt: str | None = None


LETTERS_MIN = {"Latn": 4, "Cyrl": 4, "Arab": 3, "Deva": 2, "Hani": 2}  # fewer tell nothing; 1 in other scripts
CONFIDENCE_MIN = 0.3
RELIABLE_MIN = 0.8
_STRONG_HITS_MIN = 1  # words of that language alone, in Latin letters
_HITS_MIN = 2
_HITS_SHARE_MIN = 0.3
_ROMANISED_CONFIDENCE = 0.6
_SWAHILI_SHARE_MIN = 0.5  # of a caption's words
_SWAHILI_LETTERS_MIN = 5  # of a single word
_SWAHILI_CONFIDENCE, _SWAHILI_CONFIDENCE_ONE_WORD = 0.9, 0.6
_SWAHILI_CONFIDENCE_BY_FORM = 0.5  # only where the detector is less sure
_SCORES = 5  # languages that the detector tells: so many are written in Cyrillic letters
_NEVER_LATIN = frozenset(
    {
        "am",
        "ar",
        "be",
        "bg",
        "bn",
        "el",
        "fa",
        "gu",
        "he",
        "hi",
        "hy",
        "ja",
        "ka",
        "kn",
        "ko",
        "lo",
        "ml",
        "mr",
        "or",
        "pa",
        "ru",
        "ta",
        "te",
        "th",
        "uk",
        "ur",
        "zh",
    }
)
_TIE = 0.02  # of two scores
_LETTERS_LACKING = 0.05  # from the score of a Cyrillic language none of whose own letters stands in the text
_NOT_RUSSIAN_BONUS = 0.02  # to Bulgarian's score where nothing of Russian alone stands in the text


class LanguageModel:
    """eldc's n-gram detector behind clean-up, length gates and rules for what its table lacks. Knows nothing of Ray."""

    def __init__(self) -> None:
        """Load; raises ModelArtefactMissing when eldc or the calibration card is not there."""
        import eldc

        self.identity: ModelIdentity = identity_of("language")
        card = card_of("language")
        if not card:
            raise artefacts_of("language")[0].missing("weights/language.json, its calibration, is not there")
        calibration = card["calibration"]
        self._weights = np.array([calibration[name] for name in ("bias", "margin", "score", "log_letters")])
        eldc.init()
        self._detector = eldc.instance()
        self._detector.set_scores(_SCORES)
        self._lock = threading.Lock()  # one instance keeps state between calls

    def predict(self, captions: Sequence[str]) -> list[Language]:
        """One result for each caption, in order; 'und' with a reason where nothing can be told.

        Links, mentions, hashtags and emoji are taken away first; where only hashtags are left, their words are read,
        and never as reliable.
        """
        return [self._detect(normalise(caption)) for caption in captions]

    def _detect(self, text: str) -> Language:
        words = words_only(text)
        from_hashtags = not words
        if from_hashtags:
            words = words_only(hashtag_words(text))
        script = script_of(words)
        letters = sum(map(str.isalpha, words))
        if script == NO_LETTERS:
            return Language(UNDETERMINED, 0.0, script, reliable=False, reason="no words to read")
        if letters < LETTERS_MIN.get(script, 1):
            return Language(UNDETERMINED, 0.0, script, reliable=False, reason=f"only {letters} letters")
        code, confidence, doubt = self._decide(words, script, letters)
        if from_hashtags:
            confidence, doubt = confidence / 2, doubt or "told from hashtags only"
        if confidence < CONFIDENCE_MIN:
            return Language(UNDETERMINED, confidence, script, reliable=False, reason="no language stands out")
        return Language(code, confidence, script, confidence >= RELIABLE_MIN and doubt is None, doubt=doubt)

    def _decide(self, words: str, script: str, letters: int) -> tuple[str, float, str | None]:
        """Code, confidence and what makes it doubtful."""
        if script == "Jpan":
            return "ja", 0.99, None
        if script in LANGUAGE_OF_SCRIPT:
            return LANGUAGE_OF_SCRIPT[script], 0.99, None
        if script == "Latn":
            return self._decide_latin(words, letters)
        return *self._score(words, letters, script), None

    def _decide_latin(self, words: str, letters: int) -> tuple[str, float, str | None]:
        """The same for Latin letters, where words tell what the detector's table lacks."""
        tokens = [token.strip("'’-") for token in words.lower().split()]
        if romanised := _romanised(tokens):
            return romanised, _ROMANISED_CONFIDENCE, f"{romanised} in Latin letters, told by function words"
        if confidence := _swahili(tokens):
            return "sw", confidence, None if confidence >= RELIABLE_MIN else "Swahili, told by a single word"
        code, confidence = self._score(words, letters, "Latn")
        if confidence < _SWAHILI_CONFIDENCE_BY_FORM and _has_swahili_form(tokens):
            return "sw", _SWAHILI_CONFIDENCE_BY_FORM, "Swahili, told by the form of its words"
        if code in _NEVER_LATIN:
            return code, 0.0, None  # letters without words, such as 'xxxx'
        if code == "ms":
            indonesian, malay = (sum(token in known for token in tokens) for known in (INDONESIAN, MALAY))
            # Without a telling word the larger country is the better guess; both are one language to the detector.
            code = "ms" if malay > indonesian else "id"
            return code, confidence, None if malay != indonesian else "Indonesian or Malay, no telling word"
        return code, confidence, None

    def _score(self, words: str, letters: int, script: str) -> tuple[str, float]:
        """The detector's code and the probability that it is right, by logistic regression on its two best scores."""
        with self._lock:
            result = self._detector.detect_details(words)
        scores = result.scores if script != "Cyrl" else _cyrillic(words.lower(), result.scores)
        best, second = [*scores.values(), 0.0, 0.0][:2]
        code = str(next(iter(scores), UNDETERMINED))
        if code == "mr" and best - second < _TIE and "hi" in result.scores:
            code = "hi"  # single shared words: seven times as many people write Hindi
        inputs = np.array([1.0, best - second, best, np.log(letters)])
        return code, float(expit(self._weights @ inputs)) if code != UNDETERMINED else 0.0


def _romanised(tokens: list[str]) -> str | None:
    """'hi' or 'ar' when enough of the words are that language's in Latin letters."""
    for code, (strong, weak) in ROMANISED.items():
        strong_hits = {token for token in tokens if token in strong}
        hits = sum(token in strong or token in weak for token in tokens)
        if len(strong_hits) >= _STRONG_HITS_MIN and hits >= max(_HITS_MIN, _HITS_SHARE_MIN * len(tokens)):
            return code
    return None


def _swahili(tokens: list[str]) -> float:
    """How sure the words are Swahili: 0 where they are not, or too few of them tell."""
    vowels = sum(token.endswith(("a", "e", "i", "o", "u")) for token in tokens)
    telling = sum(token in SWAHILI for token in tokens)
    hits = telling + sum(
        token in SWAHILI_SHARED or (token not in SWAHILI and SWAHILI_VERB.fullmatch(token) is not None)
        for token in tokens
    )
    if min(vowels, hits) < _SWAHILI_SHARE_MIN * len(tokens) or not telling:
        return 0.0
    if len(tokens) == 1 and len(tokens[0]) < _SWAHILI_LETTERS_MIN:
        return 0.0
    return _SWAHILI_CONFIDENCE if hits > 1 else _SWAHILI_CONFIDENCE_ONE_WORD


def _has_swahili_form(tokens: list[str]) -> bool:
    """Whether all words end in a vowel, one has a form of Swahili's, and it or Swahili's words make up half of them."""
    if not all(token.isascii() and token.endswith(("a", "e", "i", "o", "u")) for token in tokens):
        return False
    formed = {token for token in tokens if SWAHILI_FORM.fullmatch(token)}
    known = sum(token in formed or token in SWAHILI or token in SWAHILI_SHARED for token in tokens)
    return bool(formed) and known >= max(2, _SWAHILI_SHARE_MIN * len(tokens))


def _cyrillic(words: str, scores: dict[str, float]) -> dict[str, float]:
    """The detector's scores, best first: less for languages whose letters are lacking, none where another alphabet is."""
    kept = {
        code: score - _LETTERS_LACKING * (not set(CYRILLIC_OWN.get(code, words)) & set(words))
        for code, score in scores.items()
    }
    if NEITHER_RUSSIAN_NOR_BULGARIAN & set(words):
        kept = {code: score for code, score in kept.items() if code not in ("ru", "bg")}
    elif RUSSIAN.search(words):
        kept.pop("bg", None)
    elif BULGARIAN.search(words):
        kept.pop("ru", None)
    elif "bg" in kept:
        kept["bg"] += _NOT_RUSSIAN_BONUS
    return dict(sorted((kept or scores).items(), key=lambda pair: -pair[1]))


@serve.deployment(max_ongoing_requests=CALLS_MAX, max_queued_requests=2 * CALLS_MAX)
class LanguageDeployment:
    """Keeps the event loop free while the detector works; at some 20,000 captions a second there is nothing to batch for."""

    def __init__(self) -> None:
        self._model = LanguageModel()

    async def __call__(self, captions: list[str]) -> list[Language]:
        """One result for each caption, in order."""
        return await asyncio.to_thread(self._model.predict, captions)

    async def identity(self) -> ModelIdentity:
        """Which artefact makes the results."""
        return self._model.identity
