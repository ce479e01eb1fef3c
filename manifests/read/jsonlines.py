"""JSON Lines: one object a line. Its columns are all keys of all lines, in the order of their first appearance.

Strings stay as they are, numbers as they are written (`1e5`, `1.0`), true and false are those words, null is null, and
nested values are JSON again. The file is read twice: once for its keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from manifests.errors import MalformedManifest, place
from manifests.read.decoding import Text
from manifests.read.frames import Cell, checked_headers, framed

if TYPE_CHECKING:
    from pandas import DataFrame

Row = dict[str, Any]
_MOST_COLUMNS = 2_000
_DEEP = 100  # brackets: with fewer, no nesting is too deep to be written again


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class JsonLines:
    """A manifest of JSON objects."""

    escaped = False

    def __init__(self, text: Text) -> None:
        self._text = text
        self._path = text.origin.path
        self.headers = checked_headers(self._keys(), place(self._path))

    def frames(self, rows: int) -> Iterator[DataFrame]:
        """The rows, in frames of at most `rows`. Raises ManifestError at the first line that is no JSON object."""
        every = self._rows()
        while some := list(islice(every, rows)):
            columns = [[_cell(row.get(header)) for row in some] for header in self.headers]
            yield framed(columns, self.headers, len(some))

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
        try:
            value = _DECODER.decode(line)
            if "\\u" in line:
                json.dumps(value, ensure_ascii=False).encode()
            if line.count("[") + line.count("{") > _DEEP:
                _json([[[value]]])  # somewhat deeper than it will be
        except UnicodeEncodeError:
            self._refuse(number, "half of a character (a lone surrogate); write the text as UTF-8")
        except RecursionError:
            self._refuse(number, "values nested too deeply; give each row plain values")
        except ValueError as error:
            self._refuse(number, f"not JSON ({_reason(error)}); every line must be one JSON object")
        if not isinstance(value, dict):
            self._refuse(number, 'no JSON object; every line must be one object such as {"invoiceNumber": "…"}')
        return value

    def _refuse(self, line: int, what: str) -> NoReturn:
        raise MalformedManifest(f"{place(self._path, line)}: {what}")


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
    return str(value) if isinstance(value, Number) else _json(value)


def _json(value: Any) -> str:
    """A value as JSON again, its numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(key)}: {_json(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
