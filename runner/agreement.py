"""Whether result files say what the ledger says: row by row, and if not, where."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.ledger import Store, views
from runner.ledger.views import ResultLine
from runner.results import GROUP, Layout, csv_header, csv_row, parquet_groups, parquet_schema, render_csv

if TYPE_CHECKING:
    import pyarrow as pa

Lines = Callable[[], Iterable[ResultLine]]
Row = list[Any]


def differing_results(store: Store, folder: Path) -> Iterator[str]:
    """Where the result files of a run differ from its ledger."""
    layout = Layout(store.facts()["run_id"], views.manifests(store))
    formats = store.facts()["formats"]
    every, errors = partial(views.lines, store), partial(views.lines, store, only_errors=True)
    if "parquet" in formats:
        yield from parquet_differences(folder / "results.parquet", layout, every)
    if "csv" in formats:
        yield from csv_differences(folder / "results.csv", layout, every)
    yield from csv_differences(folder / "errors.csv", layout, errors)


def csv_differences(place: Path, layout: Layout, lines: Lines) -> Iterator[str]:
    """Where a CSV of results differs from the ledger; nothing if it is the same to the byte."""
    digest = _Digest()
    render_csv(digest, layout, lines())
    with place.open("rb") as file:
        if hashlib.file_digest(file, "sha256").digest() == digest.sha256.digest():
            return
    with place.open(encoding="utf-8", newline="") as text:
        reader = csv.reader(text)
        header = next(reader, None)
        due = csv_header(layout)
        if header != due:
            yield f"{place.name}: the header is not that of the run: {_first_difference(header or [], due, due)}"
            return
        found = differences(reader, (csv_row(layout, line) for line in lines()), layout.names)
        yield from _named(place, found, "the same cells, written in another way")


def parquet_differences(place: Path, layout: Layout, lines: Lines) -> Iterator[str]:
    """Where a Parquet file of results differs from the ledger."""
    import pyarrow.parquet as pq

    schema = parquet_schema(layout)
    with pq.ParquetFile(place) as file:
        written = _as_written(schema)
        if not file.schema_arrow.equals(written, check_metadata=True):
            yield f"{place.name}: its columns or its metadata are not those of the run"
            if file.schema_arrow.names != schema.names:
                return
        due = parquet_groups(layout, lines(), schema)
        groups = file.num_row_groups
        for group in range(groups):
            table = next(due, None)
            if table is None or not file.read_row_group(group).equals(table.cast(written)):
                begin = group * GROUP
                break
        else:
            if next(due, None) is None:
                return
            begin = 0
        told = _skipped(_parquet_rows(file), begin)
        expected = _skipped(map(layout.row, lines()), begin)
        yield from _named(place, differences(told, expected, layout.names), "the same cells in other types")


def _as_written(schema: pa.Schema) -> pa.Schema:
    """A schema as Parquet gives it back: the items of lists have another name there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.ParquetWriter(sink, schema).close()
    return pq.read_schema(pa.BufferReader(sink.getvalue()))


def differences(told: Iterable[Row], due: Iterable[Row], names: tuple[str, ...]) -> Iterator[str]:
    """Where rows that a file tells differ from those that are due: changed cells, rows missing, added, moved."""
    at = names.index("regen_line")
    file, ledger = _Ahead(told), _Ahead(due)
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


def _first_difference(told: Row, due: Row, names: Iterable[str]) -> str:
    if len(told) != len(due):
        return f"{len(told)} cells in the file, {len(due)} in the ledger"
    for name, here, there in zip(names, told, due, strict=True):
        if here != there:
            return f"{name} is {_short(here)} in the file, {_short(there)} in the ledger"
    return "the same cells"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _named(place: Path, differences: Iterator[str], otherwise: str) -> Iterator[str]:
    first = next(differences, None)
    if first is not None:
        yield from (f"{place.name}, {text}" for text in itertools.chain([first], differences))
    else:
        yield f"{place.name}: {otherwise}"


def _skipped(rows: Iterator[Row], count: int) -> Iterator[Row]:
    for _ in range(count):
        next(rows, None)
    return rows


def _parquet_rows(file: Any) -> Iterator[Row]:
    """The rows of a Parquet file as the layout tells them: times in microseconds."""
    import pyarrow as pa

    for batch in file.iter_batches(GROUP):
        columns = [
            column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in batch.columns
        ]
        yield from map(list, zip(*[column.to_pylist() for column in columns], strict=True))


class _Digest(io.RawIOBase):
    """A file that keeps nothing but the SHA-256 of what is written to it."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.sha256.update(data)
        return len(data)
