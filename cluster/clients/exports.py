"""Export files of Apify's profile scraper, item by item in flat memory: a JSON array, one object, JSON Lines, CSV.

The content decides the format, not the file's name. A broken item is reported in its place and the others go on.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

ITEM_CHARS_MAX = 32 * 1024 * 1024
CHUNK_CHARS = 256 * 1024
HEAD_BYTES = 4_096
COLUMNS_MAX = 50_000
PATH_PARTS_MAX = 16

_UNDECODABLE = re.compile("[\udc80-\udcff]")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",;\t"
_LISTS_IN_CELLS = frozenset({"latestPosts", "relatedProfiles", "externalUrls"})


@dataclass(frozen=True, slots=True)
class ExportItem:
    """One item of a file: its data, or the problem that keeps it from being read.

    number counts items from 1, line is where it begins, read_bytes how much of the file has been read so far.
    """

    number: int
    line: int
    read_bytes: int
    data: Any = None
    problem: str | None = None


def read_export(path: Path) -> Iterator[ExportItem]:
    """The items of an export in order.

    Raises InvalidInput when the file as a whole cannot be read: missing, a folder, empty, of another format.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror or error}.") from error
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "utf-8")
    # surrogateescape: bytes that are no UTF-8 spoil their own item only
    errors = "surrogateescape" if encoding != "utf-16" else "replace"
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        yield from _read(file, path)


def _read(file: TextIO, path: Path) -> Iterator[ExportItem]:
    start = file.read(HEAD_BYTES).lstrip()[:1]
    file.seek(0)
    if not start:
        raise InvalidInput(f"{path} is empty.")
    if start == "[":
        yield from _json_values(file)
        return
    first_line = next((line for line, _ in _lines(file) if line.strip()), "").strip()
    file.seek(0)
    if start == "{":
        yield from _json_lines(file) if first_line.endswith("}") else _json_values(file)
    elif "username" in first_line:
        yield from _csv_rows(file, path)
    else:
        raise InvalidInput(f"{path} is no profile export: neither JSON nor a CSV file with a username column.")


def _lines(file: TextIO) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is whole: what one has past ITEM_CHARS_MAX is skipped."""
    while line := file.readline(ITEM_CHARS_MAX):
        is_whole = rest_is_read = len(line) < ITEM_CHARS_MAX or line.endswith("\n")
        while not rest_is_read:
            rest = file.readline(ITEM_CHARS_MAX)
            rest_is_read = not rest or rest.endswith("\n")
        yield line, is_whole


def _json_lines(file: TextIO) -> Iterator[ExportItem]:
    number = 0
    for line_number, (line, is_whole) in enumerate(_lines(file), start=1):
        if line.strip():
            number += 1
            yield _json_item(number, line_number, file.buffer.tell(), line if is_whole else None)


def _json_values(file: TextIO) -> Iterator[ExportItem]:
    scanner = JsonScanner()
    number = 0
    while chunk := file.read(CHUNK_CHARS):
        for line, text in scanner.feed(chunk):
            number += 1
            yield _json_item(number, line, file.buffer.tell(), text)
    if scanner.is_inside_item:
        problem = "the file ends inside this item"
        yield ExportItem(number + 1, scanner.item_line, file.buffer.tell(), problem=problem)


def _json_item(number: int, line: int, read_bytes: int, text: str | None) -> ExportItem:
    data, problem = None, None
    if text is None:
        problem = f"longer than {ITEM_CHARS_MAX:,} characters"
    elif _UNDECODABLE.search(text):
        problem = "not UTF-8 text"
    else:
        try:
            data = json.loads(text, parse_constant=lambda _: None)  # NaN and Infinity are no JSON
        except RecursionError:
            problem = "nests too deeply"
        except ValueError as error:
            problem = f"not valid JSON: {error}"
    return ExportItem(number, line, read_bytes, data, problem)


class JsonScanner:
    """Cuts a stream of JSON text into the elements of its arrays, or into the objects that follow one another.

    Only brackets, commas and quotes are looked at, so a mistake within an item does not hide the items after it.
    """

    _OUTSIDE = re.compile(r'["{}\[\],]')
    _INSIDE = re.compile(r'["\\]')

    def __init__(self) -> None:
        self.item_line = 1  # where the item begins that is being read
        self.is_inside_item = False
        self._line = 1
        self._parts: list[str] = []
        self._size = 0
        self._depth = 0
        self._is_array = False
        self._in_string = False
        self._is_escaped = False  # the next chunk's first character follows a backslash

    def feed(self, chunk: str) -> Iterator[tuple[int, str | None]]:
        """(line, text) of each value that ends in this chunk; text is None for one past ITEM_CHARS_MAX."""
        begin, at = 0, int(self._is_escaped)
        self._is_escaped = False
        while match := (self._INSIDE if self._in_string else self._OUTSIDE).search(chunk, at):
            at, sign = match.end(), match[0]
            if sign == '"':
                self._in_string = not self._in_string
            elif sign == "\\":
                at += 1
                self._is_escaped = at > len(chunk)
            elif sign in "[{":
                if self._opens_array(sign):
                    self._keep(chunk[begin : at - 1])
                    self._take()
                    begin = at
            elif (end := self._end_of_item(sign, at)) is not None:
                self._keep(chunk[begin:end])
                begin = at
                if self.is_inside_item:
                    yield self._take()
        self._keep(chunk[begin:])

    def _opens_array(self, sign: str) -> bool:
        """Whether this bracket is the outermost and its elements are the items."""
        if self._depth == 0:
            self._is_array = sign == "["
        self._depth += 1
        return self._is_array and self._depth == 1

    def _end_of_item(self, sign: str, at: int) -> int | None:
        """Where in the chunk the current item ends, None if it goes on after this sign."""
        is_element_end = self._is_array and self._depth == 1 and sign in ",]"
        if sign != ",":
            self._depth = max(0, self._depth - 1)
        if is_element_end:
            return at - 1
        return at if self._depth == 0 and not self._is_array and sign == "}" else None

    def _keep(self, piece: str) -> None:
        blank = len(piece) - len(piece.lstrip())
        if not self.is_inside_item and blank < len(piece):
            self.is_inside_item = True
            self.item_line = self._line + piece.count("\n", 0, blank)
        self._line += piece.count("\n")
        self._size += len(piece)
        if self._size <= ITEM_CHARS_MAX:
            self._parts.append(piece)
        else:
            self._parts.clear()

    def _take(self) -> tuple[int, str | None]:
        text = "".join(self._parts) if self._size <= ITEM_CHARS_MAX else None
        self._parts.clear()
        self._size = 0
        self.is_inside_item = False
        return self.item_line, text


def _csv_rows(file: TextIO, path: Path) -> Iterator[ExportItem]:
    """Rows of a flattened export: the column latestPosts/0/caption is the caption of the first post."""
    csv.field_size_limit(ITEM_CHARS_MAX)  # of the whole process; the default cuts long captions
    heading_line = next(line for line, _ in _lines(file) if line.strip())
    delimiter = max(_DELIMITERS, key=heading_line.count)
    file.seek(0)
    rows = csv.reader((line for line, _ in _lines(file)), delimiter=delimiter)
    try:
        heading = next((row for row in rows if row), [])
    except csv.Error as error:
        raise InvalidInput(f"{path}: the heading is not valid CSV ({error}).") from error
    if len(heading) > COLUMNS_MAX:
        raise InvalidInput(f"{path} has more than {COLUMNS_MAX:,} columns.")
    paths = [_path(name) for name in heading]
    number = 0
    while True:
        line = rows.line_num + 1
        data, problem = None, None
        try:
            row = next(rows, None)
            if row is None:
                return
            if not any(row):
                continue
            data, problem = _csv_item(paths, row)
        except csv.Error as error:
            problem = f"not valid CSV: {error}"
        number += 1
        yield ExportItem(number, line, file.buffer.tell(), data, problem)


def _path(name: str) -> list[str | int]:
    """Where a column's values belong; numbers are places in a list."""
    parts = name.strip().split("/", PATH_PARTS_MAX - 1)
    return [int(part) if part.isdecimal() and len(part) < 6 else part for part in parts]


def _csv_item(paths: list[list[str | int]], row: list[str]) -> tuple[Any, str | None]:
    if len(row) > len(paths):
        return None, f"{len(row)} cells under {len(paths)} headings"
    if any(map(_UNDECODABLE.search, row)):
        return None, "not UTF-8 text"
    tree: dict[Any, Any] = {}
    for path, cell in zip(paths, row, strict=False):
        # An empty cell is a missing value, except for the biography: every account has one, if only an empty one.
        if cell or path == ["biography"]:
            _put(tree, path, _list_in_cell(cell) if path[0] in _LISTS_IN_CELLS and len(path) == 1 else cell)
    return {str(key): _shape(value) for key, value in tree.items()}, None


def _put(tree: dict[Any, Any], path: list[str | int], cell: Any) -> None:
    for part in path[:-1]:
        inner = tree.get(part)
        if not isinstance(inner, dict):
            inner = tree[part] = {}
        tree = inner
    tree[path[-1]] = cell


def _shape(node: Any) -> Any:
    """Nested dicts with lists where the keys are numbers; gaps close up."""
    if not isinstance(node, dict):
        return node
    if node and all(isinstance(key, int) for key in node):
        return [_shape(node[index]) for index in sorted(node)]
    return {str(key): _shape(value) for key, value in node.items()}


def _list_in_cell(cell: str) -> Any:
    """Some tools write a list as JSON into its cell."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell
