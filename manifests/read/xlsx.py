"""Excel workbooks (.xlsx, .xlsm), read from the XML of the package in one pass per sheet.

python-calamine does not report hidden rows, number formats, formulas without a stored value, error cells or rows whose
numbers are repeated; all five decide whether a cell may name an object. As the XML has to be read for these, the values
come from the same pass, which needs no more time than python-calamine where a sheet is plain (`plain_xml`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import IO
from zipfile import ZipFile

from manifests.read.cell_values import CellValues, unescaped
from manifests.read.elements import Attributes, End, Start, element_parser, nothing
from manifests.read.number_formats import Shown, code_of, shown_by
from manifests.read.package_parts import Parts
from manifests.read.plain_xml import PlainList, read_list, without_entities
from manifests.read.sheet_rows import SheetReader
from manifests.read.sheets import Row, SheetInfo

_TEXTS = re.compile(rb"<(\w+:)?sst(?: [\w:]+=\"[^\"<&]*\")*>")


@dataclass
class Package:
    """The parts of a workbook that all of its sheets need."""

    parts: Parts
    sheets: list[SheetInfo] = field(default_factory=list)
    values: CellValues = field(default_factory=CellValues)
    hidden_columns: list[range] = field(default_factory=list)  # of the sheet read last, counted from 0
    _paths: dict[str, str] = field(default_factory=dict)  # of the sheets, by name

    def rows(self, sheet: str) -> Iterator[Row]:
        """All rows of a sheet in file order."""
        reader = SheetReader(self.values)
        self.hidden_columns = reader.hidden_columns
        with self.parts.open(self._paths[sheet]) as stream:
            yield from reader.rows(stream)

    def enter(self, name: str, attributes: Attributes, targets: dict[str, str]) -> None:
        """Take what an element of the workbook's own part says."""
        if name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            self.values.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - a workbook knows no time zone
        elif name == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            path = targets.get(relation, "")
            if "worksheet" in path or "/sheet" in path:
                self.sheets.append(SheetInfo(attributes["name"], attributes.get("state", "visible") == "visible"))
                self._paths[attributes["name"]] = path


def opened(archive: ZipFile, _: str = "") -> Package:
    """The workbook of a package: its sheets, texts and formats."""
    parts = Parts(archive)
    package = Package(parts)
    relations = _Relations(posixpath.dirname(parts.main))
    _parse(parts, parts.relations_of(parts.main), relations.start)
    _parse(parts, parts.main, lambda name, attributes: package.enter(name, attributes, relations.targets))
    styles = _Styles(package.values.formats)
    if path := relations.of_kind("styles", parts):
        _parse(parts, path, styles.start, styles.end)
    if path := relations.of_kind("sharedStrings", parts):
        with parts.open(path) as stream:
            _Texts(package.values.strings).read(stream)
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

    def of_kind(self, kind: str, parts: Parts) -> str | None:
        """Where the part of a kind is, None if there is none."""
        path = self.kinds.get(kind, f"{self.folder}/{kind}.xml")
        return path if path in parts else None


class _Texts:
    """Shared strings: the runs of each joined, phonetic hints left out."""

    def __init__(self, strings: list[str]) -> None:
        self._strings, self._parts, self._phonetic = strings, [""], False

    def read(self, stream: IO[bytes]) -> None:
        for _ in read_list(stream, element_parser(self.start, self.end), PlainList(_TEXTS, "si", self.take)):
            pass

    def take(self, block: str, prefix: str) -> bool:
        """Take the texts of a block if all of it is plain."""
        texts = _plain_text(prefix).findall(block)
        if any(rest for _, rest in texts[-1:]):
            return False
        entities = "&" in block
        self._strings += [unescaped(without_entities(text) if entities else text) for text, _ in texts]
        return True

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
            self._strings.append(unescaped("".join(self._parts)))


@lru_cache
def _plain_text(p: str) -> re.Pattern[str]:
    """A shared text that is not divided into runs, or all that is none, for a namespace prefix."""
    return re.compile(f'<{p}si><{p}t(?: xml:space="preserve")?>([^<]*)</{p}t></{p}si>|(.+)', re.DOTALL)


def _parse(parts: Parts, path: str, start: Start, end: End = nothing) -> None:
    with parts.open(path) as stream:
        element_parser(start, end).ParseFile(stream)
