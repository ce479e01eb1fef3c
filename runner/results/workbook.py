"""The results as an Excel workbook: for people who live in Excel. Needs the extra `excel` (XlsxWriter).

Texts stay texts: no number, formula, date or link is made of one. Times are dates of Excel, in UTC. What Excel cannot
hold is said on the sheet `About`: a cell of more than 32,767 characters is cut, after 1,048,576 rows a further sheet
begins. Sources: Microsoft, "Excel specifications and limits".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from runner.domain.errors import Refused
from runner.ledger.queries import TROUBLED
from runner.results.columns import Layout
from runner.system.atomic_file import replacing

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 1_048_576  # of a sheet, its header included
MOST_CHARACTERS = 32_767  # of a cell
ERRORS, RESULTS, ABOUT = "Errors", "Results", "About"
_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the same rows make the same file, whenever they are written
_OPTIONS = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss.000", "remove_timezone": True}


def can_write_workbooks() -> bool:
    """Whether the extra is installed."""
    return find_spec("xlsxwriter") is not None


def require_workbooks() -> None:
    """Raise Refused, with the remedy, where no workbook can be written."""
    if not can_write_workbooks():
        raise Refused("--format xlsx needs XlsxWriter: pip install 'regeneration-runner[excel]'")


@contextmanager
def writing_workbook(path: Path, layout: Layout) -> Iterator[Callable[[pa.Table], object]]:
    """Write a workbook, whole or not at all; yields what takes the groups of rows. Raises OSError."""
    import xlsxwriter

    with replacing(path) as file, TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(file, _OPTIONS | {"tmpdir": folder})
        book.set_properties({"title": f"Run {layout.run}", "created": _EPOCH})
        workbook = _Workbook(book, layout)
        yield workbook.take
        workbook.describe()
        book.close()


class _Workbook:
    """Two growing tables, and what is to be said of them."""

    def __init__(self, book: Any, layout: Layout) -> None:
        self._layout = layout
        self._state = layout.position("regen_state")
        self._errors = _Sheets(book, ERRORS, layout)
        self._results = _Sheets(book, RESULTS, layout)
        self._about = book.add_worksheet(ABOUT)

    def take(self, group: pa.Table) -> None:
        """Write the rows of a group."""
        for row in zip(*(column.to_pylist() for column in group.columns), strict=True):
            self._results.add(row)
            if row[self._state] in TROUBLED:
                self._errors.add(row)

    def describe(self) -> None:
        """Write the last sheet, once all rows are there."""
        self._errors.end()
        self._results.end()
        lines = [
            ("Run", self._layout.run),
            ("Rows", f"{self._results.rows:,}; failed, unknown or rejected: {self._errors.rows:,}"),
            ("Times", "in UTC"),
            (
                "Cells cut",
                f"{self._results.cut:,}, for Excel holds {MOST_CHARACTERS:,} characters; results.parquet has all",
            ),
            ("Send errors again", "fix them on a copy of this file, then: regen run COPY.xlsx --sheet Errors"),
        ]
        for at, (name, value) in enumerate(lines):
            self._about.write_string(at, 0, name)
            self._about.write_string(at, 1, value)
        self._about.set_column(0, 0, 20)


class _Sheets:
    """A table over as many sheets as it needs."""

    def __init__(self, book: Any, name: str, layout: Layout) -> None:
        self._book, self._name, self._layout = book, name, layout
        self._sheet: Any = None
        self._next = MOST_ROWS
        self._number = 0
        self.rows = self.cut = 0
        self._begin()

    def add(self, row: tuple[Any, ...]) -> None:
        """Append a row."""
        if self._next == MOST_ROWS:
            self._begin()
        for column, value in enumerate(row):
            self._write(column, value)
        self._next += 1
        self.rows += 1

    def end(self) -> None:
        """Put the arrows of a filter at the header of the sheet that is written."""
        self._sheet.autofilter(0, 0, self._next - 1, len(self._layout.names) - 1)

    def _begin(self) -> None:
        if self._sheet is not None:
            self.end()
        self._number += 1
        self._sheet = self._book.add_worksheet(f"{self._name} {self._number}" if self._number > 1 else self._name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._layout.names) - 1, 18)
        self._next = 0
        for column, name in enumerate(self._layout.names):
            self._write(column, name)
        self._next = 1

    def _write(self, column: int, value: Any) -> None:
        match value:
            case None:
                pass
            case bool():
                self._sheet.write_boolean(self._next, column, value)
            case int() | float():
                self._sheet.write_number(self._next, column, value)
            case datetime():
                self._sheet.write_datetime(self._next, column, value)
            case _:
                self._sheet.write_string(self._next, column, self._text(value))

    def _text(self, value: str | list[str]) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if len(text) <= MOST_CHARACTERS:
            return text
        self.cut += 1
        return f"{text[: MOST_CHARACTERS - 1]}…"
