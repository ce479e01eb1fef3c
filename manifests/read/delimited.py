"""Comma, semicolon, tab or bar separated text.

The csv module reads it, strictly: it is the one reader at hand that neither pads short rows nor stops at a NUL, and
that keeps quoted newlines. It costs 1 µs a row more than the parsers in C of pandas and pyarrow.

A line without any value, blank or of separators only, is no row; it is counted, so that the number of a row leads to it
in a spreadsheet.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from manifests.errors import MalformedManifest, UnreadableManifest, location
from manifests.read.decoding import LINE_END, Text
from manifests.read.delimiter import NAMES, separator
from manifests.read.frames import Piece, checked_headers, filled, piece
from manifests.read.plain_columns import NotPlain, plain_pieces
from manifests.reading import Reading

if TYPE_CHECKING:
    from _csv import Reader

Record = list[str]
_MOST = 16 * 1024 * 1024  # characters of a cell: a longer one is a quote that was left open
_CTRL_Z = "\x1a"  # the end of a text file on DOS
_SEPARATOR_LINE = re.compile(r"\"?sep=([^\"\0\r\n])\"?(\r\n|\r|\n)", re.IGNORECASE)  # Excel's own, before the header

_SPACE_BEFORE_QUOTE = re.compile(r"^[^\r\n]*[,;|\t] +\"", re.MULTILINE)


class Delimited:
    """A manifest of delimited text."""

    escaped = True
    sheet: str | None = None
    notes: Sequence[str] = ()
    unit = "row"

    def __init__(self, text: Text, reading: Reading) -> None:
        self._text, self._wanted = text, reading.header_row
        self._path = text.origin.path
        self._preamble = _SEPARATOR_LINE.match(text.head)
        self._separator = self._preamble[1] if self._preamble else self._sniffed()
        self._spaced = _SPACE_BEFORE_QUOTE.search(text.head) is not None
        self.header_row = 1
        with text.open() as stream:
            self.headers, _ = self._header(self._reader(stream))

    def frames(self, rows: int) -> Iterator[Piece]:
        """The rows, in pieces of at most `rows`. Raises ManifestError at the first line that is wrong."""
        with self._text.open() as stream:
            reader = self._reader(stream)
            _, line = self._header(reader)
            first = 1
            while records := self._records(reader, rows, line):
                kept, numbers = self._shaped(records, line, first)
                first += len(records)
                line = reader.line_num + 1
                if kept:
                    yield piece(kept, self.headers, numbers)

    def quick_frames(self, columns: Sequence[str]) -> Iterator[Piece]:
        """Some columns of the rows, quickly. Raises NotPlain where `frames` has to go on."""
        if not self._plain():
            raise NotPlain
        with self._text.origin.content() as stream:
            yield from plain_pieces(stream, self._separator, self.headers, columns)

    def _plain(self) -> bool:
        """Whether the header is one line, the first, and the text UTF-8."""
        line = LINE_END.split(self._text.head, maxsplit=1)[0]
        usual = self._text.encoding in ("utf-8", "utf-8-sig", "ascii") and not self._preamble and not self._spaced
        return usual and self.header_row == 1 and line.count('"') % 2 == 0

    def _sniffed(self) -> str:
        text = self._text
        return separator(text.head, complete=text.complete, path=self._path, suffix=text.origin.suffix)

    def _reader(self, stream: Iterator[str]) -> Reader:
        csv.field_size_limit(_MOST)
        lines = _without_end_mark(stream)
        return csv.reader(lines, delimiter=self._separator, strict=True, skipinitialspace=self._spaced)

    def _header(self, reader: Reader) -> tuple[tuple[str, ...], int]:
        """The first line that is not blank (nor Excel's `sep=;`), and the number of the line after it."""
        skip = 1 if self._preamble else 0
        line, number = 1, 0
        while records := self._records(reader, 1, line):
            number += 1
            if self._wanted in (None, line) and filled(records[0]) and not (skip and line == 1):
                self.header_row = number
                where = location(self._path, line)
                if any("\0" in cell for cell in records[0]):
                    raise UnreadableManifest(f"{where}: binary data, not text; give a text file or one of the formats")
                return checked_headers(_cleaned(records[0]), where), reader.line_num + 1
            line = reader.line_num + 1
        if self._wanted is not None:
            raise MalformedManifest(
                f"{location(self._path, self._wanted)}: no line with a value begins here, so it is not the header"
            )
        raise MalformedManifest(f"{location(self._path)}: the file is empty; it needs a header and at least one row")

    def _records(self, reader: Reader, count: int, line: int) -> list[Record]:
        records: list[Record] = []
        try:
            records.extend(islice(reader, count))
        except csv.Error as error:
            line += sum(map(_lines, records))
            raise MalformedManifest(f"{location(self._path, line)}: {_explained(error)}") from None
        return records

    def _shaped(self, records: list[Record], line: int, first: int) -> tuple[list[Record], Sequence[int]]:
        """The records that have a value, and their numbers."""
        width = len(self.headers)
        if set(map(len, records)) == {width} and all(map(_first_filled, records)):
            return records, range(first, first + len(records))
        rows: list[Record] = []
        numbers: list[int] = []
        for number, record in enumerate(records, first):
            if filled(record):
                if len(record) != width:
                    raise MalformedManifest(f"{location(self._path, line)}: {self._ragged(len(record))}")
                rows.append(record)
                numbers.append(number)
            line += _lines(record)
        return rows, numbers

    def _ragged(self, cells: int) -> str:
        name = NAMES.get(self._separator, repr(self._separator))
        few = f"{cells} field{'s' if cells != 1 else ''} where the header has {len(self.headers)}"
        if cells < len(self.headers):
            return f"{few}; add what is missing, or close a quote that is open"
        return f"{few}; remove what is too much, or put a value that contains a {name} into double quotes"


def _first_filled(record: Record) -> bool:
    """Whether the first cell has a value: quicker than a look at all, and true of nearly every row."""
    return bool(record[0]) and not record[0].isspace()


def _cleaned(header: Record) -> Record:
    """A header without the marks that a file joined to another one leaves in front, and quotes around them."""
    first = header[0].lstrip("\ufeff")
    if first != header[0] and len(first) > 1 and first[0] == first[-1] == '"':
        first = first[1:-1]
    return [first, *header[1:]]


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


def _without_end_mark(stream: Iterable[str]) -> Iterator[str]:
    """The lines without a last one that is only DOS's mark of the end; elsewhere it is a character of a value."""
    held = ""
    for line in stream:
        if held:
            yield held
        held = line if line[0] == _CTRL_Z and not line.strip(_CTRL_Z + "\r\n") else ""
        if not held:
            yield line
