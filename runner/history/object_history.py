"""One object's fate over all runs of a folder, first to last: from the results, or the ledger where there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.domain.errors import LedgerError
from runner.history.sources import RunSource, mode_of, started
from runner.ledger import open_read_only, queries
from runner.system.timestamps import iso

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

    Raises LedgerError where a run without results has a ledger that cannot be read.
    """
    for source in sources:
        rows = _in_results(source, source.results, name) if source.results else _in_ledger(source, name)
        yield from sorted(rows, key=lambda row: row.line)


def _in_results(source: RunSource, results: str, name: str) -> Iterator[ObjectRow]:
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    is_object = (pc.field("regen_object") == name) | pc.starts_with(pc.field("regen_object"), name + " ")
    dataset = ds.dataset(results.partition("://")[2] or results, format="parquet", filesystem=source.files)
    table = dataset.to_table(columns=list(_COLUMNS), filter=is_object)
    for row in table.to_pylist():
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
