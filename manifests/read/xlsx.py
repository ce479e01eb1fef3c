"""Excel workbooks (.xlsx, .xlsm), read from the XML of the package in one pass per sheet.

python-calamine does not report hidden rows, number formats, formulas without a stored value, error cells or rows whose
numbers are repeated; all five decide whether a cell may name an object. As the XML has to be read for these, the values
come from the same pass: expat needs about a tenth of openpyxl's time.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from xml.parsers import expat
from zipfile import ZipFile

from manifests.read.number_formats import Shown, code_of, shown_by
from manifests.read.package_parts import Parts
from manifests.read.sheets import Row, SheetInfo
from manifests.read.typed import Typed

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COLUMNS = 16_384
_CHUNK_BYTES = 256 * 1024
_MOST_DIGITS = 15
Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str, str], None]


@dataclass
class Package:
    """The parts of a workbook that all of its sheets need."""

    parts: Parts
    sheets: list[SheetInfo] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    formats: list[Shown] = field(default_factory=list)  # by the number of a cell's style
    epoch: datetime = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no time zone
    hidden_columns: list[range] = field(default_factory=list)  # of the sheet read last, counted from 0
    _paths: dict[str, str] = field(default_factory=dict)  # of the sheets, by name

    def rows(self, sheet: str) -> Iterator[Row]:
        """All rows of a sheet in file order."""
        self.hidden_columns.clear()
        return _SheetReader(self).rows(self._paths[sheet])

    def enter(self, name: str, attributes: Attributes, targets: dict[str, str]) -> None:
        """Take what an element of the workbook's own part says."""
        if name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            self.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - as above
        elif name == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            path = targets.get(relation, "")
            if "worksheet" in path or "/sheet" in path:
                self.sheets.append(SheetInfo(attributes["name"], attributes.get("state", "visible") == "visible"))
                self._paths[attributes["name"]] = path


def opened(archive: ZipFile) -> Package:
    """The workbook of a package: its sheets, texts and formats."""
    parts = Parts(archive)
    package = Package(parts)
    relations = _Relations(posixpath.dirname(parts.main))
    _parse(parts, parts.relations_of(parts.main), relations.start)
    _parse(parts, parts.main, lambda name, attributes: package.enter(name, attributes, relations.targets))
    styles, texts = _Styles(package.formats), _Texts(package.strings)
    for kind, reader in (("styles", styles), ("sharedStrings", texts)):
        path = relations.kinds.get(kind, f"{relations.folder}/{kind}.xml")
        if path in parts:
            _parse(parts, path, reader.start, reader.end)
    return package


class _Styles:
    """How each style of a cell shows a number."""

    def __init__(self, formats: list[Shown]) -> None:
        self._formats, self._codes, self._inside = formats, dict[int, str](), False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            self._codes[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            self._formats.append(shown_by(code_of(int(attributes.get("numFmtId", "0")), self._codes)))

    def end(self, name: str, _: str) -> None:
        if name == "cellXfs":
            self._inside = False


class _Relations:
    """Where the parts are that a workbook names: by the id of the relationship, and by its kind."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.targets: dict[str, str] = {}
        self.kinds: dict[str, str] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            path = posixpath.normpath(posixpath.join("/", self.folder, attributes["Target"].replace("\\", "/")))
            self.targets[attributes["Id"]] = path
            self.kinds.setdefault(posixpath.basename(attributes.get("Type", "")), path)


class _Texts:
    """Shared strings: the runs of each joined, phonetic hints left out."""

    def __init__(self, strings: list[str]) -> None:
        self._strings, self._parts, self._phonetic = strings, [""], False

    def start(self, name: str, _: Attributes) -> None:
        if name == "si":
            self._parts = []
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str, text: str) -> None:
        if name == "t" and not self._phonetic:
            self._parts.append(text)
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self._strings.append(_unescaped("".join(self._parts)))


class _SheetReader:
    """Turns the elements of one sheet into rows."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._rows: list[Row] = []
        self._columns: dict[str, int] = {}
        self._number, self._hidden = 0, False
        self._cells: list[str] = []
        self._next = 0
        self._type, self._style, self._at = "n", 0, 0
        self._value: str | None = None
        self._formula: str | None = None
        self._parts: list[str] = []
        self._phonetic = False

    def rows(self, path: str) -> Iterator[Row]:
        parser = _parser(self._start, self._end)
        with self._package.parts.open(path) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                self._parse(parser, chunk)
                yield from self._rows
                self._rows.clear()
            parser.Parse(b"", True)
            yield from self._rows

    def _parse(self, parser: expat.XMLParserType, chunk: bytes) -> None:
        try:
            parser.Parse(chunk, False)
        except (ValueError, IndexError, KeyError) as error:
            raise ValueError(f"row {self._number}: {error}") from None

    def _start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name == "row":
            self._start_row(attributes)
        elif name == "rPh":
            self._phonetic = True
        elif name == "col" and (attributes.get("hidden") in ("1", "true") or float(attributes.get("width", 1)) == 0):
            first, last = int(attributes["min"]), int(attributes["max"])
            self._package.hidden_columns.append(range(first - 1, last))

    def _start_row(self, attributes: Attributes) -> None:
        # A number that is repeated or out of order is corrected: the row is there, and must not vanish.
        self._number = max(int(attributes.get("r", 0)), self._number + 1)
        self._hidden = attributes.get("hidden") in ("1", "true") or float(attributes.get("ht", 1)) == 0
        self._cells, self._next = [], 0

    def _start_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        self._at = self._column(reference) if reference else self._next
        self._next = self._at + 1
        self._type = attributes.get("t", "n")
        self._style = int(attributes.get("s", 0))
        self._value = self._formula = None
        self._parts = []

    def _column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        at = self._columns.get(letters)
        if at is None:
            at = -1
            for letter in letters.replace("$", "").upper():
                at = (at + 1) * 26 + ord(letter) - ord("A")
            if not 0 <= at < _COLUMNS:
                raise ValueError(f"there is no column {letters!r}")
            self._columns[letters] = at
        return at

    def _end(self, name: str, text: str) -> None:
        if name == "v":
            self._value = text
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self._rows.append(Row(self._number, self._hidden, self._cells))
        elif name == "f":
            self._formula = text
        elif name == "t" and not self._phonetic:
            self._parts.append(text)
        elif name == "rPh":
            self._phonetic = False

    def _end_cell(self) -> None:
        cell = self._cell()
        if not cell:
            return
        cells, at = self._cells, self._at
        if at == len(cells):
            cells.append(cell)
            return
        if at < len(cells) and cells[at]:
            raise ValueError("two values in one column")
        cells.extend([""] * (at + 1 - len(cells)))
        cells[at] = cell

    def _cell(self) -> str:
        if self._type == "s":
            if not self._value:
                return ""
            return self._shared(int(self._value))
        if self._type == "inlineStr":
            return _unescaped("".join(self._parts))
        if self._formula is not None:
            return self._formula_cell(self._formula)
        return self._stored(self._value or "") if self._value or self._type == "e" else ""

    def _shared(self, number: int) -> str:
        if not 0 <= number < len(self._package.strings):
            raise ValueError(f"there is no shared text {number}")
        return self._package.strings[number]

    def _formula_cell(self, formula: str) -> str:
        value = self._value
        if value is None or (not value and self._type != "str"):
            return Typed(f"={formula}", "a formula without a stored value (open the file in Excel and save it)")
        cell = self._stored(value) if value else ""
        if self._type == "n" and not value.strip("+-0. "):
            return Typed(cell, "a formula whose stored value is 0, as programs write it that do not calculate")
        return cell

    def _stored(self, value: str) -> str:
        if self._type == "n":
            return self._numeric(value.strip())
        if self._type == "b":
            return Typed("true" if value.strip() in ("1", "true") else "false", "true or false")
        if self._type == "e":
            return Typed(value or "#ERROR!", "an error of a formula")
        if self._type == "d":
            return Typed(value, "a date")
        return _unescaped(value)

    def _numeric(self, value: str) -> str:
        formats = self._package.formats
        style = formats[self._style] if self._style < len(formats) else Shown.DIGITS
        if style is Shown.DIGITS and value.isdigit() and len(value) <= _MOST_DIGITS and value.isascii():
            return value if value[0] != "0" else str(int(value))
        return _numeric(value, style, self._package.epoch)


def _numeric(value: str, style: Shown, epoch: datetime) -> str:
    if not _NUMBER.fullmatch(value):
        return Typed(value, "no number, though its cell says that it is one")
    number = float(value)
    if style is Shown.DATE:
        return Typed(_date(number, epoch), "a date or time")
    digits = str(int(number)) if number.is_integer() and abs(number) < 10**_MOST_DIGITS else None
    text = digits or (value if value.lstrip("-").isdigit() else repr(number))
    if digits is None:
        reason = "a fraction" if not number.is_integer() else f"a number of more than {_MOST_DIGITS} digits"
        return Typed(text, reason)
    if style is Shown.DIGITS and not digits.startswith("-"):
        return digits
    if style is Shown.DIGITS:
        return Typed(text, "a negative number")
    return Typed(text, f"a number that is shown {style.value}", integer=None if style is Shown.OTHERWISE else digits)


def _date(days: float, epoch: datetime) -> str:
    try:
        if 0 <= days < 1:
            return (epoch + timedelta(days=days)).time().isoformat("seconds")
        moment = epoch + timedelta(days=days)
    except OverflowError:
        return repr(days)
    moment = (moment + timedelta(microseconds=500)).replace(microsecond=0) if moment.microsecond else moment
    return moment.date().isoformat() if days == int(days) else moment.isoformat()


def _unescaped(text: str) -> str:
    """A text without Excel's escapes: `_x000D_` is a carriage return, `_x005F_` the underscore before another."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _parse(parts: Parts, path: str, start: Start, end: End = lambda name, text: None) -> None:
    with parts.open(path) as stream:
        _parser(start, end).ParseFile(stream)


def _parser(start: Start, end: End) -> expat.XMLParserType:
    """A parser that hands over local names, and at the end of an element the text in it."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    texts: list[str] = []

    def started(name: str, attributes: Attributes) -> None:
        texts.clear()
        start(name.rpartition(":")[2] if ":" in name else name, attributes)

    def ended(name: str) -> None:
        end(name.rpartition(":")[2] if ":" in name else name, "".join(texts))
        texts.clear()

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = texts.append
    return parser
