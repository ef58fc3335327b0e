"""Countries and the people in them: names, cities, time zones, and usernames as commenters have them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from unidecode import unidecode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

TEXTS = Path(__file__).parent / "texts"
_FLAG_A = 0x1F1E6  # REGIONAL INDICATOR SYMBOL LETTER A


@dataclass(frozen=True, slots=True)
class Country:
    """A country as the simulator knows it. languages maps ISO codes to shares that sum to one."""

    code: str
    name: str
    weight: float
    utc_offset_h: float
    languages: Mapping[str, float]
    female: tuple[str, ...]
    male: tuple[str, ...]
    surnames: tuple[str, ...]
    cities: tuple[str, ...]
    native: tuple[str, ...]  # the cities in the script of the first language, or empty

    @property
    def flag(self) -> str:
        return "".join(chr(_FLAG_A + ord(letter) - ord("A")) for letter in self.code)

    @property
    def main_language(self) -> str:
        return max(self.languages, key=lambda code: self.languages[code])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who comments or is tagged."""

    username: str
    full_name: str
    country: str
    gender: str


@cache
def countries() -> dict[str, Country]:
    """All countries by their ISO 3166 code."""
    table = tomllib.loads((TEXTS / "countries.toml").read_text(encoding="utf-8"))
    return {code: _country(code, row) for code, row in table.items()}


@cache
def given_names() -> dict[str, tuple[tuple[str, str], ...]]:
    """Lower-case first name → the (country, gender) pairs that bear it."""
    bearers: dict[str, list[tuple[str, str]]] = {}
    for country in countries().values():
        for gender, names in (("female", country.female), ("male", country.male)):
            for name in names:
                bearers.setdefault(name.lower(), []).append((country.code, gender))
    return {name: tuple(pairs) for name, pairs in bearers.items()}


def city_in(country: Country, language: str, rng: Random) -> str:
    """A city's name, in the country's own script where the text is written in it."""
    position = rng.randrange(len(country.cities))
    return (
        country.native[position] if country.native and language == country.main_language else country.cities[position]
    )


def make_person(country: Country, female_share: float, rng: Random, *, legible: bool = False) -> Person:
    """A person with a username such as `larissa.souza_92`; legible ones always show their first name."""
    gender = "female" if rng.random() < female_share else "male"
    first = rng.choice(country.female if gender == "female" else country.male)
    last = rng.choice(country.surnames).replace(".", " ")
    return Person(_username(first, last, rng, legible=legible), f"{first} {last}", country.code, gender)


def numbered_account(rng: Random) -> Person:
    """An account as sellers of followers make them: letters, many digits, no name."""
    stem = rng.choice(("user", "insta", "real", "love", "xx", "cool", "best", "king", "queen", "fan"))
    return Person(f"{stem}{rng.choice(('_', '', '.'))}{rng.randrange(10**5, 10**8)}", "", "", "")


def _username(first: str, last: str, rng: Random, *, legible: bool) -> str:
    first, last = (unidecode(name).lower().replace(" ", "") for name in (first, last))
    digits = rng.choice(("", "", str(rng.randrange(1, 100)), str(rng.randrange(1980, 2010)), f"_{rng.randrange(10)}"))
    style = rng.random() if not legible else rng.uniform(0.0, 0.7)
    if style < 0.3:
        name = f"{first}.{last}{digits}"
    elif style < 0.55:
        name = f"{first}_{last}{digits}"
    elif style < 0.7:
        name = f"{first}{digits or rng.randrange(10, 1000)}"
    elif style < 0.8:
        name = f"its.{first}{digits}"
    elif style < 0.9:
        name = f"{first[0]}{last}{digits or rng.randrange(10, 100)}"
    else:
        name = f"{rng.choice(('sunny', 'lost', 'night', 'urban', 'wild', 'coffee', 'moon'))}_{last}{digits}"
    return name[:30].rstrip(".")


def _country(code: str, row: dict[str, object]) -> Country:
    def words(key: str) -> tuple[str, ...]:
        return tuple(str(row[key]).split())

    def names(key: str) -> tuple[str, ...]:
        found = row.get(key, [])
        assert isinstance(found, list)
        return tuple(map(str, found))

    languages, weight, offset = row["languages"], row["weight"], row["utc_offset_h"]
    assert isinstance(languages, dict)
    assert isinstance(weight, int | float)
    assert isinstance(offset, int | float)
    return Country(
        code=code,
        name=str(row["name"]),
        weight=float(weight),
        utc_offset_h=float(offset),
        languages=languages,
        female=words("female"),
        male=words("male"),
        surnames=words("surnames"),
        cities=names("cities"),
        native=names("native"),
    )
