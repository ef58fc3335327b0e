"""First names cut from usernames, and how a first name is given: to girls or to boys."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from pathlib import Path

from unidecode import unidecode

FIRST_NAMES_FILE = Path(__file__).parent / "data" / "first_names.tsv.gz"
FEMALE_FROM, MALE_TO = 80, 20  # percent of girls among a name's bearers; between them a name tells nothing
PREFIX_LENGTH_LEAST = 4  # of a name at the start of a longer word ("mariasilva")
PREFIX_REST_LEAST = 3  # letters after it; fewer are more likely the name's own ending
WORD_LENGTH_LEAST = 3
_OPENINGS = re.compile(r"^(?:its|iam|im|the|real|mr|mrs|ms|dr|hey|thisis|official|xo|soy|eu|by|just|itz)(?=[a-z]{3})")
_TITLES = frozenset({"the", "real", "mr", "mrs", "ms", "dr", "its", "iam", "official", "by", "just", "thisis", "soy"})


def gender_of(username: str) -> str | None:
    """'female' or 'male' as the first name in a username is usually given; None where there is none or it tells nothing.

    It speaks of the name, not of the person, and is used in sums over many commenters only.
    """
    name = first_name_in(username)
    if name is None:
        return None
    percent = first_names()[name]
    if percent >= FEMALE_FROM:
        return "female"
    return "male" if percent <= MALE_TO else None


def first_name_in(username: str) -> str | None:
    """The first name in a username, or None: a whole word between dots, underscores and digits, or the start of one."""
    known = first_names()
    words = [word for word in re.split(r"[^a-z]+", unidecode(username).lower()) if word and word not in _TITLES]
    # "imogen" is a name before "im" is an opening.
    words = [word if word in known else _OPENINGS.sub("", word) for word in words]
    # Later words are mostly surnames, and many a surname is somebody's first name ("pixel_parker", "lost.nasser").
    words = [word for word in words if len(word) >= WORD_LENGTH_LEAST][:1]
    for word in words:
        if word in known:
            return word
        for length in range(len(word) - PREFIX_REST_LEAST, PREFIX_LENGTH_LEAST - 1, -1):
            if word[:length] in known:
                return word[:length]
    return None


@lru_cache(maxsize=1)
def first_names() -> dict[str, int]:
    """Percent of girls for each of about 33,000 first names; read at the first use (about 2 MB).

    Made by deployments/training/name_tables.py from 36 public sources (Van Buskirk, Clauset & Larremore, ICWSM 2023).
    """
    with gzip.open(FIRST_NAMES_FILE, "rt", encoding="ascii") as lines:
        return {name: int(percent) for name, percent in (line.split("\t") for line in lines)}
