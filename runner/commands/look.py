"""`runs`, `show`, `results`, `abandon`, `template`: what is there, without sending anything."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from runner.config.settings import Flags, gather
from runner.domain.errors import ExitCode, LedgerError, Refused
from runner.domain.run_status import RunStatus
from runner.ledger import Journal, Store, open_read_only, open_writable, queries
from runner.results.columns import Layout
from runner.results.failures import Remedy, clusters, remedy_of
from runner.results.report import write_report
from runner.results.row_history import row_of_key, story, story_lines
from runner.results.summary import summary
from runner.results.support_ticket import ticket
from runner.results.writer import write_csv, write_views
from runner.runs.annotations import summed
from runner.runs.folder import RunFolder, all_runs, existing
from runner.runs.run_json import RunDocument
from runner.system.console import printable, say, say_json
from runner.system.timestamps import duration, iso, now_microseconds

TICKET_NOTE = (
    "the messages are Zuora's words without ids, numbers and what the rows hold; read them before you send them"
)


def list_runs(runs: Path, *, as_json: bool, unfinished: bool = False) -> ExitCode:
    """All runs in the folder, newest first; or the ids of the unfinished, oldest first. Reads run.json, and the ledgers
    of runs that were killed: their run.json is of their begin."""
    listed = [_listed(run, document) for run in all_runs(runs) if (document := run.document()) is not None]
    listed.sort(key=lambda run: str(run.document.started_at or run.document.planned_at), reverse=True)
    if unfinished:
        listed = [run for run in reversed(listed) if run.document.unfinished]
    if as_json:
        say_json([run.as_json() for run in listed])
    elif unfinished:
        say("".join(f"{run.document.run}\n" for run in listed), end="")
        return ExitCode.SUCCEEDED
    elif not listed:
        say(f"no runs in {runs}")
    for listed_run in listed if not as_json else ():
        say(_run_line(listed_run))
    return ExitCode.SUCCEEDED


@dataclass(frozen=True)
class _Listed:
    """A run in the list: its document, and whether its process is gone."""

    document: RunDocument
    crashed: bool

    @property
    def seconds(self) -> float | None:
        """From the first request to the last response."""
        return _seconds(self.document)

    def as_json(self) -> dict[str, Any]:
        """The document with what the list adds."""
        more = {"unfinished": self.document.unfinished, "crashed": self.crashed, "seconds": self.seconds}
        return self.document.as_json() | more


def _listed(run: RunFolder, document: RunDocument) -> _Listed:
    crashed = document.status is RunStatus.RUNNING and not run.is_held()
    if crashed:
        with suppress(LedgerError):
            document = structs.replace(run.current_document(), status=document.status)
    return _Listed(document, crashed)


def _seconds(document: RunDocument) -> float | None:
    """From the first request to the last answer."""
    first, last = document.first_claimed_at, document.last_answered_at
    if first is None or last is None:
        return None
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def _run_line(run: _Listed) -> str:
    document, counts = run.document, run.document.counts
    told = ", ".join(f"{counts[state]:,} {state}" for state in counts if state != "rows" and counts[state])
    when = str(document.started_at or document.planned_at)[:16].replace("T", " ")
    status = "crashed" if run.crashed else document.status
    took = f" in {duration(run.seconds)}" if run.seconds is not None else ""
    idle = run.crashed or document.status is not RunStatus.RUNNING
    go_on = f"; go on: regen resume {document.run}" if document.unfinished and idle else ""
    return f"{when}  {status:<11} {document.run}  {counts['rows']:,} rows: {told}{took}{go_on}"


@dataclass(frozen=True)
class Shown:
    """What of a run is to be shown: all of it, or one row; as text, as JSON, as a ticket."""

    row: int | None = None
    key: str | None = None
    ticket: bool = False
    as_json: bool = False


def show(runs: Path, run: str, asked: Shown) -> ExitCode:
    """One run's summary, the whole story of one of its rows, or a ticket about what failed."""
    folder = existing(runs, run)
    with open_read_only(folder.ledger) as store:
        row = row_of_key(store, folder.id, asked.key) if asked.key is not None else asked.row
        if asked.ticket:
            say("\n".join(ticket(store, row)))
            say(TICKET_NOTE, err=True)
        elif row is not None:
            told = story(store, folder, row)
            say_json(told) if asked.as_json else say("\n".join(story_lines(told)))
        elif asked.as_json:
            failures = [cluster.document() for cluster in clusters(queries.troubles(store))]
            say_json(folder.current_document().as_json() | {"failures": failures})
        else:
            document = folder.current_document()
            crashed = document.status is RunStatus.RUNNING and not folder.is_held()
            say(summary(document, store, str(folder.path), crashed=crashed))
            if (said := summed(folder)) is not None:
                say(f"  {said}")
    return ExitCode.SUCCEEDED


@dataclass(frozen=True)
class Wanted:
    """Which result files are wanted: in some formats (None: as the run says); or the errors that one remedy mends, of
    all steps or of some."""

    formats: tuple[str, ...] | None = None
    category: str | None = None
    steps: tuple[int, ...] = ()


def results(runs: Path, run: str, wanted: Wanted) -> ExitCode:
    """Make the views again, at any time; or the errors that one remedy mends. In a sealed folder they go to
    `after/<UTC time>/`."""
    if wanted.steps and wanted.category is None:
        raise Refused("--step goes with --category: the other files are of the whole run")
    folder = existing(runs, run)
    with open_read_only(folder.ledger) as store:
        if wanted.category is not None:
            say(str(_errors_of(store, folder, Remedy(wanted.category), wanted.steps)))
            return ExitCode.SUCCEEDED
        formats = wanted.formats if wanted.formats is not None else store.facts().formats
        for path in write_views(store, folder.later(), formats, folder.id):
            say(str(path))
    return ExitCode.SUCCEEDED


def _errors_of(store: Store, folder: RunFolder, mender: Remedy, steps: tuple[int, ...]) -> Path:
    """Write the failed rows that one remedy mends, those of some steps or of all. Unknown rows are left out: `resume`
    asks for them."""
    found = queries.manifests(store)
    if strange := set(steps) - {source.step for source in found}:
        raise Refused(f"run {folder.id} has no step {min(strange)}")
    layout = Layout(folder.id, [source for source in found if not steps or source.step in steps])
    wrong = (line for line in queries.lines(store, only_errors=True) if not steps or line.step in steps)
    chosen = (line for line in wrong if line.state != "unknown" and remedy_of(line) is mender)
    return write_csv(folder.later() / f"errors-{mender}.csv", layout, chosen)


def abandon(runs: Path, run: str) -> ExitCode:
    """Close a run that shall not go on; what it has recorded stays."""
    folder = existing(runs, run)
    with folder.lock():
        with open_writable(folder.ledger) as store:
            status = store.facts().status
            if status is RunStatus.FINISHED:
                raise Refused(f"run {folder.id} is finished; there is nothing to abandon")
            folder.unseal()
            store.set_facts(status=RunStatus.ABANDONED, ended_at=iso(now_microseconds()))
            store.set_facts(head=Journal(store).close(now_microseconds()))
            write_views(store, folder.path, store.facts().formats, folder.id)
            write_report(store, folder.path, folder.write_document(store))
            store.settle_down()
        folder.seal()
    say(f"run {folder.id} is abandoned; its results stay in {folder.path}")
    return ExitCode.SUCCEEDED


def template(type_: str, flags: Flags, *, backfill: bool) -> ExitCode:
    """Print an empty manifest for a type, or the tenant's own template for a type of backfill."""
    from manifests import TYPES
    from manifests import template as header
    from runner.plan.backfill import TYPES as BACKFILLS

    if backfill or (type_ in BACKFILLS and type_ not in TYPES):
        from runner.session.tenant_jobs import template_of

        say("\n".join(map(printable, template_of(gather(flags), type_))))
        return ExitCode.SUCCEEDED
    try:
        say(header(type_), end="")
    except ValueError as error:
        raise Refused(str(error)) from error
    return ExitCode.SUCCEEDED
