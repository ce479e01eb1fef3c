"""Whether result files say what the ledger says: row by row, and if not, where.

All files are compared in one pass over the ledger, a group of rows at a time. Only one that differs is read again, row
by row, to tell where.
"""

from __future__ import annotations

import csv
import io
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.audit.check import Check, is_damage, run_check
from runner.ledger import Store, open_read_only, queries
from runner.results.columns import Layout
from runner.results.csv_table import csv_table
from runner.results.writer import GROUP, csv_header, grouped, schema_of, troubled
from runner.system.runtime_tuning import seldom_collecting

if TYPE_CHECKING:
    import pyarrow as pa

Row = list[Any]


def results_agree(ledger: Path, folder: Path) -> Check:
    """Whether the result files of a run in this folder tell what its ledger tells."""
    with open_read_only(ledger) as store, seldom_collecting():
        return run_check("results", "the results agree with the ledger", partial(_differing, store, folder))


def _differing(store: Store, folder: Path) -> Iterator[str]:
    """Where the result files of a run differ from its ledger."""
    facts = store.facts()
    layout = Layout.of(store, version=facts.results_version)
    with ExitStack() as stack:
        files: list[_ResultFile] = []
        if "parquet" in facts.formats:
            files.append(_Parquet(folder / "results.parquet", layout, stack))
        if "csv" in facts.formats:
            files.append(_Csv(folder / "results.csv", layout, stack))
        files.append(_Csv(folder / "errors.csv", layout, stack, only_errors=True))
        for group in grouped(layout, queries.lines(store)):
            for file in files:
                file.take(group)
        for file in files:
            if not file.agrees():
                yield from file.differences(grouped(layout, queries.lines(store, only_errors=file.only_errors)))


class _ResultFile(ABC):
    """A result file beside what the ledger gives, as far as its groups were taken."""

    def __init__(self, path: Path, layout: Layout, stack: ExitStack, *, only_errors: bool = False) -> None:
        self.path = path
        self.only_errors = only_errors
        self._layout = layout
        self._stack = stack
        self._differs = False
        self._open = False

    def take(self, group: pa.Table) -> None:
        """Compare a group with what comes next in the file."""
        if not self._differs:
            self._differs = not self._holds(troubled(group) if self.only_errors else group)

    def agrees(self) -> bool:
        """Whether the file holds the groups that were taken, and nothing else."""
        return not self._differs and self._holds(None)

    def _holds(self, group: pa.Table | None) -> bool:
        try:
            self._open = self._open or self._begins()
            return self._open and (self._is_over() if group is None else self._is_next(group))
        except Exception as error:
            if not is_damage(error):
                raise
            return False  # reading it for the differences names the damage

    @abstractmethod
    def _begins(self) -> bool:
        """Open the file: whether it begins as it should."""

    @abstractmethod
    def _is_next(self, group: pa.Table) -> bool:
        """Whether the group comes next."""

    @abstractmethod
    def _is_over(self) -> bool:
        """Whether nothing comes any more."""

    @abstractmethod
    def differences(self, due: Iterator[pa.Table]) -> Iterator[str]:
        """Where the file differs from these groups; some difference is told in any case."""


class _Csv(_ResultFile):
    """A CSV of results: the same to the byte."""

    def _begins(self) -> bool:
        self._file = self._stack.enter_context(self.path.open("rb"))
        return self._reads(csv_header(self._layout))

    def _is_next(self, group: pa.Table) -> bool:
        return all(map(self._reads, csv_table(group)))

    def _is_over(self) -> bool:
        return not self._file.read(1)

    def _reads(self, due: bytes) -> bool:
        return self._file.read(len(due)) == due

    def differences(self, due: Iterator[pa.Table]) -> Iterator[str]:
        """The header, or cells."""
        with self.path.open(encoding="utf-8", newline="") as text:
            reader = csv.reader(text)
            header = next(reader, [])
            (expected,) = _parsed(csv_header(self._layout))
            if header != expected:
                different = _first_difference(header, expected, expected)
                yield f"{self.path.name}: the header is not that of the run: {different}"
                return
            rows = itertools.chain.from_iterable(_parsed(lines) for group in due for lines in csv_table(group))
            unequal = differences(reader, rows, self._layout)
            yield from _named(self.path, unequal, "the same cells, written in another way")


def _parsed(data: bytes) -> Iterator[Row]:
    return csv.reader(io.StringIO(data.decode(), newline=""))


class _Parquet(_ResultFile):
    """A Parquet file of results: the same schema, the same rows in the same groups."""

    def _begins(self) -> bool:
        import pyarrow.parquet as pq

        self._written = _as_written(schema_of(self._layout))
        self._file = self._stack.enter_context(pq.ParquetFile(self.path))
        self._groups = 0  # that agree
        return bool(self._file.schema_arrow.equals(self._written, check_metadata=True))

    def _is_next(self, group: pa.Table) -> bool:
        if self._groups == self._file.num_row_groups:
            return False
        if not self._file.read_row_group(self._groups).equals(group.cast(self._written)):
            return False
        self._groups += 1
        return True

    def _is_over(self) -> bool:
        return bool(self._groups == self._file.num_row_groups)

    def differences(self, due: Iterator[pa.Table]) -> Iterator[str]:
        """Columns and metadata, or cells."""
        import pyarrow.parquet as pq

        written = _as_written(schema_of(self._layout))
        with pq.ParquetFile(self.path) as file:
            if not file.schema_arrow.equals(written, check_metadata=True):
                yield f"{self.path.name}: its columns or its metadata are not those of the run"
                if file.schema_arrow.names != written.names:
                    return
            unequal = differences(_rows(file.iter_batches(GROUP)), _rows(due), self._layout)
            yield from _named(self.path, unequal, "the same cells in other types")


def _as_written(schema: pa.Schema) -> pa.Schema:
    """A schema as Parquet gives it back: the items of lists have another name there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.ParquetWriter(sink, schema).close()
    return pq.read_schema(pa.BufferReader(sink.getvalue()))


def differences(shown: Iterable[Row], due: Iterable[Row], layout: Layout) -> Iterator[str]:
    """Where rows that a file tells differ from those that are due: changed cells, rows missing, added, moved."""
    at, names = layout.position("regen_line"), layout.names
    file, ledger = _Ahead(shown), _Ahead(due)
    while file.now is not None and ledger.now is not None:
        here, there = _cell(file.now, at), _cell(ledger.now, at)
        if here == there or _cell(file.next, at) == _cell(ledger.next, at):
            if file.now != ledger.now:
                yield f"row {there}: {_first_difference(file.now, ledger.now, names)}"
            file.step()
            ledger.step()
        elif _number(here) > _number(there):
            yield f"row {there}: missing"
            ledger.step()
        else:
            yield f"row {here}: there twice, out of order or of another run"
            file.step()
    for row in file.rest():
        yield f"row {_cell(row, at)}: not in the ledger, or there before"
    for row in ledger.rest():
        yield f"row {_cell(row, at)}: missing"


class _Ahead:
    """Rows with a look at the one to come; None after the last."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)
        self.now: Row | None = next(self._rows, None)
        self.next: Row | None = next(self._rows, None)

    def step(self) -> None:
        self.now, self.next = self.next, next(self._rows, None)

    def rest(self) -> Iterator[Row]:
        while self.now is not None:
            yield self.now
            self.step()


def _cell(row: Row | None, at: int) -> str | None:
    return str(row[at]) if row is not None and at < len(row) else None


def _number(cell: str | None) -> int:
    return int(cell) if cell is not None and cell.isdecimal() else 0


def _first_difference(shown: Row, due: Row, names: Iterable[str]) -> str:
    if len(shown) != len(due):
        return f"{len(shown)} cells in the file, {len(due)} in the ledger"
    for name, here, there in zip(names, shown, due, strict=True):
        if here != there:
            return f"{name} is {_short(here)} in the file, {_short(there)} in the ledger"
    return "the same cells"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _named(path: Path, differences: Iterator[str], otherwise: str) -> Iterator[str]:
    first = next(differences, None)
    if first is not None:
        yield from (f"{path.name}, {text}" for text in itertools.chain([first], differences))
    else:
        yield f"{path.name}: {otherwise}"


def _rows(tables: Iterable[Any]) -> Iterator[Row]:
    """The rows of tables as Python values: times in microseconds."""
    import pyarrow as pa

    for table in tables:
        columns = [
            column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in table.columns
        ]
        yield from map(list, zip(*[column.to_pylist() for column in columns], strict=True))
