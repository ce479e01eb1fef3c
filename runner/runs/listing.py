"""The runs of a folder as `regen runs` lists them, and which of them a question is about."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from runner.domain.errors import LedgerError
from runner.domain.run_status import RunStatus
from runner.runs.folder import RunFolder, all_runs
from runner.runs.lookup import started
from runner.runs.run_json import RunDocument

CRASHED = "crashed"  # run.json says running, and no process holds the run
STATUSES = (*(status.value for status in RunStatus), CRASHED)


@dataclass(frozen=True)
class ListedRun:
    """A run in the list: its document, and whether its process is gone."""

    document: RunDocument
    crashed: bool

    @property
    def status(self) -> str:
        """The status in the words of the list."""
        return CRASHED if self.crashed else self.document.status

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
        document = run.document
        return (
            (self.tenant is None or _is_of_tenant(document, self.tenant.lower()))
            and self.profile in (None, document.profile)
            and (not self.statuses or run.status in self.statuses)
            and (not self.unfinished or run.can_go_on)
            and (not self.needs_person or document.waits_for_person)
        )


def _is_of_tenant(document: RunDocument, word: str) -> bool:
    """Whether a word names the run's tenant: its id or digest (or eight characters of it at least), host or kind."""
    tenant, host = document.tenant.lower(), document.host.lower()
    beginning = len(word) >= 8 and tenant.startswith(word)
    return beginning or (bool(word) and word in (tenant, host, host.rpartition(":")[0], document.tenant_kind))


def listed_runs(runs: Path, chosen: RunFilter | None = None) -> list[ListedRun]:
    """The runs of a folder that a filter takes, newest first."""
    chosen = chosen or RunFilter()
    return newest_first(run for run in map(_listed, all_runs(runs)) if run is not None and chosen.takes(run))


def newest_first(runs: Iterable[ListedRun]) -> list[ListedRun]:
    """By the time when they were started, else planned."""
    return sorted(runs, key=lambda run: started(run.document), reverse=True)


def _listed(run: RunFolder) -> ListedRun | None:
    """Reads run.json, and the ledgers of runs that were killed: their run.json is that of their start."""
    document = run.document()
    if document is None:
        return None
    crashed = document.status is RunStatus.RUNNING and not run.is_held()
    if crashed:
        with suppress(LedgerError):
            document = structs.replace(run.current_document(), status=document.status)
    return ListedRun(document, crashed)
