"""Comma, semicolon, tab or bar separated text.

The csv module reads it, strictly: it is the one reader at hand that neither pads short rows nor stops at a NUL, and
that keeps quoted newlines. It costs 1 µs a row more than the parsers in C of pandas and pyarrow.

A blank line is no row. In a manifest of one column it is a row without its identifier, unless only blank lines follow:
a spreadsheet writes an empty cell so, and no row may be lost.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from manifests.errors import MalformedManifest, UnreadableManifest, place
from manifests.header_mapping import Headers
from manifests.read.decoding import LINE_END, Text
from manifests.read.delimiter import NAMES, separator
from manifests.read.frames import checked_headers, framed

if TYPE_CHECKING:
    from _csv import Reader

    from pandas import DataFrame

Record = list[str]
_MOST = 131_072  # characters of a cell: a longer one is a quote that was left open
_MOST_IN_RESULTS = 2**31 - 1
_SEPARATOR_LINE = re.compile(r"sep=([^\"\0\r\n])(\r\n|\r|\n)", re.IGNORECASE)  # Excel's own, before the header


class Delimited:
    """A manifest of delimited text."""

    escaped = True

    def __init__(self, text: Text) -> None:
        self._text = text
        self._path = text.origin.path
        self._preamble = _SEPARATOR_LINE.match(text.head)
        self._separator = self._preamble[1] if self._preamble else self._sniffed()
        self._most = _MOST
        with text.open() as stream:
            self.headers, _ = self._header(self._reader(stream))
        if Headers(self.headers).results:  # what another format could hold was written there, however long
            self._most = _MOST_IN_RESULTS

    def frames(self, rows: int) -> Iterator[DataFrame]:
        """The rows, in frames of at most `rows` (or one more). Raises ManifestError at the first line that is wrong."""
        import numpy

        with self._text.open() as stream:
            reader = self._reader(stream)
            _, line = self._header(reader)
            blanks = 0
            while records := self._records(reader, rows, line):
                line_after = reader.line_num + 1
                records, blanks = self._shaped(records, line, blanks)
                line = line_after
                if records:
                    table = numpy.array(records, dtype=object)
                    yield framed(list(table.T), self.headers, len(records))

    def _sniffed(self) -> str:
        text = self._text
        return separator(text.head, complete=text.complete, path=self._path, suffix=text.origin.suffix)

    def _reader(self, stream: Iterator[str]) -> Reader:
        csv.field_size_limit(self._most)
        return csv.reader(stream, delimiter=self._separator, strict=True)

    def _header(self, reader: Reader) -> tuple[tuple[str, ...], int]:
        """The first line that is not blank (nor Excel's `sep=;`), and the number of the line after it."""
        skip = 1 if self._preamble else 0
        line = 1
        while records := self._records(reader, 1, line):
            if not _blank(records[0]) and not (skip and line == 1):
                where = place(self._path, line)
                if any("\0" in cell for cell in records[0]):
                    raise UnreadableManifest(
                        f"{where}: no text but binary data; give a text file or one of the formats"
                    )
                return checked_headers(records[0], where), reader.line_num + 1
            line = reader.line_num + 1
        raise MalformedManifest(f"{place(self._path)}: the file is empty; it needs a header and at least one row")

    def _records(self, reader: Reader, count: int, line: int) -> list[Record]:
        records: list[Record] = []
        try:
            records.extend(islice(reader, count))
        except csv.Error as error:
            line += sum(map(_lines, records))
            raise MalformedManifest(f"{place(self._path, line)}: {_explained(error)}") from None
        return records

    def _shaped(self, records: list[Record], line: int, blanks: int) -> tuple[list[Record], int]:
        """The records that are rows, and how many blank lines wait for a row to follow them (in one column only)."""
        width = len(self.headers)
        if not blanks and set(map(len, records)) == {width}:
            return records, 0
        rows: list[Record] = []
        for record in records:
            if len(record) == width:
                rows.extend([[""]] * blanks)
                rows.append(record)
                blanks = 0
            elif not _blank(record):
                raise MalformedManifest(f"{place(self._path, line)}: {self._ragged(len(record))}")
            elif width == 1:
                blanks += 1
            line += _lines(record)
        return rows, blanks

    def _ragged(self, found: int) -> str:
        name = NAMES.get(self._separator, repr(self._separator))
        few = f"{found} field{'s' if found != 1 else ''} where the header has {len(self.headers)}"
        if found < len(self.headers):
            return f"{few}; add what is missing, or close a quote that is open"
        return f"{few}; remove what is too much, or put a value that contains a {name} into double quotes"


def _blank(record: Record) -> bool:
    return not record


def _lines(record: Record) -> int:
    """How many lines of the file a record takes: one, and one more for each line end inside it."""
    return 1 + sum(len(LINE_END.findall(cell)) for cell in record)


def _explained(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return "a double quote is opened here and never closed; close it, or double it if it belongs to the value"
    if "field larger" in message:
        return f"a value longer than {_MOST:,} characters begins here; is a double quote left open?"
    if "expected after" in message:
        return "text after a closing double quote; double the quotes that belong to the value"
    return f"not well-formed ({message}); save the file as CSV again"
