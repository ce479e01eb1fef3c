"""Named checks of a run: manifest, ledger and results agree, and every row has exactly one fate."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from manifests import ManifestError, Reading, Source, digest, open_manifest
from runner.audit.check import Check, Note, run_check
from runner.audit.results_match import results_agree
from runner.domain.errors import Refused
from runner.ledger import Manifest, Store, jobs, queries
from runner.ledger.integrity import pending_rows, rows_of, shared_ids, unbalanced
from runner.system.worker_process import beside
from runner.zuora.operations import OPERATIONS

MANY = 100_000  # rows, from which a process of its own is worth its start

_known = msgspec.json.Decoder(list[str | None]).decode


def results_of(store: Store, folder: Path) -> AbstractContextManager[Callable[[], Check]]:
    """Begin to compare the results with the ledger: for many rows that takes as long as all the rest."""
    rows, _, _ = rows_of(store)
    return beside(results_agree, store.path, folder, worth_it=rows >= MANY)


def reconcile(store: Store, folder: Path, results: Callable[[], Check] | None = None) -> list[Check]:
    """Every invariant of the run in this folder; `results` is what `results_of` yields, if that has begun."""
    checks = [
        run_check("unchanged", "every row is as its manifest has it", partial(_unchanged, store)),
        run_check("settled", "every request is settled", partial(_pending, store)),
        run_check("declared", "every success has the result that its operation declares", partial(_undeclared, store)),
        run_check("ids", "no id was returned for two requests", partial(_shared, store)),
        run_check("jobs", "the counts of every job agree with its result file", partial(_differing, store)),
    ]
    balance = run_check("balance", "rows add up", partial(unbalanced, store))
    compared = results_agree(store.path, folder) if results is None else results()
    rows = partial(_rows, store, folder, agreed=compared.passed)
    whole = run_check("rows", "every manifest row is in the results once, in order", rows)
    return [whole, *checks, compared, balance]


# -- rows -------------------------------------------------------------------------------------------------------


def _rows(store: Store, folder: Path, *, agreed: bool) -> Iterator[str]:
    """`agreed` says that the results tell, line by line, what the ledger tells: then a look at that is enough."""
    rows, first, last = rows_of(store)
    tables = [path for name in ("results.parquet", "results.csv") if (path := folder / name).exists()]
    if not tables:
        yield "there are no results; make them with `regen results`"
    formats = store.facts().formats if agreed and (first, last) == (1, rows) else ()
    for path in tables:
        if path.suffix[1:] in formats:
            continue
        lines = _parquet_lines(path) if path.suffix == ".parquet" else _csv_lines(path)
        yield from (f"{path.name}, {problem}" for problem in out_of_order(lines, rows))


def out_of_order(lines: Iterator[int], rows: int) -> Iterator[str]:
    """Where lines are not 1, 2, 3, … up to `rows`."""
    due = 1
    for line in lines:
        if line < due:
            yield f"row {line}: there twice, or out of order"
            continue
        if line > due:
            yield f"row {due}: missing" if line == due + 1 else f"rows {due} to {line - 1}: missing"
        due = line + 1
    if due <= rows:
        yield f"row {due}: missing" if due == rows else f"rows {due} to {rows}: missing"
    elif due > rows + 1:
        yield f"row {due - 1}: the run has {rows} rows"


def _parquet_lines(path: Path) -> Iterator[int]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["regen_line"]):
            yield from batch.column(0).to_pylist()


def _csv_lines(path: Path) -> Iterator[int]:
    with path.open(encoding="utf-8", newline="") as text:
        reader = csv.reader(text)
        at = next(reader).index("regen_line")
        yield from (int(row[at]) for row in reader)


def _unchanged(store: Store) -> Iterator[str]:
    """Manifest by manifest: whether the ledger holds its rows as they are in the file, if that is there still."""
    for recorded in queries.manifests(store):
        if not recorded.path:
            continue  # a step that has no manifest
        reason = _gone(recorded)
        if reason is None:
            yield from _changed(store, recorded)
        else:
            yield Note(f"{recorded.path}: {reason}; what the ledger holds of it was compared with the results")


def _gone(recorded: Manifest) -> str | None:
    """Why a manifest cannot be read again; None if it can."""
    if recorded.path == "-":
        return "it was standard input"
    if not Path(recorded.path).is_file():
        return "it no longer exists"
    try:
        now = digest(recorded.path)
    except ManifestError as error:
        return str(error)
    return None if now.sha256 == recorded.sha256 else "it has changed since (its SHA-256 differs)"


def _changed(store: Store, recorded: Manifest) -> Iterator[str]:
    options = next((step.options for step in queries.steps(store) if step.number == recorded.step), {})
    with open_manifest(recorded.path, reading=_reading(options)) as source:
        if tuple(source.columns) != recorded.columns:
            yield f"{recorded.path}: its columns are not those of the ledger"
            return
        ledger = queries.cells(store, recorded.number)
        for row, cells in _cells(source):
            line, number, known = next(ledger, (0, 0, ""))
            if number != row or _known(known) != cells:
                yield f"row {line} ({recorded.path}, row {row}): not as in the manifest"
        if next(ledger, None) is not None:
            yield f"{recorded.path}: the ledger holds more rows than it"


def _reading(options: Mapping[str, Any]) -> Reading:
    """How a step has read its manifests."""
    return Reading(**{each.name: options[each.name] for each in fields(Reading) if options.get(each.name) is not None})


def _cells(source: Source) -> Iterator[tuple[int, list[str | None]]]:
    """The rows of a manifest: number and cells, as the ledger keeps them."""
    for batch in source.batches():
        columns = [batch.frame[name].tolist() for name in source.columns]
        for at, cells in enumerate(zip(*columns, strict=True)):
            yield batch.rows[at], list(cells)


# -- requests and ids -------------------------------------------------------------------------------------------


def _pending(store: Store) -> Iterator[str]:
    for row, label in pending_rows(store):
        yield f"row {row}: {label} is pending"


def _undeclared(store: Store) -> Iterator[str]:
    for made in queries.made(store):
        operation = OPERATIONS.get(made.operation)
        if operation is None:
            yield f"row {made.row}: an operation {made.operation!r} that nobody knows"
        elif not all(made.ids) or operation.ids.count not in (None, len(made.ids)):
            yield f"row {made.row}: {made.label} succeeded without a whole {operation.declares}"
        elif not made.ids and operation.ids.count is None:
            yield Note(f"row {made.row}: {made.label} succeeded with an empty idList")


def _shared(store: Store) -> Iterator[str]:
    for shared in shared_ids(store):
        rows = f"id {shared.id}: rows {shared.rows.replace(',', ', ')}"
        yield rows if shared.objects > 1 else Note(f"the API said so twice for the same object: {rows}")


def _differing(store: Store) -> Iterator[str]:
    for row, job in jobs.differing(store):
        yield f"row {row}: {job}"


def run_time(store: Store) -> tuple[int, int]:
    """When the run's first request was claimed and its last answered, in microseconds. Raises Refused if none was."""
    _, first, last = queries.sendings(store)
    if first is None or last is None:
        raise Refused("nothing was sent from this run: there is nothing to compare with")
    return first, last
