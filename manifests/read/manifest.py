"""One open manifest, whatever its format: its columns, its digest, its batches."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from manifests.errors import ManifestError, NoRows, UnreadableManifest, location
from manifests.header_mapping import RESULT_COLUMNS, Headers
from manifests.read.delimited import Delimited
from manifests.read.detect_format import Table, table_of
from manifests.read.frames import Cell, Piece, checked_headers, framed
from manifests.read.parquet import Parquet
from manifests.read.plain_columns import NotPlain
from manifests.read.raw_file import Digest, Origin
from manifests.reading import DEFAULT, Reading

if TYPE_CHECKING:
    from pandas import DataFrame

_KEEP_BACK = frozenset({"regen_state", "regen_outcome", "regen_attempts"})
_MOST_CELLS = 400_000  # of a batch: a wide manifest is read in smaller ones, or memory would grow with its columns


@dataclass(frozen=True)
class Batch:
    """A piece of a manifest.

    `rows` has the number of each row, counted from 1 after the header; rows without a value are counted but left out.
    `frame` holds the original cells as text (None only where the format knows null; `Typed` where a cell was no text),
    `regen` the type, state and outcome of an earlier run if the file is its results. `escaped`: a spreadsheet may
    have put a `'` before a text.
    """

    rows: Sequence[int]
    frame: DataFrame
    regen: DataFrame | None
    escaped: bool = False
    empty_before: int = 0  # how many rows without a value there are before the first


class Source:
    """One open manifest. A context manager; may be read as often as one likes."""

    def __init__(self, origin: Origin, table: Table, reading: Reading = DEFAULT) -> None:
        self.reading = reading
        self._origin = origin
        self._table = table
        self.path: str = origin.path
        self.digest: Digest = origin.digest
        self.sheet: str | None = table.sheet
        self.notes: Sequence[str] = table.notes
        self._escaped = table.escaped and Headers(table.headers).results
        self._headers = checked_headers([str(h) for h in self._unescaped(table.headers)], location(self.path))
        self.columns: Headers = Headers(self._headers)

    def batches(self, rows: int = 10_000) -> Iterator[Batch]:
        """The rows in order, at most about `rows` at a time. Raises ManifestError where the file is wrong."""
        done = 0
        for piece in self._table.frames(min(rows, 1 + _MOST_CELLS // (1 + len(self._headers)))):
            yield self._batch(piece, piece.rows[0] - 1 - done)
            done += len(piece.rows)
        self._origin.verify_unchanged()
        if not done:
            raise NoRows(f"{location(self.path)}: a header but no rows; there is nothing to regenerate")

    def batches_of(self, columns: Sequence[str], rows: int = 10_000) -> Iterator[Batch]:
        """As `batches`, but of some columns, and much quicker as far as the file is plain CSV or Parquet."""
        done = 0
        try:
            for piece in self._quick_frames(columns):
                yield Batch(piece.rows, piece.frame, None)
                done = piece.rows[-1]
            self._origin.verify_unchanged()
        except NotPlain:
            yield from self._after(done, columns, rows)

    def _quick_frames(self, columns: Sequence[str]) -> Iterator[Piece]:
        if self.columns.results or not isinstance(self._table, Delimited | Parquet):
            raise NotPlain
        rows = 0
        for piece in self._table.quick_frames(columns):
            rows += len(piece.rows)
            yield piece
        if not rows:
            raise NotPlain

    def _after(self, done: int, columns: Sequence[str], rows: int) -> Iterator[Batch]:
        """The rows after the first `done`, by the strict reader."""
        for batch in self.batches(rows):
            skipped = bisect_right(batch.rows, done)
            if skipped < len(batch.rows):
                frame = batch.frame[list(columns)].iloc[skipped:].reset_index(drop=True)
                yield Batch(batch.rows[skipped:], frame, None, batch.escaped)

    @property
    def name(self) -> str:
        """What messages call the manifest: `invoices.xlsx, sheet Mai`."""
        return location(self.path) + (f", sheet {self.sheet}" if self.sheet else "")

    def where(self, row: int) -> str:
        """A row as the person's own program numbers it: `invoices.xlsx, sheet Mai, row 22`."""
        return f"{self.name}, {self._table.unit} {self.shown_row(row):,}"

    def shown_row(self, row: int) -> int:
        """The number that the person's own program shows for a row."""
        return row + self._table.header_row

    def close(self) -> None:
        """Removes the temporary copy of standard input, if there is one."""
        self._origin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _batch(self, piece: Piece, empty_before: int) -> Batch:
        frame = piece.frame
        if not self.columns.results:
            return Batch(piece.rows, frame, self._left_of_results(frame), self._table.escaped, empty_before)
        cells = {h: self._unescaped(frame.iloc[:, n].tolist()) for n, h in enumerate(self._headers)}
        kept = framed([cells[h] for h in self.columns], self.columns, len(frame))
        earlier = {h.lower(): column for h, column in cells.items()}
        nothing = [None] * len(frame)
        columns = [earlier.get(h, nothing) for h in RESULT_COLUMNS]
        return Batch(piece.rows, kept, framed(columns, RESULT_COLUMNS, len(frame)))

    def _left_of_results(self, frame: DataFrame) -> DataFrame | None:
        """What keeps a row of unknown outcome back, though somebody has removed other columns of the results."""
        columns = {h.lower(): frame.iloc[:, n].tolist() for n, h in enumerate(self._headers) if h.lower() in _KEEP_BACK}
        if not columns.keys() - {"regen_attempts"}:
            return None
        nothing = [None] * len(frame)
        return framed([columns.get(h, nothing) for h in RESULT_COLUMNS], RESULT_COLUMNS, len(frame))

    def _unescaped(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        """The cells without the `'` that the writer of results puts before what could be taken for a formula."""
        if not self._escaped:
            return cells
        return [cell[1:] if cell and cell[0] == "'" else cell for cell in cells]


def open_manifest(path: str, *, reading: Reading = DEFAULT, stdin: BinaryIO | None = None) -> Source:
    """Opens a manifest: the format by its first bytes and then its suffix; `-` is standard input (copied to a file).

    Raises ManifestError if it cannot be read, is in no known format or has no usable header line.
    """
    origin = Origin(path, _standard_input(stdin) if path == "-" else None)
    try:
        return Source(origin, table_of(origin, reading), reading)
    except ManifestError:
        origin.close()
        raise


def _standard_input(stream: BinaryIO | None) -> BinaryIO:
    stdin = stream or getattr(sys.stdin, "buffer", None)
    if stdin is None:  # as under some schedulers
        raise UnreadableManifest(f"{location('-')}: it is closed; pipe the manifest into it, or give a path")
    return stdin
