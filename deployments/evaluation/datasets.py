"""The files that models are measured on: JSON Lines, gzip or plain, in a folder of the caller's."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from cluster.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS_MAX = 200_000  # of a file; what is longer is cut and the count says so
PARTS = {"test": "test part", "val": "validation part", "check": "checking set"}
ENDINGS = (".jsonl.gz", ".jsonl")
OWN = Path(__file__).parents[1] / "training" / "data"  # sets of our own writing, which need no folder


@dataclass(frozen=True, slots=True)
class Dataset:
    """A set that may be given: files STEM_PART with these keys in every row; the first part that is there is used."""

    stem: str
    title: str
    keys: tuple[str, ...]
    parts: tuple[str, ...] = ("test", "val")


@dataclass(frozen=True, slots=True)
class Found:
    """A set's file; part says which of the set's parts it is."""

    dataset: Dataset
    path: Path
    part: str

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.dataset.title}, {self.part}"

    def rows(self) -> list[dict[str, Any]]:
        """Its rows; raises InvalidInput, which names file and line, for one that is no object with the set's keys."""
        try:
            with self._open() as lines:
                return [self._row(number, line) for number, line in enumerate(islice(lines, ROWS_MAX), start=1)]
        except (OSError, EOFError) as error:
            raise InvalidInput(f"{self.path} cannot be read: {error}") from error

    def _open(self) -> Any:
        return gzip.open(self.path, "rb") if self.path.suffix == ".gz" else self.path.open("rb")

    def _row(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InvalidInput(f"{self.path}, line {number}, is no JSON: {error}") from error
        missing = [key for key in self.dataset.keys if not isinstance(row, dict) or key not in row]
        if missing:
            raise InvalidInput(f"{self.path}, line {number}, lacks {', '.join(missing)}.")
        return dict(row)


UMSAB = Dataset("umsab", "UMSAB", ("text", "label", "language"))
TWEETEVAL_SENTIMENT = Dataset("tweeteval_sentiment", "TweetEval sentiment", ("text", "label"))
TWEETEVAL_EMOTION = Dataset("tweeteval_emotion", "TweetEval emotion", ("text", "label"))
TWEETEVAL_OFFENSIVE = Dataset("tweeteval_offensive", "TweetEval offensive", ("text", "label"))
LANGUAGE = Dataset("language", "short texts by language", ("text", "language"))
CATEGORY = Dataset("category", "captions by category", ("text", "label", "language"))
INSTAFAKE = Dataset("instafake", "InstaFake 2019", ("userFollowerCount", "userFollowingCount", "isFake"), ("check",))


def find(dataset: Dataset, folder: Path) -> Found | None:
    """The set's file in a folder, else the project's own; the test part before the validation part."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder; give the one that holds the data with --data.")
    return next(
        (found for place in (folder, OWN) for found in _candidates(dataset, place) if found.path.is_file()), None
    )


def expectation(dataset: Dataset, folder: Path) -> str:
    """What to put where, for somebody whose folder lacks the set."""
    names = " or ".join(f"{dataset.stem}_{part}{ENDINGS[0]}" for part in dataset.parts)
    keys = ", ".join(dataset.keys)
    return f"{dataset.title}: put {names} into {folder} (one JSON object a line with {keys}; .jsonl will do as well)"


def _candidates(dataset: Dataset, folder: Path) -> Iterator[Found]:
    for part in dataset.parts:
        for ending in ENDINGS:
            title = f"own {PARTS[part]}" if folder == OWN else PARTS[part]
            yield Found(dataset, folder / f"{dataset.stem}_{part}{ending}", title)
