"""The runs of a folder as `regen runs` lists them, and which of them a question is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from runner.domain.errors import LedgerError
from runner.domain.run_status import RunStatus
from runner.runs.brief import RunBrief, brief_of
from runner.runs.folder import RunFolder
from runner.runs.known_runs import KnownRun, known_runs
from runner.runs.lookup import started
from runner.runs.run_json import RunDocument

CRASHED = "crashed"  # run.json says running, and no process holds the run
STATUSES = (*(status.value for status in RunStatus), CRASHED)


@dataclass(frozen=True)
class ListedRun:
    """A run in the list, and whether its process is gone."""

    known: KnownRun
    crashed: bool

    @property
    def brief(self) -> RunBrief:
        """What is listed of the run."""
        return self.known.brief

    @property
    def status(self) -> str:
        """The status in the words of the list."""
        return CRASHED if self.crashed else self.brief.status

    @property
    def can_go_on(self) -> bool:
        """Whether the run may be resumed unattended."""
        return self.brief.unfinished and not self.brief.waits_for_person

    @property
    def seconds(self) -> float | None:
        """From the first request to the last response."""
        first, last = self.brief.first_claimed_at, self.brief.last_answered_at
        if first is None or last is None:
            return None
        return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()

    def as_json(self) -> dict[str, Any] | None:
        """The document with what the list adds; None if it has gone meanwhile."""
        folder = self.known.folder
        document = _current(folder) if self.crashed else folder.document()
        more = {
            "unfinished": self.can_go_on,
            "waits_for_person": self.brief.waits_for_person,
            "crashed": self.crashed,
            "seconds": self.seconds,
        }
        return None if document is None else document.as_json() | more


@dataclass(frozen=True)
class RunFilter:
    """Which runs are listed; what is None or empty excludes none."""

    tenant: str | None = None
    profile: str | None = None
    statuses: tuple[str, ...] = ()
    unfinished: bool = False
    needs_person: bool = False

    def takes(self, run: ListedRun) -> bool:
        """Whether a run is listed."""
        brief = run.brief
        return (
            (self.tenant is None or _is_of_tenant(brief, self.tenant.lower()))
            and self.profile in (None, brief.profile)
            and (not self.statuses or run.status in self.statuses)
            and (not self.unfinished or run.can_go_on)
            and (not self.needs_person or brief.waits_for_person)
        )


def _is_of_tenant(brief: RunBrief, word: str) -> bool:
    """Whether a word names the run's tenant: its id or digest (or eight characters of it at least), host or kind."""
    tenant, host = brief.tenant.lower(), brief.host.lower()
    beginning = len(word) >= 8 and tenant.startswith(word)
    return beginning or (bool(word) and word in (tenant, host, host.rpartition(":")[0], brief.tenant_kind))


def listed_runs(runs: Path, chosen: RunFilter | None = None) -> list[ListedRun]:
    """The runs of a folder that a filter takes, newest first."""
    chosen = chosen or RunFilter()
    listed = filter(chosen.takes, map(_listed, known_runs(runs)))
    return sorted(listed, key=lambda run: started(run.brief), reverse=True)


def _listed(run: KnownRun) -> ListedRun:
    """Looks into the ledgers of runs that were killed: their run.json is that of their start."""
    crashed = run.brief.status is RunStatus.RUNNING and not run.folder.is_held()
    if crashed and (document := _current(run.folder)) is not None:
        run = run._replace(brief=brief_of(document))
    return ListedRun(run, crashed)


def _current(folder: RunFolder) -> RunDocument | None:
    """What is known of a run that was killed while it ran: from its ledger, else the run.json of its start."""
    try:
        return structs.replace(folder.current_document(), status=RunStatus.RUNNING)
    except LedgerError:
        return folder.document()
