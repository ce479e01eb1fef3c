"""Rows of an Excel sheet that are written as nearly all programs write them, taken apart by patterns.

The attributes of rows and cells recur, so each set of them is parsed once. Whatever is not certain is left to the
parser (`plain_xml`), which must give the same cells.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from manifests.read.cell_values import CellValues, unescaped
from manifests.read.plain_xml import without_entities
from manifests.read.row_builder import Columns, RowBuilder, is_hidden

_ATTRIBUTES = re.compile(r'(?: +[A-Za-z_][A-Za-z0-9_.:-]*="[^"<&\t\n]*")* *')
_ATTRIBUTE = re.compile(r'([^ =]+)="([^"]*)"')
_MOST_KNOWN = 10_000  # cells that are kept, since dates, versions and amounts recur


class _NotPlain(Exception):
    """Something that only the parser can read for certain."""


class PlainRows:
    """Adds the rows of plain blocks to those of a sheet."""

    def __init__(self, rows: RowBuilder, values: CellValues) -> None:
        self._rows, self._values = rows, values
        self._columns, self._kinds, self._known = Columns(), _Kinds(), _Known(values)

    def take(self, block: str, prefix: str) -> bool:
        """Take the rows of a block if all of it is plain."""
        row, cell = _patterns(prefix)
        number = self._rows.number
        try:
            for text in block.split(f"</{prefix}row>")[:-1]:
                cells = cell.findall(text, self._start(text, row))
                if cells and cells[-1][-1]:
                    raise _NotPlain
                self._add(cells, "&" in text)
        except _NotPlain:
            self._rows.number = number
            self._rows.complete.clear()
            return False
        return True

    def _start(self, text: str, row: re.Pattern[str]) -> int:
        """Begin a row, after those without cells before it; where its cells are in the text."""
        at = 0
        while match := row.match(text, at):
            number, others, empty = match.groups()
            self._rows.start(number or "0", _hidden_by(others))
            at = match.end()
            if not empty:
                return at
            self._rows.end()
        raise _NotPlain

    def _add(self, cells: list[tuple[str, ...]], entities: bool) -> None:
        """Add the cells of a row: column, other attributes, formula, value, inline text, what is not plain."""
        columns, kinds, known, row = self._columns, self._kinds, self._known, self._rows.cells
        for letters, attributes, formula, value, inline, _ in cells:
            at = columns[letters]
            type, style = kinds[attributes]
            if entities:
                formula, value, inline = map(without_entities, (formula, value, inline))
            if type == "s" and value:
                cell = self._values.shared(value)
            elif type == "inlineStr":
                cell = unescaped(inline)
            elif formula:
                cell = self._values.cell(type, style, value or None, formula, "")
            else:
                cell = known[type, style, value]
            if cell and at == len(row):
                row.append(cell)
            else:
                self._rows.put(at, cell)
        self._rows.end()


class _Kind(NamedTuple):
    type: str
    style: str


class _Kinds(dict[str, _Kind]):
    """The types and styles of cells by their attributes as they are written."""

    def __missing__(self, attributes: str) -> _Kind:
        names = _parsed(attributes)
        kind = self[attributes] = _Kind(names.get("t", "n"), names.get("s", ""))
        return kind


class _Known(dict[tuple[str, str, str], str]):
    """Cells that hold a single value, by type, style and value."""

    def __init__(self, values: CellValues) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, key: tuple[str, str, str]) -> str:
        type, style, value = key
        cell = self._values.cell(type, style, value or None, None, "")
        if len(self) < _MOST_KNOWN:
            self[key] = cell
        return cell


@lru_cache
def _patterns(p: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The start of a row (`/` where it has no cells), and a cell or all that is none, for a namespace prefix."""
    text = f'<{p}is><{p}t(?: xml:space="preserve")?>([^<]*)</{p}t></{p}is>'
    value = f"(?:<{p}f>([^<]+)</{p}f>)?(?:<{p}v>([^<]+)</{p}v>|{text})?"
    cell = f'<{p}c r="([A-Z]+)[0-9]+"([^<>/]*)(?:>{value}</{p}c>|/>)|(.+)'
    return re.compile(f'<{p}row(?: r="([0-9]+)")?([^<>/]*)(/?)>'), re.compile(cell, re.DOTALL)


@lru_cache(1024)
def _hidden_by(attributes: str) -> bool:
    return is_hidden(_parsed(attributes))


def _parsed(attributes: str) -> dict[str, str]:
    """The attributes of an element beside its `r`."""
    if not _ATTRIBUTES.fullmatch(attributes):
        raise _NotPlain
    pairs = _ATTRIBUTE.findall(attributes)
    names = dict(pairs)
    if len(names) != len(pairs) or "r" in names:
        raise _NotPlain
    return names
