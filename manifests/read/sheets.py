"""What all workbooks have: sheets, rows of cells, and the choice of the sheet to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from manifests.errors import MalformedManifest
from manifests.read.frames import filled


class SheetInfo(NamedTuple):
    """A sheet of a workbook."""

    name: str
    visible: bool


class Row(NamedTuple):
    """A row of a sheet: its number there, and its cells up to the last that has a value."""

    number: int
    hidden: bool
    cells: list[str]


Rows = Callable[[str], Iterator[Row]]


def chosen(sheets: Sequence[SheetInfo], rows: Rows, wanted: str | None, where: str) -> str:
    """The name of the sheet to read. Raises MalformedManifest if it is not the only one with values."""
    if wanted is not None:
        return _named(sheets, wanted, where)
    full = [sheet for sheet in sheets if any(filled(row.cells) for row in rows(sheet.name))]
    if not full:
        raise MalformedManifest(f"{where}: no sheet has a value; it needs a header and a row")
    if len(full) > 1:
        raise MalformedManifest(f"{where}: several sheets have values ({_listed(full)}); choose one with --sheet")
    if not full[0].visible:
        raise MalformedManifest(
            f"{where}: only the hidden sheet {full[0].name!r} has values; choose it with --sheet if it is meant"
        )
    return full[0].name


def _named(sheets: Sequence[SheetInfo], wanted: str, where: str) -> str:
    names = [sheet.name for sheet in sheets]
    if wanted in names:
        return wanted
    same = [name for name in names if name.casefold() == wanted.casefold()]
    if len(same) == 1:
        return same[0]
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise MalformedManifest(f"{where}: there is no sheet {wanted!r}; it has {_listed(sheets)}")


def _listed(sheets: Sequence[SheetInfo]) -> str:
    shown = [repr(sheet.name) + ("" if sheet.visible else " (hidden)") for sheet in sheets[:8]]
    return ", ".join(shown) + (", …" if len(sheets) > 8 else "")
