"""The end of an invocation: results, report, run.json, seal."""

from __future__ import annotations

import contextlib

from runner.dispatch.circuit_breaker import Ending
from runner.history.index_page import write_index
from runner.ledger import Journal, Store
from runner.results.report import write_report
from runner.results.writer import write_views
from runner.runs.folder import RunFolder
from runner.system.console import say
from runner.system.recovery_points import reach
from runner.system.timestamps import iso, now_microseconds


def close_run(folder: RunFolder, store: Store, ending: Ending, journal: Journal) -> None:
    """Write the views of a run that ends here, make its ledger one plain file, and seal the folder."""
    store.set_facts(
        status=ending.status,
        ended_at=iso(now_microseconds()),
        exit_code=int(ending.exit_code),
        reason=ending.reason,
        needs_person=ending.needs_person or ending.status.needs_person,
    )
    store.set_facts(head=journal.close(now_microseconds()))
    write_views(store, folder.path, store.facts().formats)
    reach("viewed")
    write_report(store, folder.path, folder.write_document(store))
    if not store.settle_down():
        say(f"another program has {folder.ledger} open: it stays in WAL until `regen resume {folder.id}`", err=True)
    reach("settled-down")
    folder.seal()
    reach("sealed")
    with contextlib.suppress(OSError):  # a page for people: the run has ended well without it
        write_index(folder.path.parent)
