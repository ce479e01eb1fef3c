"""`regen abandon`: close a run that will not go on."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.domain.errors import ExitCode, Refused
from runner.domain.run_status import RunStatus


@click.command()
@options.run_argument
@options.runs_dir
def abandon(**params: Any) -> ExitCode:
    """Close a run that will not go on; what it has recorded stays.

    \b
    Example:
      regen abandon RUN
    """
    from runner.ledger import Journal, open_writable
    from runner.results.report import write_report
    from runner.results.writer import write_views
    from runner.runs.lookup import find_run
    from runner.system.console import say
    from runner.system.timestamps import iso, now_microseconds

    folder = find_run(options.runs_folder(params), params["run"])
    with folder.lock():
        with open_writable(folder.ledger) as store:
            status = store.facts().status
            if status is RunStatus.FINISHED:
                raise Refused(f"run {folder.id} is finished; there is nothing to abandon")
            folder.unseal()
            store.set_facts(status=RunStatus.ABANDONED, ended_at=iso(now_microseconds()))
            store.set_facts(head=Journal(store).close(now_microseconds()))
            write_views(store, folder.path, store.facts().formats)
            write_report(store, folder.path, folder.write_document(store))
            store.settle_down()
        folder.seal()
    say(f"run {folder.id} is abandoned; its results stay in {folder.path}")
    return ExitCode.SUCCEEDED
