"""What python-calamine leaves out of an OpenDocument sheet: formulas without a stored value (ODF 1.3, part 3, 9.1)."""

from __future__ import annotations

from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile


def uncalculated_row(stream: BinaryIO, sheet: str) -> int | None:
    """The first row of a sheet, from 1, with a formula that was never calculated. None for other formats too."""
    try:
        with ZipFile(stream) as archive, archive.open("content.xml") as content:
            scan = _Scan(sheet)
            parser = expat.ParserCreate()
            parser.StartElementHandler = scan.start
            parser.ParseFile(content)
            return scan.row
    except (BadZipFile, KeyError):
        return None
    finally:
        stream.seek(0)


class _Scan:
    """Counts the rows of one sheet until such a formula comes."""

    def __init__(self, sheet: str) -> None:
        self.row: int | None = None
        self._sheet, self._inside = sheet, False
        self._number, self._repeated = 0, 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self._inside = attributes.get("table:name") == self._sheet
            self._number, self._repeated = 0, 1
        elif name == "table:table-row":
            self._number += self._repeated
            self._repeated = int(attributes.get("table:number-rows-repeated", "1"))
        elif self._inside and self.row is None and _uncalculated(attributes):
            self.row = self._number


def _uncalculated(attributes: dict[str, str]) -> bool:
    return "table:formula" in attributes and "office:value-type" not in attributes
