"""Workbooks as manifests: one sheet, its first row with a value the header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Protocol
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from manifests.errors import MalformedManifest, UnreadableManifest, location
from manifests.read import xlsx
from manifests.read.frames import Piece, checked_headers, filled, piece
from manifests.read.open_document import OpenDocument
from manifests.read.other_workbooks import OtherWorkbook
from manifests.read.raw_file import Origin
from manifests.read.sheets import Row, SheetInfo, chosen
from manifests.reading import Reading


class Book(Protocol):
    """A workbook: its sheets and their rows."""

    sheets: list[SheetInfo]
    hidden_columns: list[range]  # of the sheet whose rows are being read

    def rows(self, sheet: str) -> Iterator[Row]:
        """The rows of a sheet, in file order."""
        ...


class Workbook:
    """A manifest in a sheet of a workbook. Rows without a single value are no rows."""

    escaped = True
    unit = "row"

    def __init__(self, origin: Origin, reading: Reading, *, kind: str) -> None:
        self._origin, self._reading, self._kind = origin, reading, kind
        with self._book() as book:
            self.sheet: str | None = chosen(book.sheets, book.rows, reading.sheet, location(origin.path))
            header = self._header(book.rows(self.sheet))
            unseen = [cell for at, cell in enumerate(header.cells) if any(at in range for range in book.hidden_columns)]
        self.header_row = header.number
        if kind not in _OPENERS and reading.hidden != "include":
            self._refuse_unseen()
        self.headers = checked_headers(header.cells, self.where(header.number))
        self.notes: Sequence[str] = self._of_hidden_columns([cell for cell in unseen if cell])

    def where(self, number: int) -> str:
        """How a message about a row of the sheet begins."""
        return f"{location(self._origin.path)}, sheet {self.sheet}, row {number:,}"

    def frames(self, rows: int) -> Iterator[Piece]:
        """The rows, in frames of at most `rows`. Raises ManifestError at a row that is wider than the header, and at
        the end if rows are hidden and nobody said what becomes of them."""
        with self._book() as book:
            hidden: list[int] = []
            each = self._kept(book.rows(self.sheet or ""), hidden)
            while some := list(islice(each, rows)):
                numbers = [row.number - self.header_row for row in some]
                yield piece([self._widened(row) for row in some], self.headers, numbers)
        if hidden:
            self._refuse_hidden(hidden)

    def _of_hidden_columns(self, names: list[str]) -> list[str]:
        if not names:
            return []
        shown = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
        count = f"{len(names):,} column{' is' if len(names) == 1 else 's are'}"
        return [f"{location(self._origin.path)}, sheet {self.sheet}: {count} hidden and read all the same ({shown})"]

    def _kept(self, rows: Iterator[Row], hidden: list[int]) -> Iterator[Row]:
        for row in rows:
            if row.number <= self.header_row or not filled(row.cells):
                continue
            if row.hidden and self._reading.hidden != "include":
                if self._reading.hidden is None:
                    hidden.append(row.number)
                continue
            yield row

    def _refuse_hidden(self, hidden: list[int]) -> None:
        count = f"{len(hidden):,} row{' is' if len(hidden) == 1 else 's are'} hidden"
        raise MalformedManifest(
            f"{self.where(hidden[0])}: {count} or filtered out, from this one on; show them, or say --include-hidden "
            "or --skip-hidden"
        )

    def _refuse_unseen(self) -> None:
        raise UnreadableManifest(
            f"{location(self._origin.path)}, sheet {self.sheet}: hidden rows cannot be recognized in this format; "
            "save it as .xlsx, or use --include-hidden to send every row of the sheet"
        )

    def _header(self, rows: Iterator[Row]) -> Row:
        wanted = self._reading.header_row
        for row in rows:
            if wanted is not None and row.number < wanted:
                continue
            if row.hidden and filled(row.cells) and self._reading.hidden != "include" and wanted is None:
                if self._reading.hidden is None:
                    self._refuse_hidden([row.number])
                continue
            if wanted is not None and (row.number > wanted or not filled(row.cells)):
                break
            if filled(row.cells):
                return row
        if wanted is not None:
            raise MalformedManifest(f"{self.where(wanted)}: the row has no value, so it is not the header")
        raise MalformedManifest(
            f"{location(self._origin.path)}, sheet {self.sheet}: empty; it needs a header and a row"
        )

    def _widened(self, row: Row) -> list[str]:
        """A row as wide as the header: empty cells at its end are not in the file."""
        width = len(self.headers)
        cells = row.cells
        if len(cells) == width:
            return cells
        if filled(cells[width:]):
            raise MalformedManifest(
                f"{self.where(row.number)}: {len(cells)} cells where the header has {width}; name the columns, or "
                "empty the cells beyond them"
            )
        return cells[:width] + [""] * (width - len(cells))

    @contextmanager
    def _book(self) -> Iterator[Book]:
        where = location(self._origin.path)
        with self._origin.raw() as raw, _translated(where), ExitStack() as stack:
            archived = _OPENERS.get(self._kind)
            yield archived(stack.enter_context(ZipFile(raw)), where) if archived else OtherWorkbook(raw, where)


# What is a zip of XML; the binary kinds go to python-calamine.
_OPENERS: dict[str, Callable[[ZipFile, str], Book]] = {"xlsx": xlsx.opened, "ods": OpenDocument}


@contextmanager
def _translated(where: str) -> Iterator[None]:
    try:
        yield
    except (ExpatError, KeyError, IndexError, ValueError, RuntimeError, BadZipFile) as error:
        raise UnreadableManifest(
            f"{where}: this workbook cannot be read ({error}); open it in Excel and save it again, or save it as CSV"
        ) from None
