"""One open manifest, whatever its format: its columns, its digest, its batches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from manifests.errors import ManifestError, NoRows, UnreadableManifest, place
from manifests.header_mapping import RESULT_COLUMNS, Headers, is_result, matters
from manifests.read.detect_format import Table, table_of
from manifests.read.frames import Cell, checked_headers, framed
from manifests.read.raw_file import Digest, Origin

if TYPE_CHECKING:
    from pandas import DataFrame

_MOST_CELLS = 400_000  # of a batch: a wide manifest is read in smaller ones, or memory would grow with its columns


@dataclass(frozen=True)
class Batch:
    """A piece of a manifest.

    `first_row` counts the rows from 1, without the header. `frame` holds the original cells as text (None only where
    the format knows null), `regen` the type, state and outcome of an earlier run if the file is its results.
    """

    first_row: int
    frame: DataFrame
    regen: DataFrame | None


class Source:
    """One open manifest. A context manager; may be read as often as one likes."""

    def __init__(self, origin: Origin, table: Table) -> None:
        self._origin = origin
        self._table = table
        self.path: str = origin.path
        self.digest: Digest = origin.digest
        self._escaped = table.escaped and Headers(table.headers).results
        self._headers = checked_headers([str(h) for h in self._unescaped(table.headers)], place(self.path))
        self.columns: Headers = Headers(self._headers)

    def batches(self, rows: int = 10_000) -> Iterator[Batch]:
        """The rows in order, at most about `rows` at a time. Raises ManifestError where the file is wrong."""
        done = 0
        for frame in self._table.frames(min(rows, 1 + _MOST_CELLS // (1 + len(self._headers)))):
            yield self._batch(done + 1, frame)
            done += len(frame)
        self._origin.verify_unchanged()
        if not done:
            raise NoRows(f"{place(self.path)}: a header but no rows; there is nothing to regenerate")

    def close(self) -> None:
        """Removes the temporary copy of standard input, if there is one."""
        self._origin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _batch(self, first_row: int, frame: DataFrame) -> Batch:
        if not self.columns.results:
            return Batch(first_row, frame, None)
        cells = {h: self._unescaped(frame.iloc[:, n].tolist()) for n, h in enumerate(self._headers) if matters(h)}
        nothing = [None] * len(frame)
        kept = framed([cells[h] for h in self.columns], self.columns, len(frame))
        told = {h.lower(): column for h, column in cells.items() if is_result(h)}
        return Batch(
            first_row, kept, framed([told.get(h, nothing) for h in RESULT_COLUMNS], RESULT_COLUMNS, len(frame))
        )

    def _unescaped(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        """The cells without the `'` that the writer of results puts before what could be taken for a formula."""
        if not self._escaped:
            return cells
        return [cell.removeprefix("'") if cell else cell for cell in cells]


def open_manifest(path: str, *, stdin: BinaryIO | None = None) -> Source:
    """Opens a manifest: the format by its first bytes and then its suffix; `-` is standard input (copied to a file).

    Raises ManifestError if it cannot be read, is in no known format or has no usable header line.
    """
    origin = Origin(path, _standard_input(stdin) if path == "-" else None)
    try:
        return Source(origin, table_of(origin))
    except ManifestError:
        origin.close()
        raise


def _standard_input(given: BinaryIO | None) -> BinaryIO:
    stdin = given or getattr(sys.stdin, "buffer", None)
    if stdin is None:  # as under some schedulers
        raise UnreadableManifest(f"{place('-')}: it is closed; pipe the manifest into it, or give a path")
    return stdin
