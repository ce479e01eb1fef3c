"""`--retry-failed-from last`: tonight's run also takes the rows that failed in the last run of the same name.

They come as one more manifest of the step in which they failed, written beside the runs. A row that has failed in N
runs one after another is left out from then on (`--give-up-after N`), and that is reported, as is what failed in a step
that regenerates nothing tonight. The same command again, on the same day or while its run is unfinished, carries over
the same rows and so is the same run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from runner.domain.errors import LedgerError, Refused
from runner.domain.lifetimes import SAME_RUN_FOR
from runner.domain.run_status import RunStatus
from runner.domain.steps import Regenerate
from runner.ledger import Store, open_read_only, queries
from runner.ledger.facts import Carried as CarriedFact
from runner.ledger.queries import ResultLine
from runner.results.columns import Layout
from runner.results.writer import write_csv
from runner.runs.folder import RETRIES, RunFolder
from runner.runs.known_runs import KnownRun, known_runs
from runner.runs.lookup import find_run
from runner.runs.run_json import RunDocument
from runner.system.console import say
from runner.system.counting import counted
from runner.system.timestamps import utc_now

if TYPE_CHECKING:
    from runner.session.run_request import RunRequest

Row = tuple[int, str, str, str | None]  # step, operation, query, body: the same request in another run


@dataclass(frozen=True)
class Carried:
    """What is carried over: from which run, how many rows, how many were given up."""

    source: str | None = None
    rows: int = 0
    given_up: int = 0
    elsewhere: int = 0  # failed in steps that are none of `regenerate` now

    @property
    def fact(self) -> CarriedFact:
        """As the ledger notes it."""
        return CarriedFact(source=self.source, rows=self.rows, given_up=self.given_up)


def carry_over(
    request: RunRequest, runs: Path, host: str, tenant: str, fingerprint: Callable[[RunRequest], str]
) -> tuple[RunRequest, Carried | None]:
    """The request with the failed rows of the last run added. Raises Refused with the remedy.

    `fingerprint` gives the fingerprint of the run that a request would be.
    """
    named = request.retry_failed_from
    if named is None:
        if request.give_up_after is not None:
            raise Refused("--give-up-after says for how long --retry-failed-from carries a row over: give both")
        return request, None
    if "-" in request.manifests:
        raise Refused("--retry-failed-from: standard input can be read once only; give the manifest as a file")
    request, carried = _chosen(request, runs, host, tenant, fingerprint)
    if carried.given_up:
        rows = f"{counted(carried.given_up, 'row')} of run {carried.source}"
        say(f"regen: given up after {request.give_up_after} failures in a row: {rows}; see its errors.csv", err=True)
    if carried.elsewhere:
        rows = f"{counted(carried.elsewhere, 'row')} of run {carried.source}"
        say(
            f"regen: {rows} failed in steps that regenerate nothing now: not carried over; see its errors.csv", err=True
        )
    if (left := _left_behind(runs, carried.source)) is not None:
        say(f"regen: {left}", err=True)
    return request, carried


def _left_behind(runs: Path, source: str | None) -> str | None:
    """What else the last run has open: only that run may send it again, under the keys that it had. Said in words."""
    document = _document(RunFolder(runs / source)) if source is not None else None
    counts = {} if document is None else document.counts
    rows = ", ".join(f"{counts[state]:,} {state}" for state in ("pending", "unknown") if counts.get(state))
    if document is None or not rows:
        return None
    if document.status is RunStatus.ABANDONED:
        return f"run {source} was abandoned with rows left ({rows}), and they are not carried over"
    return f"run {source} has rows left ({rows}), and they are not carried over: regen resume {source}"


def _chosen(
    request: RunRequest, runs: Path, host: str, tenant: str, fingerprint: Callable[[RunRequest], str]
) -> tuple[RunRequest, Carried]:
    named = request.retry_failed_from or "last"
    if named != "last":
        return _with_failed(request, runs, _within(runs, find_run(runs, named)))
    last = _last(request, runs, host, tenant)
    if last is None:
        return request, Carried()
    candidate = _with_failed(request, runs, None if last.carried is None else last.carried.source)
    if _may_go_on(last) and fingerprint(candidate[0]) == last.fingerprint:
        return candidate
    return _with_failed(request, runs, last.run)


def _last(request: RunRequest, runs: Path, host: str, tenant: str) -> RunDocument | None:
    """The document of the last run of this name that has sent something to this tenant."""
    mine: list[tuple[str, RunFolder]] = []
    for run in known_runs(runs):
        brief = run.brief
        if (brief.name, brief.host, brief.tenant) == (request.stem, host, tenant):
            claimed = _first_claimed(run)
            if claimed is not None:
                mine.append((claimed, run.folder))
    folder = max(mine, key=lambda pair: pair[0], default=("", None))[1]
    document = None if folder is None else _document(folder)
    # by its folder's name, whatever that was when the run was made
    return None if folder is None or document is None else structs.replace(document, run=folder.id)


def _first_claimed(run: KnownRun) -> str | None:
    document = _document(run.folder) if run.brief.status is RunStatus.RUNNING else run.brief
    return None if document is None else document.first_claimed_at


def _within(runs: Path, run: RunFolder) -> str:
    """The id of a run in the runs folder. Raises Refused for one elsewhere: its chain cannot be followed."""
    if run.path.resolve().parent != runs.resolve():
        raise Refused(
            f"--retry-failed-from: run {run.id} is in {run.path.parent}, not in {runs}; say --runs-dir "
            f"{run.path.parent}, or give its errors.csv as one more manifest"
        )
    return run.id


def _document(run: RunFolder) -> RunDocument | None:
    """What is known of a run: run.json, or the ledger if the run is going on or was killed: run.json is of its begin
    then."""
    document = run.document()
    if document is not None and document.status is RunStatus.RUNNING:
        with suppress(LedgerError):
            return run.current_document()
    return document


def _may_go_on(document: RunDocument) -> bool:
    """Whether the same command again would be that run."""
    unfinished = document.status.resumable and document.counts["pending"] > 0
    started = document.started_at
    return unfinished or (started is not None and datetime.fromisoformat(started) > utc_now() - SAME_RUN_FOR)


def _with_failed(request: RunRequest, runs: Path, source: str | None) -> tuple[RunRequest, Carried]:
    if source is None:
        return request, Carried()
    if not (runs / source / "ledger.db").exists():
        return request, Carried(source)
    given_up = _given_up(runs, source, request.give_up_after)
    works, rows, left_out = [], 0, 0
    with open_read_only(runs / source / "ledger.db") as store:
        asking, elsewhere = dict(_requests(store)), Counter(line.step for line in _failed(store))
        for step in request.steps:
            work = step.work
            if isinstance(work, Regenerate):
                failed = [line for line in _failed(store) if line.step == step.number]
                kept = [line for line in failed if asking.get(line.line) not in given_up]
                rows, left_out = rows + len(kept), left_out + len(failed) - len(kept)
                del elsewhere[step.number]
                if kept:
                    _refuse_reading(work, source)
                    path = _written(store, runs, source, step.number, kept)
                    work = msgspec.structs.replace(work, manifests=(*work.manifests, str(path)))
            works.append(work)
    carried = Carried(source, rows, left_out, elsewhere.total())
    return (replace(request, works=tuple(works)) if rows else request), carried


def _refuse_reading(work: Regenerate, source: str) -> None:
    """Raises Refused for options that say how tonight's files are read and would misread an earlier run's rows."""
    options = [f"--{name.replace('_', '-')}" for name in ("sheet", "header_row", "encoding") if getattr(work, name)]
    if options:
        raise Refused(
            f"{' and '.join(options)} would also be used for the rows that failed in run {source}, and misread them; "
            "send "
            f"those by themselves with `regen run runs/{source}/errors.csv`, or save the manifest with its header in "
            "the first line, in UTF-8"
        )


def _failed(store: Store) -> Iterator[ResultLine]:
    return (line for line in queries.lines(store, only_errors=True) if line.state == "failed")


def _requests(store: Store) -> Iterator[tuple[int, Row]]:
    """The requests that failed, by row, as they are known in every run. A label would not do: several requests may be
    about one object."""
    return (
        (row, (step, operation, query, body)) for row, step, operation, query, body in queries.failed_requests(store)
    )


def _written(store: Store, runs: Path, source: str, step: int, lines: list[ResultLine]) -> Path:
    """The manifest of the rows that are carried over; the same for the same rows."""
    folder = runs / RETRIES
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{source}-step{step}.csv"
    return write_csv(path, Layout.of(store), lines)


def _given_up(runs: Path, source: str, after: int | None) -> set[Row]:
    """The requests that failed in each of the last `after` runs of the chain."""
    if after is None:
        return set()
    given_up: set[Row] | None = None
    run: str | None = source
    for _ in range(after):
        if run is None or not RunFolder(runs / run).ledger.exists():
            return set()
        with open_read_only(runs / run / "ledger.db") as store:
            failed = {row for _, row in _requests(store)}
            carried = store.facts().carried
            run = None if carried is None else carried.source
        given_up = failed if given_up is None else given_up & failed
    return given_up or set()
