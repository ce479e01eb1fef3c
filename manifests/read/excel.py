"""Excel workbooks: the first sheet, its first row the header. openpyxl is an optional extra."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from manifests.errors import MalformedManifest, UnreadableManifest, place
from manifests.read.frames import checked_headers, framed
from manifests.read.raw_file import Origin

if TYPE_CHECKING:
    from pandas import DataFrame

Record = list[str]


class Workbook:
    """A manifest in the first sheet of a workbook. Rows without a single value are no rows."""

    escaped = True

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        with self._records() as records:
            number, header = next(records, (1, []))
        if not header:
            raise MalformedManifest(f"{place(origin.path)}: the first sheet is empty; it needs a header and a row")
        self.headers = checked_headers(header, place(origin.path, number, "row"))

    def frames(self, rows: int) -> Iterator[DataFrame]:
        """The rows, in frames of at most `rows`. Raises ManifestError at a row that is wider than the header."""
        import numpy

        with self._records() as records:
            next(records)
            while some := [self._filled(number, record) for number, record in islice(records, rows)]:
                yield framed(list(numpy.array(some, dtype=object).T), self.headers, len(some))

    def _filled(self, number: int, record: Record) -> Record:
        """A row as wide as the header: empty cells at its end are not in the file."""
        missing = len(self.headers) - len(record)
        if missing < 0:
            raise MalformedManifest(
                f"{place(self._origin.path, number, 'row')}: {len(record)} cells where the header has "
                f"{len(self.headers)}; name the columns, or empty the cells beyond them"
            )
        return record + [""] * missing

    @contextmanager
    def _records(self) -> Iterator[Iterator[tuple[int, Record]]]:
        """The numbered rows that hold anything, as text, without the empty cells at their ends."""
        with self._origin.raw() as raw, self._translated():
            book = _opened(raw, self._origin.path)
            try:
                sheet = book.worksheets[0]
                sheet.reset_dimensions()  # some exporters declare them wrongly, and rows would be cut off
                rows = enumerate(sheet.iter_rows(values_only=True), 1)
                yield ((number, record) for number, row in rows if (record := _record(row)))
            finally:
                book.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (ParseError, KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise UnreadableManifest(
                f"{place(self._origin.path)}: no workbook that can be read ({error}); save it again, or as CSV"
            ) from None


def _opened(raw: Any, path: str) -> Any:
    try:
        load_workbook = import_module("openpyxl").load_workbook
    except ImportError:
        raise UnreadableManifest(
            f"{place(path)}: reading .xlsx needs openpyxl; pip install 'regeneration-runner[xlsx]', or save it as CSV"
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and drawings, which do not matter here
        return load_workbook(raw, read_only=True, data_only=True)


def _record(row: tuple[Any, ...]) -> Record:
    record = [_text(value) for value in row]
    while record and not record[-1]:
        record.pop()
    return record


def _text(value: Any) -> str:
    """A cell as text: whole numbers without `.0`, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    return value if isinstance(value, str) else str(value)
