"""One model over JSON Lines: lines in, answers out, in order, a bounded number of lines at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from cluster.errors import FollowingError, InvalidInput
from cluster.settings import MODEL_SLOTS
from deployments.tiers import open_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cluster.settings import Settings
    from deployments.scores import ModelIdentity

ACCOUNTS = "account_authenticity"  # a part of fraud_detection that can be asked on its own
NAMES = (*MODEL_SLOTS, ACCOUNTS)
LINES_AT_ONCE = 64
LINE_BYTES_MAX = 4_000_000  # an export item with 12 posts and their comments takes some 200 kB
POST_SLOTS = ("sentiment", "language", "category", "advanced_nlp", "visual_content")
_TEXT_KEYS = ("text", "caption")
_PATH_KEYS = ("path", "image", "image_path")


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of output, with its line end, and whether it tells an error."""

    line: bytes
    failed: bool


@dataclass(frozen=True, slots=True)
class Predictor:
    """parse makes a model's input of a line's JSON, or raises FollowingError; predict gives one result for each input."""

    parse: Callable[[Any], Any]
    predict: Callable[[Sequence[Any]], Sequence[Any]]
    identity: ModelIdentity


def answer_lines(name: str, lines: BinaryIO, settings: Settings) -> Iterator[Answer]:
    """One answer for each line, in order, at most LINES_AT_ONCE lines held at a time.

    Raises InvalidInput for an unknown model, ModelArtefactMissing where its artefacts are not there.
    """
    if name not in NAMES:
        raise InvalidInput(f"There is no model {name!r}; the models are: {', '.join(NAMES)}")
    predictor = open_predictor(name, settings)
    inputs = _read(lines)
    while batch := list(islice(inputs, LINES_AT_ONCE)):
        yield from _answer(predictor, batch)


def open_predictor(name: str, settings: Settings) -> Predictor:
    """The named model, loaded."""
    if name in POST_SLOTS:
        model = open_model(name, settings.models)
        if name == "visual_content":
            return Predictor(lambda given: _picture(given, settings.media.bytes_max), model.predict, model.identity)
        return Predictor(_text, model.predict, model.identity)
    from api.prediction_profiles import open_profile_predictor

    return Predictor(*open_profile_predictor(name, settings))


def _read(lines: BinaryIO) -> Iterator[bytes | InvalidInput]:
    """Lines without their end; a longer one than LINE_BYTES_MAX is skipped and told as an error."""
    while line := lines.readline(LINE_BYTES_MAX + 1):
        if len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            while (rest := lines.readline(LINE_BYTES_MAX)) and not rest.endswith(b"\n"):
                pass
            yield InvalidInput(f"The line is longer than {LINE_BYTES_MAX:,} bytes.")
        else:
            yield line.strip()


def _answer(predictor: Predictor, batch: list[bytes | InvalidInput]) -> Iterator[Answer]:
    inputs: list[Any] = []
    for line in batch:
        try:
            inputs.append(predictor.parse(_parse(line)))
        except FollowingError as error:
            inputs.append(error)
    good = [given for given in inputs if not isinstance(given, FollowingError)]
    results = iter(_predict(predictor, good))
    for given in inputs:
        yield _line(given if isinstance(given, FollowingError) else next(results), predictor.identity)


def _predict(predictor: Predictor, inputs: list[Any]) -> Iterable[Any]:
    if not inputs:
        return ()
    results = predictor.predict(inputs)
    assert len(results) == len(inputs), (len(results), len(inputs))
    return results


def _parse(line: bytes | InvalidInput) -> Any:
    if isinstance(line, InvalidInput):
        raise line
    if not line:
        raise InvalidInput("The line is empty.")
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The line is no JSON: {error}") from error


def _line(result: Any, identity: ModelIdentity) -> Answer:
    if isinstance(result, FollowingError):
        return Answer(orjson.dumps({"error": str(result), "code": result.code}) + b"\n", failed=True)
    fields = orjson.loads(orjson.dumps(result, option=orjson.OPT_SERIALIZE_NUMPY))
    return Answer(orjson.dumps({**fields, "model": identity}) + b"\n", failed=False)


def _text(given: Any) -> str:
    return _value(given, _TEXT_KEYS)


def _picture(given: Any, bytes_max: int) -> bytes:
    path = Path(_value(given, _PATH_KEYS))
    try:
        size_bytes = path.stat().st_size
        if not path.is_file() or size_bytes > bytes_max:
            raise InvalidInput(f"{path} is no file of at most {bytes_max:,} bytes.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise InvalidInput(f"The image cannot be read: {error}") from error


def _value(given: Any, keys: tuple[str, ...]) -> str:
    """A line's string: the line itself or the first of keys; raises InvalidInput that names what is expected."""
    found = next((given[key] for key in keys if key in given), None) if isinstance(given, dict) else given
    if not isinstance(found, str):
        raise InvalidInput(f'The line must be {{"{keys[0]}": "…"}} or a JSON string.')
    return found
