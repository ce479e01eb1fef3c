"""The other runs of the folder, as a new command must see them: its own earlier self, a twin, objects in doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runner.domain.errors import LedgerError
from runner.domain.lifetimes import SAME_RUN_FOR
from runner.domain.run_status import RunStatus
from runner.ledger import open_read_only, queries
from runner.plan.planner import Opened
from runner.runs.folder import RunFolder, all_runs
from runner.runs.run_json import RunDocument
from runner.session.open_run import OpenRun


def same_command(runs: Path, stem: str, fingerprint: str, now: datetime) -> RunFolder | None:
    """The run that the same command started in the last 20 hours, whatever the date; the last one, if there are more.

    Only ids that the program chose count: a run under a fixed --run-id is the run of another command.
    """
    chosen = re.compile(rf"\d{{4}}-\d\d-\d\d-{re.escape(stem)}-{fingerprint[:8]}(-\d+)?")
    started: list[tuple[datetime, RunFolder]] = []
    for run in all_runs(runs):
        document = run.document() if chosen.fullmatch(run.id) else None
        if document is not None and document.fingerprint == fingerprint and document.started_at:
            at = datetime.fromisoformat(document.started_at)
            if at > now - SAME_RUN_FOR:
                started.append((at, run))
    return max(started, key=lambda pair: pair[0])[1] if started else None


def unsent_plan(runs: Path, fingerprint: str) -> RunFolder | None:
    """A plan with equal inputs that nothing was sent from, whatever its date."""
    for run in reversed(all_runs(runs)):
        document = run.document()
        if document is not None and document.fingerprint == fingerprint and document.status is RunStatus.PLANNED:
            return run
    return None


def unfinished_twin(runs: Path, opened: Opened, besides: RunFolder) -> RunFolder | None:
    """An unfinished run of the same manifests for the same tenant, whatever its options."""
    for other in all_runs(runs):
        if other.id != besides.id and _is_twin(other.document(), opened) and _is_unfinished(other):
            return other
    return None


def _is_twin(document: RunDocument | None, opened: Opened) -> bool:
    target = opened.target
    if document is None or (document.tenant, document.host) != (target.tenant, target.host):
        return False
    if not opened.digests:  # operations on the whole tenant are the same if their options are
        return document.fingerprint == opened.fingerprint
    sources = [source for step in document.steps for source in step.manifests]
    return sorted(source.sha256 for source in sources if source.path) == sorted(opened.digests)


def _is_unfinished(run: RunFolder) -> bool:
    """Whether a run has sent something, has something left, and was neither halted nor abandoned."""
    if not run.ledger.exists():
        return False
    with open_read_only(run.ledger) as store:
        return store.facts().status.may_be_unfinished and queries.begun(store) and queries.pending(store) > 0


def _has_ended(run: RunFolder, document: RunDocument) -> bool:
    """Whether run.json under its seal says that nothing is left: then the ledger need not be opened."""
    return run.sealed and not (document.status.may_be_unfinished and document.counts["pending"])


@dataclass(frozen=True)
class InDoubt:
    """An unfinished run, and the objects of a plan whose outcome it does not know."""

    run: RunFolder
    count: int
    example: str


def objects_in_doubt(runs: Path, plan: OpenRun, host: str, tenant: str) -> Iterator[InDoubt]:
    """The unfinished runs of a tenant that may be at work on objects of a plan."""
    for other in all_runs(runs):
        document = other.document()
        if document is None or other.id == plan.folder.id or (document.host, document.tenant) != (host, tenant):
            continue
        if _has_ended(other, document):
            continue
        with suppress(LedgerError):
            if _is_unfinished(other):
                with open_read_only(other.ledger) as store:
                    lanes = queries.lanes_in_doubt(store)
                if lanes:
                    yield from _shared(other, plan, lanes)


def _shared(other: RunFolder, plan: OpenRun, lanes: list[int]) -> Iterator[InDoubt]:
    labels = queries.labels_in_lanes(plan.store, lanes)
    if labels:
        yield InDoubt(other, len(labels), labels[0])
