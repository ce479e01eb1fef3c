"""`runs`, `show`, `results`, `abandon`, `template`: what is there, without sending anything."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runner.config.settings import Flags, gather
from runner.domain.errors import ExitCode, LedgerError, Refused
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
from runner.runs.run_json import reread, write_document
from runner.system.console import printable, say, say_json
from runner.system.timestamps import duration, iso, now_microseconds

TICKET_NOTE = (
    "the messages are Zuora's words without ids, numbers and what the rows hold; read them before you send them"
)
CLOSED = frozenset({"finished", "halted", "abandoned", "refused"})


def list_runs(runs: Path, *, as_json: bool, unfinished: bool = False) -> ExitCode:
    """All runs in the folder, newest first; or the ids of the unfinished, oldest first. Reads run.json, and the ledgers
    of runs that were killed: their run.json is of their begin."""
    listed = [_listed(run, document) for run in all_runs(runs) if (document := run.document()) is not None]
    listed.sort(key=lambda document: str(document.get("started_at") or document.get("planned_at")), reverse=True)
    if unfinished:
        listed = [document for document in reversed(listed) if document["unfinished"]]
    if as_json:
        say_json(listed)
    elif unfinished:
        say("".join(f"{document['run']}\n" for document in listed), end="")
        return ExitCode.SUCCEEDED
    elif not listed:
        say(f"no runs in {runs}")
    for document in listed if not as_json else ():
        say(_run_line(document))
    return ExitCode.SUCCEEDED


def _listed(run: RunFolder, document: dict[str, Any]) -> dict[str, Any]:
    """A run's document with what its list adds: whether it is unfinished, and whether its process is gone."""
    status = document.get("status")
    crashed = status == "running" and not run.is_held()
    if crashed:
        with suppress(LedgerError):
            document = reread(run)
    begun, pending = document.get("started_at") is not None, document.get("counts", {}).get("pending", 0)
    unfinished = begun and status not in CLOSED and (status == "running" or pending > 0)
    return document | {"unfinished": unfinished, "crashed": crashed, "seconds": _seconds(document)}


def _seconds(document: dict[str, Any]) -> float | None:
    """From the first request to the last answer."""
    first, last = document.get("first_claimed_at"), document.get("last_answered_at")
    if first is None or last is None:
        return None
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def _run_line(document: dict[str, Any]) -> str:
    counts = document.get("counts", {"rows": 0})
    told = ", ".join(f"{counts[state]:,} {state}" for state in counts if state != "rows" and counts[state])
    when = str(document.get("started_at") or document.get("planned_at"))[:16].replace("T", " ")
    status = "crashed" if document["crashed"] else document.get("status", "?")
    took = f" in {duration(document['seconds'])}" if document["seconds"] is not None else ""
    idle = document["crashed"] or status != "running"
    go_on = f"; go on: regen resume {document.get('run')}" if document["unfinished"] and idle else ""
    return f"{when}  {status:<11} {document.get('run')}  {counts['rows']:,} rows: {told}{took}{go_on}"


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
            say_json(reread(folder) | {"failures": failures})
        else:
            document = reread(folder)
            if document["status"] == "running" and not folder.is_held():
                document["status"] = "crashed"
            say(summary(document, store, str(folder.path)))
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
        formats = wanted.formats if wanted.formats is not None else tuple(store.facts()["formats"])
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
            status = store.facts()["status"]
            if status == "finished":
                raise Refused(f"run {folder.id} is finished; there is nothing to abandon")
            folder.unseal()
            store.set_facts({"status": "abandoned", "ended_at": iso(now_microseconds())})
            store.set_facts({"head": Journal(store).close(now_microseconds())})
            write_views(store, folder.path, store.facts()["formats"], folder.id)
            write_report(store, folder.path, write_document(folder, store))
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
