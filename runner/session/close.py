"""The end of an invocation: closing, results, report, run.json, seal."""

from __future__ import annotations

import contextlib

from runner.dispatch.circuit_breaker import Ending
from runner.domain.errors import Refused
from runner.domain.run_status import RunStatus
from runner.history.index_page import write_index
from runner.ledger import Journal, Settled, Store, open_writable
from runner.results.report import write_report
from runner.results.writer import write_views
from runner.runs.completeness import incomplete
from runner.runs.evidence import examine
from runner.runs.folder import RunFolder
from runner.runs.run_json import RunDocument
from runner.runs.send_notes import forget
from runner.system.console import say
from runner.system.recovery_points import reach
from runner.system.timestamps import iso, now_microseconds


def close_run(folder: RunFolder, store: Store, ending: Ending, journal: Journal) -> RunDocument:
    """Close the ledger of a run that ends here, write its views, and seal the folder. Returns run.json."""
    now = now_microseconds()
    journal.close(
        now,
        status=ending.status,
        ended_at=iso(now),
        exit_code=int(ending.exit_code),
        reason=ending.reason,
        needs_person=ending.needs_person or ending.status.needs_person,
    )
    reach("closed")
    return write_files(folder, store)


def abandon_run(folder: RunFolder) -> None:
    """Close a run that will not go on. Raises Refused for a finished run.

    What was changed in its ledger before is recorded: every later `verify` reports it.
    """
    with folder.lock():
        lost = incomplete(folder)
        examined = examine(folder, ledger_is_older=lost is not None)
        with open_writable(folder.ledger) as store:
            facts = store.facts()
            if facts.status is RunStatus.FINISHED:
                raise Refused(f"run {folder.id} is finished; there is nothing to abandon")
            folder.unseal()
            now = now_microseconds()
            breaches = facts.breaches + examined.breaches() + (() if lost is None else (lost.breach(),))
            Journal(store).close(now, status=RunStatus.ABANDONED, ended_at=iso(now), breaches=breaches)
            write_files(folder, store)


def write_files(folder: RunFolder, store: Store) -> RunDocument:
    """Write the views of a closed ledger, make it one plain file, and seal the folder. Returns run.json."""
    facts = store.facts()
    write_views(store, folder.path, facts.formats)
    reach("viewed")
    document = folder.write_document(store)
    write_report(store, folder.path, document)
    settled = store.settle_down()
    reach("settled-down")
    if settled is Settled.READ:
        say(
            f"another program is reading {folder.ledger} and does not end: the run has ended, its results are written, "
            f"but the folder is not sealed. Close that program, then `regen resume {folder.id}` seals it",
            err=True,
        )
        return document
    if settled is Settled.OPEN:
        say(f"another program has {folder.ledger} open: it stays in WAL until `regen resume {folder.id}`", err=True)
    forget(folder.path)
    folder.seal()
    reach("sealed")
    with contextlib.suppress(OSError):  # a page for people: the run has ended well without it
        write_index(folder.path.parent)
    return document
