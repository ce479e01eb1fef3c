"""Workbooks of the binary kinds (.xls, .xlsb), read with python-calamine.

It reports neither hidden rows nor number formats nor errors, and gives an empty cell for an error or a formula without
a stored value. So a number names no object here, an empty row between others is refused, and hidden rows need consent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, NoReturn

from manifests.errors import MalformedManifest, UnreadableManifest
from manifests.read.frames import filled
from manifests.read.sheets import Row, SheetInfo
from manifests.read.typed import Typed, whole


class OtherWorkbook:
    """A workbook that python-calamine reads."""

    def __init__(self, stream: BinaryIO, where: str) -> None:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

        self._where = where
        self.hidden_columns: list[range] = []  # unknown
        try:
            self._book = CalamineWorkbook.from_filelike(stream)
            if not self._book.sheet_names:
                raise UnreadableManifest(f"{where}: this workbook has no sheet; save it as .xlsx")
        except PasswordError:
            raise UnreadableManifest(
                f"{where}: this workbook is protected by a password; save it without, or as CSV"
            ) from None
        except (CalamineError, OSError) as error:
            raise UnreadableManifest(
                f"{where}: this workbook cannot be read ({error}); save it as .xlsx or as CSV"
            ) from None
        self.sheets = [
            SheetInfo(sheet.name, sheet.visible == SheetVisibleEnum.Visible)
            for sheet in self._book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a sheet. Raises MalformedManifest for a row in which nothing can be read."""
        table = self._book.get_sheet_by_name(sheet)
        first = 1 + (table.start[0] if table.start else 0)
        empty: int | None = None
        started = False
        for number, values in enumerate(table.to_python(skip_empty_area=True), first):
            cells = [_cell(value) for value in values]
            while cells and not cells[-1]:
                cells.pop()
            if not filled(cells):
                empty = empty or number
                continue
            if empty and started:
                self._refuse_empty(sheet, empty)
            empty, started = None, True
            yield Row(number, False, cells)
        if empty and started:  # the table ends with a cell that is in the file
            self._refuse_empty(sheet, empty)

    def _refuse_empty(self, sheet: str, row: int) -> NoReturn:
        raise MalformedManifest(
            f"{self._where}, sheet {sheet}, row {row:,}: nothing can be read in this row; it is empty, or has errors "
            "or formulas without a stored value, which this format does not show; delete the row, or save the file as "
            ".xlsx"
        )


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return Typed("true" if value else "false", "true or false")
    if isinstance(value, int | float):
        text = str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)
        return Typed(
            text, "a number, and this format does not show how it looks (save it as .xlsx)", integer=whole(text)
        )
    if isinstance(value, datetime | date | time | timedelta):
        return Typed(value.isoformat() if not isinstance(value, timedelta) else str(value), "a date or time")
    return "" if value is None else Typed(str(value), "no text")
