"""One object's fate over all runs of a folder, first to last: from the results, or the ledger where there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from runner.domain.errors import LedgerError
from runner.history.sources import RunSource, mode_of, started
from runner.ledger import open_read_only, queries
from runner.system.timestamps import iso

THREADS = 8
_COLUMNS = (
    *("regen_step", "regen_line", "regen_source", "regen_row", "regen_operation", "regen_object", "regen_outcome"),
    *("regen_id_list", "regen_error_message", "regen_settled_at"),
)


@dataclass(frozen=True)
class ObjectRow:
    """A row about the object in one run. Times are ISO 8601 in UTC; `outcome` is that of the row's request."""

    run: str
    started: str
    line: int
    source: str
    row: int
    operation: str
    object: str
    mode: str | None
    outcome: str
    ids: tuple[str, ...] = ()
    error: str | None = None
    settled: str | None = None


def object_history(sources: Sequence[RunSource], name: str) -> Iterator[ObjectRow]:
    """Every row about an object, in the order of the runs. `A-S1` also finds `A-S1 v2` and `O-1` also `O-1 / 2`.

    Raises LedgerError where a run's results cannot be read, or the ledger of one without results.
    """
    with ThreadPoolExecutor(THREADS) as pool:  # Parquet is read outside of Python, storage mostly makes one wait
        for rows in pool.map(partial(_rows_of, name=name), sources):
            yield from sorted(rows, key=lambda row: row.line)


def _rows_of(source: RunSource, name: str) -> list[ObjectRow]:
    return list(_in_results(source, source.results, name) if source.results else _in_ledger(source, name))


def _in_results(source: RunSource, results: str, name: str) -> Iterator[ObjectRow]:
    for row in _matching(source, results, name):
        settled = row["regen_settled_at"]
        yield ObjectRow(
            run=source.document.run,
            started=started(source),
            line=row["regen_line"],
            source=row["regen_source"],
            row=row["regen_row"],
            operation=row["regen_operation"],
            object=row["regen_object"],
            mode=_mode(source, row["regen_step"]),
            outcome=row["regen_outcome"],
            ids=tuple(row["regen_id_list"] or ()),
            error=row["regen_error_message"],
            settled=settled and iso(int(settled.timestamp() * 1_000_000)),
        )


def _matching(source: RunSource, results: str, name: str) -> Iterator[dict[str, Any]]:
    """The rows about the object. Of row groups without one, only the column of the objects is read."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(results.partition("://")[2] or results, filesystem=source.files) as file:
            for group in range(file.num_row_groups):
                objects = file.read_row_group(group, columns=["regen_object"]).column(0)
                matches = pc.or_(pc.equal(objects, name), pc.starts_with(objects, name + " "))
                if pc.any(matches).as_py():
                    yield from file.read_row_group(group, columns=list(_COLUMNS)).filter(matches).to_pylist()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise LedgerError(
            f"the results of run {source.document.run} cannot be read: {results}: {reason.rstrip('.')}. "
            f"`regen verify {source.document.run}` shows what is damaged; move the folder away to search the others"
        ) from error


def _in_ledger(source: RunSource, name: str) -> Iterator[ObjectRow]:
    if source.files is not None:
        raise LedgerError(f"run {source.document.run} is published without results.parquet, and is not searched")
    if not source.folder.ledger.exists():
        raise LedgerError(f"{source.folder.path} has neither results nor a ledger")
    with open_read_only(source.folder.ledger) as store:
        for line in queries.lines(store):
            if line.object is not None and (line.object == name or line.object.startswith(name + " ")):
                yield ObjectRow(
                    run=source.document.run,
                    started=started(source),
                    line=line.line,
                    source=next(m.path for m in queries.manifests(store) if m.number == line.manifest),
                    row=line.row,
                    operation=line.operation or "",
                    object=line.object,
                    mode=_mode(source, line.step),
                    outcome=line.outcome or line.state,
                )


def _mode(source: RunSource, number: int) -> str | None:
    step = next((step for step in source.document.steps if step.number == number), None)
    return mode_of(step) if step is not None and step.do == "regenerate" else None
