"""The rows of one Excel sheet, read from its XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from manifests.read.cell_values import CellValues
from manifests.read.elements import Attributes, element_parser
from manifests.read.plain_rows import PlainRows
from manifests.read.plain_xml import PlainList, read_list
from manifests.read.row_builder import Columns, RowBuilder, is_hidden
from manifests.read.sheets import Row

_OPENING = re.compile(rb"<(\w+:)?sheetData>")


class SheetReader:
    """Turns the elements of one sheet into rows. `hidden_columns` are known once the first row has come."""

    def __init__(self, values: CellValues) -> None:
        self.hidden_columns: list[range] = []  # counted from 0
        self._values = values
        self._rows = RowBuilder()
        self._columns = Columns()
        self._next = 0
        self._type, self._style, self._at = "n", "", 0
        self._value: str | None = None
        self._formula: str | None = None
        self._parts: list[str] = []
        self._phonetic = False

    def rows(self, stream: IO[bytes]) -> Iterator[Row]:
        """All rows in file order. Raises ValueError that names the row where the sheet is damaged."""
        plain = PlainList(_OPENING, "row", PlainRows(self._rows, self._values).take)
        blocks = read_list(stream, element_parser(self._start, self._end), plain)
        while self._advance(blocks):
            yield from self._rows.complete
            self._rows.complete.clear()

    def _advance(self, blocks: Iterator[None]) -> bool:
        try:
            return next(blocks, self) is not self
        except expat.ExpatError as error:
            raise ValueError(f"after row {self._rows.number}: {expat.ErrorString(error.code)}") from None
        except (ValueError, IndexError, KeyError) as error:
            raise ValueError(f"row {self._rows.number}: {error}") from None

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name == "row":
            self._rows.start(attributes.get("r", "0"), is_hidden(attributes))
            self._next = 0
        elif name == "rPh":
            self._phonetic = True
        elif name == "col" and (attributes.get("hidden") in ("1", "true") or float(attributes.get("width", 1)) == 0):
            first, last = int(attributes["min"]), int(attributes["max"])
            self.hidden_columns.append(range(first - 1, last))

    def _start_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        self._at = self._columns[reference.rstrip("0123456789")] if reference else self._next
        self._next = self._at + 1
        self._type = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._value = self._formula = None
        self._parts = []

    def _end(self, name: str, text: str) -> None:
        if name == "v":
            self._value = text
        elif name == "c":
            inline = "".join(self._parts)
            cell = self._values.cell(self._type, self._style, self._value, self._formula, inline)
            self._rows.put(self._at, cell)
        elif name == "row":
            self._rows.end()
        elif name == "f":
            self._formula = text
        elif name == "t" and not self._phonetic:
            self._parts.append(text)
        elif name == "rPh":
            self._phonetic = False
