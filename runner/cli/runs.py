"""`regen runs`: the runs in the folder."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode, LedgerError
from runner.domain.run_status import RunStatus

if TYPE_CHECKING:
    from runner.runs.folder import RunFolder
    from runner.runs.run_json import RunDocument


@click.command(cls=Command)
@options.runs_dir
@options.option(
    "--unfinished", section="What", is_flag=True, help="Only ids: of runs that can go on unattended, oldest first."
)
@options.option(
    "--needs-person", section="What", is_flag=True, help="Only ids: of runs that need a person, oldest first."
)
@options.option("--json", "json_", section="Output", is_flag=True, help="Print a JSON array.")
def runs(unfinished: bool, needs_person: bool, json_: bool, **params: Any) -> ExitCode:
    """List the runs in the folder, newest first.

    \b
    Examples:
      regen runs --profile nightly --limit 10
      regen runs --json | jq '.[0].counts'
      for run in $(regen runs --unfinished); do regen resume "$run"; done

    Exit code: 0.
    """
    from runner.runs.folder import all_runs
    from runner.runs.lookup import started
    from runner.system.console import say, say_json

    folder = options.runs_folder(params)
    listed = [_listed(run, document) for run in all_runs(folder) if (document := run.document()) is not None]
    listed.sort(key=lambda run: started(run.document), reverse=True)
    if unfinished:
        listed = [run for run in reversed(listed) if run.can_go_on]
    if needs_person:
        listed = [run for run in reversed(listed) if run.document.waits_for_person]
    if json_:
        say_json([run.as_json() for run in listed])
    elif unfinished or needs_person:
        say("".join(f"{run.document.run}\n" for run in listed), end="")
    else:
        say("\n".join(map(_line, listed)) or f"no runs in {folder}")
    return ExitCode.SUCCEEDED


@dataclass(frozen=True)
class _Listed:
    """A run in the list: its document, and whether its process is gone."""

    document: RunDocument
    crashed: bool

    @property
    def can_go_on(self) -> bool:
        """Whether the run may be resumed unattended."""
        return self.document.unfinished and not self.document.waits_for_person

    @property
    def seconds(self) -> float | None:
        """From the first request to the last response."""
        first, last = self.document.first_claimed_at, self.document.last_answered_at
        if first is None or last is None:
            return None
        return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()

    def as_json(self) -> dict[str, Any]:
        """The document with what the list adds."""
        more = {
            "unfinished": self.can_go_on,
            "waits_for_person": self.document.waits_for_person,
            "crashed": self.crashed,
            "seconds": self.seconds,
        }
        return self.document.as_json() | more


def _listed(run: RunFolder, document: RunDocument) -> _Listed:
    """Reads run.json, and the ledgers of runs that were killed: their run.json is that of their start."""
    from msgspec import structs

    crashed = document.status is RunStatus.RUNNING and not run.is_held()
    if crashed:
        with suppress(LedgerError):
            document = structs.replace(run.current_document(), status=document.status)
    return _Listed(document, crashed)


def _line(run: _Listed) -> str:
    from runner.system.counting import counted
    from runner.system.timestamps import duration

    document, counts = run.document, run.document.counts
    states = ", ".join(f"{counts[state]:,} {state}" for state in counts if state != "rows" and counts[state])
    when = str(document.started_at or document.planned_at)[:16].replace("T", " ")
    status = "crashed" if run.crashed else document.status
    took = f" in {duration(run.seconds)}" if run.seconds is not None else ""
    idle = run.crashed or document.status is not RunStatus.RUNNING
    go_on = f"; go on: regen resume {document.run}" if document.unfinished and idle else ""
    if document.waits_for_person:
        go_on = f"; needs a person: regen show {document.run}"
    return f"{when}  {status:<11} {document.run}  {counted(counts['rows'], 'row')}: {states}{took}{go_on}"
