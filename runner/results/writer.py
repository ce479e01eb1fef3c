"""The results: one line per manifest row, streamed out of the ledger to Parquet and CSV.

```
ledger ─▶ tables of 10,000 rows ─┬─▶ results.parquet, a row group each
                                 ├─▶ results.csv
                                 ├─▶ results.xlsx
                                 └─▶ errors.csv, the rows that need a person
```
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.ledger import Store
from runner.ledger.queries import TROUBLED, ResultLine, lines
from runner.results.columns import Layout
from runner.results.csv_table import csv_table
from runner.results.workbook import can_write_workbooks, writing_workbook
from runner.system.atomic_file import replacing
from runner.system.csv_dialect import csv_text, safe
from runner.system.runtime_tuning import give_back, seldom_collecting

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("parquet", "csv", "xlsx")
GROUP = 10_000
BATCH = 1_000  # rows turned into columns at a time: as many as the processor's cache holds


def grouped(layout: Layout, results: Iterable[ResultLine]) -> Iterator[pa.Table]:
    """Lines as tables, as results.parquet holds them: at most `GROUP` rows in each."""
    import pyarrow as pa

    schema = schema_of(layout)
    rows = map(layout.row, results)
    while batches := list(itertools.islice(_batches(rows, schema), GROUP // BATCH)):
        yield pa.Table.from_batches(batches, schema)


def _batches(rows: Iterator[list[Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    while batch := list(itertools.islice(rows, BATCH)):
        columns = zip(*batch, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def troubled(group: pa.Table) -> pa.Table:
    """The rows of a group that need a person."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return group.filter(pc.is_in(group["regen_state"], pa.array(TROUBLED)))


def schema_of(layout: Layout) -> pa.Schema:
    """The schema of results.parquet, with the run and the manifests' digests in its metadata."""
    import pyarrow as pa

    types: dict[str, Callable[[], Any]] = {
        "string": pa.string,
        "int32": pa.int32,
        "int64": pa.int64,
        "float64": pa.float64,
        "bool": pa.bool_,
        "list": lambda: pa.list_(pa.string()),
        "timestamp": lambda: pa.timestamp("us", tz="UTC"),
    }
    fields = [pa.field(name, types[kind]()) for name, kind in zip(layout.names, layout.kinds, strict=True)]
    digests = [{"path": source.path, "sha256": source.sha256} for source in layout.sources]
    metadata = {
        "regen_run": layout.run,
        "regen_schema_version": layout.version,
        "regen_manifests": json.dumps(digests, ensure_ascii=False),
    }
    return pa.schema(fields, metadata=metadata)


def csv_header(layout: Layout) -> bytes:
    """The first line of a CSV of results."""
    return csv_text([map(safe, layout.names)]).encode()


# -- writing ----------------------------------------------------------------------------------------------------


def write_views(store: Store, folder: Path, formats: Iterable[str]) -> list[Path]:
    """Write the results in the formats asked for, and errors.csv, in one pass. Returns the files."""
    layout = Layout.of(store, version=store.facts().results_version)
    paths = [folder / f"results.{name}" for name in FORMATS if name in formats]
    if not can_write_workbooks():  # a run that was planned elsewhere: its other files are made all the same
        paths = [path for path in paths if path.suffix != ".xlsx"]
    errors = folder / "errors.csv"
    with ExitStack() as stack, seldom_collecting():
        writes = [stack.enter_context(_writing(path, layout)) for path in paths]
        write_errors = stack.enter_context(_writing(errors, layout))
        for group in grouped(layout, lines(store, only_errors=not paths)):
            for write in writes:
                write(group)
            write_errors(troubled(group))
    give_back()
    return [*paths, errors]


def write_csv(path: Path, layout: Layout, results: Iterable[ResultLine]) -> Path:
    """Write lines as CSV that is safe to open in a spreadsheet."""
    with _writing(path, layout) as write:
        for group in grouped(layout, results):
            write(group)
    return path


def _writing(path: Path, layout: Layout) -> AbstractContextManager[Callable[[pa.Table], object]]:
    if path.suffix == ".xlsx":
        return writing_workbook(path, layout)
    return _writing_parquet(path, layout) if path.suffix == ".parquet" else _writing_csv(path, layout)


@contextmanager
def _writing_csv(path: Path, layout: Layout) -> Iterator[Callable[[pa.Table], object]]:
    with replacing(path) as file:
        file.write(csv_header(layout))
        yield lambda group: file.writelines(csv_table(group))


@contextmanager
def _writing_parquet(path: Path, layout: Layout) -> Iterator[Callable[[pa.Table], object]]:
    import pyarrow.parquet as pq

    with replacing(path) as file, pq.ParquetWriter(file, schema_of(layout), compression="zstd") as writer:
        yield lambda group: writer.write_table(group, GROUP)
