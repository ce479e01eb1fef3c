"""OpenDocument sheets (.ods), read from content.xml (ODF 1.3, part 3, 9 and 19.385).

A cell holds its value and, in `text:p`, the text that its maker saw. A number names an object only if the two are the
same digits. Formulas that were never calculated, errors, hidden rows, filters, columns and sheets are all told there;
python-calamine leaves them out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.parsers import expat
from zipfile import ZipFile

from manifests.errors import UnreadableManifest
from manifests.read.sheets import Row, SheetInfo
from manifests.read.typed import MOST_DIGITS, Typed, whole

_CHUNK_BYTES = 256 * 1024
_HIDDEN = ("collapse", "filter")
_ERROR = re.compile(r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|NV)|(?:Err|Fehler):[0-9]{3}")
_MOST_COLUMNS = 16_384
_MOST_ROWS = 2**24
_ASIDES = ("office:annotation", "draw:frame", "table:shapes", "text:ruby-text")  # text that is not the cell's
_OTHER_KINDS = {"boolean": "true or false", "date": "a date or time", "time": "a date or time"}
_UNCALCULATED = "a formula without a stored value (open the file in its program and save it)"
Attributes = dict[str, str]


class OpenDocument:
    """A workbook of the OpenDocument family. Raises UnreadableManifest if it is encrypted."""

    def __init__(self, archive: ZipFile, where: str) -> None:
        self._archive = archive
        if b"encryption-data" in self._part("META-INF/manifest.xml"):
            raise UnreadableManifest(f"{where}: this workbook is protected by a password; save it without, or as CSV")
        self.hidden_columns: list[range] = []
        scan = _Sheets()
        for _ in self._parsed(scan.start):
            pass
        self.sheets = scan.sheets

    def rows(self, sheet: str) -> Iterator[Row]:
        """All rows of a sheet in file order, empty ones left out."""
        reader = _SheetReader(sheet)
        self.hidden_columns = reader.hidden_columns
        for _ in self._parsed(reader.start, reader.end, reader.text):
            yield from reader.rows
            reader.rows.clear()

    def _part(self, name: str) -> bytes:
        return self._archive.read(name) if name in self._archive.namelist() else b""

    def _parsed(self, *handlers: object) -> Iterator[None]:
        """Parse the content; yields after each chunk."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        names = ("StartElementHandler", "EndElementHandler", "CharacterDataHandler")
        for name, handler in zip(names, handlers, strict=False):
            setattr(parser, name, handler)
        with self._archive.open("content.xml") as content:
            while chunk := content.read(_CHUNK_BYTES):
                parser.Parse(chunk, False)
                yield
            parser.Parse(b"", True)
            yield


class _Sheets:
    """The sheets, and which of them a style hides."""

    def __init__(self) -> None:
        self.sheets: list[SheetInfo] = []
        self._style = ""
        self._hiding = set[str]()

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "style:style":
            self._style = attributes.get("style:name", "")
        elif name == "style:table-properties" and attributes.get("table:display") == "false":
            self._hiding.add(self._style)
        elif name == "table:table" and "table:name" in attributes:
            visible = attributes.get("table:style-name") not in self._hiding
            self.sheets.append(SheetInfo(attributes["table:name"], visible))


class _Cell:
    """A cell that is being read: its attributes and the lines that it shows."""

    def __init__(self, attributes: Attributes) -> None:
        self.attributes = attributes
        self.lines: list[str] = []

    def text(self) -> str:
        """What it is: the text that it shows, or why it names no object."""
        attributes, shown = self.attributes, "\n".join(self.lines)
        kind = attributes.get("office:value-type") or attributes.get("calcext:value-type", "")
        formula = attributes.get("table:formula")
        if attributes.get("calcext:value-type") == "error" or (formula is not None and _ERROR.fullmatch(shown)):
            return Typed(shown or "#ERROR!", "an error of a formula")
        if formula is not None and not kind:
            return Typed(formula, _UNCALCULATED)
        if kind == "string":
            return shown or attributes.get("office:string-value", "")
        if kind in _OTHER_KINDS:
            return Typed(shown or attributes.get(f"office:{kind}-value", ""), _OTHER_KINDS[kind])
        return self._number(shown, attributes.get("office:value", "")) if kind else shown

    def _number(self, shown: str, value: str) -> str:
        digits = whole(value)
        if digits is None:
            return Typed(
                shown or value, "a fraction" if "." in value else f"a number of more than {MOST_DIGITS} digits"
            )
        if digits == "0" and "table:formula" in self.attributes:
            return Typed(digits, "a formula whose stored value is 0, as programs write it that do not calculate")
        if digits.startswith("-"):
            return Typed(shown or digits, "a negative number")
        if digits != shown:
            reason = (
                f"a number that is shown as {shown!r}" if shown else "a number, and the file does not say how it looks"
            )
            return Typed(digits, reason, integer=digits)
        return digits


class _SheetReader:
    """Turns the elements of one sheet into rows; what is repeated in the file is repeated here."""

    def __init__(self, sheet: str) -> None:
        self.rows: list[Row] = []
        self.hidden_columns: list[range] = []  # counted from 0
        self._sheet, self._depth = sheet, 0  # tables may be in cells
        self._number, self._repeated, self._hidden = 0, 1, False
        self._groups: list[bool] = []  # whether each group of rows around is folded away
        self._columns = 0
        self._cells: list[str] = []
        self._gap = 0  # empty cells before the next that has a value
        self._cell: _Cell | None = None
        self._line: list[str] | None = None
        self._asides = 0  # annotations and their like around

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "table:table" and (self._depth or attributes.get("table:name") == self._sheet):
            self._depth += 1
        elif self._depth == 1 and not self._asides and name in _STARTS:
            _STARTS[name](self, attributes)
        elif self._cell and name in _ASIDES:
            self._asides += 1

    def end(self, name: str) -> None:
        if name == "table:table" and self._depth:
            self._depth -= 1
        elif self._cell and name in _ASIDES:
            self._asides -= 1
        elif self._depth == 1 and not self._asides and name in _ENDS:
            _ENDS[name](self)

    def text(self, text: str) -> None:
        if self._line is not None and not self._asides:
            self._line.append(text)

    def _start_group(self, attributes: Attributes) -> None:
        self._groups.append(attributes.get("table:display") == "false")

    def _end_group(self) -> None:
        self._groups.pop()

    def _start_column(self, attributes: Attributes) -> None:
        first = self._columns
        self._columns += int(attributes.get("table:number-columns-repeated", "1"))
        if attributes.get("table:visibility") in _HIDDEN:
            self.hidden_columns.append(range(first, self._columns))

    def _start_row(self, attributes: Attributes) -> None:
        self._repeated = int(attributes.get("table:number-rows-repeated", "1"))
        self._hidden = attributes.get("table:visibility") in _HIDDEN or any(self._groups)
        self._cells, self._gap = [], 0

    def _end_row(self) -> None:
        if self._cells:
            if self._number + self._repeated > _MOST_ROWS:
                raise ValueError(f"row {self._number + 1}: more than {_MOST_ROWS:,} rows")
            numbers = range(self._number + 1, self._number + self._repeated + 1)
            self.rows += [Row(number, self._hidden, self._cells) for number in numbers]
        self._number += self._repeated

    def _start_cell(self, attributes: Attributes) -> None:
        self._cell = _Cell(attributes)

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        cell, repeated = self._cell.text(), int(self._cell.attributes.get("table:number-columns-repeated", "1"))
        self._cell = None
        if not cell:
            self._gap += repeated
            return
        if len(self._cells) + self._gap + repeated > _MOST_COLUMNS:
            raise ValueError(f"row {self._number + 1}: more than {_MOST_COLUMNS:,} columns")
        self._cells += [""] * self._gap + [cell] * repeated
        self._gap = 0

    def _start_line(self, _: Attributes) -> None:
        self._line = [] if self._cell else None

    def _end_line(self) -> None:
        if self._cell and self._line is not None:
            self._cell.lines.append("".join(self._line))
        self._line = None

    def _spaces(self, attributes: Attributes) -> None:
        self.text(" " * int(attributes.get("text:c", "1")))

    def _tab(self, _: Attributes) -> None:
        self.text("\t")

    def _break(self, _: Attributes) -> None:
        self.text("\n")


# What each element of a row does; others are passed through.
_STARTS: dict[str, Callable[[_SheetReader, Attributes], None]] = {
    "table:table-row-group": _SheetReader._start_group,
    "table:table-column": _SheetReader._start_column,
    "table:table-row": _SheetReader._start_row,
    "table:table-cell": _SheetReader._start_cell,
    "table:covered-table-cell": _SheetReader._start_cell,
    "text:p": _SheetReader._start_line,
    "text:s": _SheetReader._spaces,
    "text:tab": _SheetReader._tab,
    "text:line-break": _SheetReader._break,
}
_ENDS: dict[str, Callable[[_SheetReader], None]] = {
    "table:table-row-group": _SheetReader._end_group,
    "table:table-row": _SheetReader._end_row,
    "table:table-cell": _SheetReader._end_cell,
    "table:covered-table-cell": _SheetReader._end_cell,
    "text:p": _SheetReader._end_line,
}
