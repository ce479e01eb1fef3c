"""JSON Lines: one object a line. Its columns are all keys of all lines, in the order of their first appearance.

Strings stay as they are, numbers as they are written (`1e5`, `1.0`), true and false are those words, null is null, and
nested values are JSON again. The file is read twice: once for its keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NoReturn

from manifests.errors import MalformedManifest, location
from manifests.read.decoding import Text
from manifests.read.frames import Cell, Piece, checked_headers, filled, piece
from manifests.read.typed import Typed, whole

Row = dict[str, Any]
_MOST_COLUMNS = 2_000
_DEEP = 100  # levels of nesting: our own limit, as that of the interpreter differs between versions
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class JsonLines:
    """A manifest of JSON objects."""

    escaped = False
    sheet: str | None = None
    notes: Sequence[str] = ()
    header_row = 0
    unit = "line"

    def __init__(self, text: Text) -> None:
        self._text = text
        self._path = text.origin.path
        self.headers = checked_headers(self._keys(), location(self._path))

    def frames(self, rows: int) -> Iterator[Piece]:
        """The rows, in pieces of at most `rows`. Raises ManifestError at the first line that is no JSON object."""
        each = enumerate(self._rows(), 1)
        while some := list(islice(each, rows)):
            table = [(number, [_cell(row.get(header)) for header in self.headers]) for number, row in some]
            kept = [(number, cells) for number, cells in table if filled(cells)]
            if kept:
                yield piece([cells for _, cells in kept], self.headers, [number for number, _ in kept])

    def _keys(self) -> list[str]:
        keys: dict[str, None] = {}
        for line, row in enumerate(self._rows(), 1):
            keys |= dict.fromkeys(row)
            if len(keys) > _MOST_COLUMNS:
                self._refuse(line, f"more than {_MOST_COLUMNS:,} different keys; give every row the same keys")
        return list(keys)

    def _rows(self) -> Iterator[Row]:
        """One object per line; blank lines may stand at the end only."""
        blank = 0
        with self._text.open(newline=None) as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    blank = blank or number
                elif blank:
                    self._refuse(blank, "an empty line between rows; remove it")
                else:
                    yield self._row(number, line)

    def _row(self, number: int, line: str) -> Row:
        if line.count("[") + line.count("{") > _DEEP and _depth(line) > _DEEP:
            self._refuse(number, f"values nested more than {_DEEP} levels deep; give each row plain values")
        try:
            value = _DECODER.decode(line.lstrip("\ufeff"))
            if "\\u" in line:
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            self._refuse(number, "half of a character (a lone surrogate); write the text as UTF-8")
        except ValueError as error:
            self._refuse(number, f"not JSON ({_reason(error)}); every line must be one JSON object")
        if not isinstance(value, dict):
            self._refuse(number, 'not a JSON object; every line must be one object such as {"invoiceNumber": "…"}')
        return value

    def _refuse(self, line: int, what: str) -> NoReturn:
        raise MalformedManifest(f"{location(self._path, line)}: {what}")


def _unique(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("the same key twice")
    return row


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value")


_DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_no_constant, object_pairs_hook=_unique
)


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()}, column {error.colno}"
    return str(error)


def _cell(value: Any) -> Cell:
    if value is None or type(value) is str:
        return value
    if isinstance(value, Number):
        return _number(value)
    return Typed(_json(value), _KINDS[type(value)])


def _number(value: Number) -> str:
    text = str(value)
    if text.isdigit():
        return text
    return Typed(text, "a negative number or a fraction", integer=whole(text))


def _depth(line: str) -> int:
    """How deep the brackets of a line are nested; those in texts do not count."""
    depth = deepest = 0
    for character in _QUOTED.sub("", line):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


_KINDS = {bool: "true or false", list: "a list", dict: "an object with keys of its own"}


def _json(value: Any) -> str:
    """A value as JSON again, its numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(key)}: {_json(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
