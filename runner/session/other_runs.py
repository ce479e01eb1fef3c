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
from runner.runs.brief import RunBrief
from runner.runs.folder import RunFolder, folder_names, id_of
from runner.runs.known_runs import KnownRun, known_runs
from runner.session.open_run import OpenRun


def same_command(runs: Path, stem: str, fingerprint: str, now: datetime) -> RunFolder | None:
    """The run that the same command started in the last 20 hours, whatever the date; the last one, if there are more.

    Only ids that the program chose count: a run under a fixed --run-id is the run of another command.
    """
    chosen = re.compile(rf"\d{{4}}-\d\d-\d\d-{re.escape(stem)}-{fingerprint[:8]}(-\d+)?")
    started: list[tuple[datetime, RunFolder]] = []
    for name in folder_names(runs):
        run = RunFolder(runs / name) if chosen.fullmatch(id_of(name)) else None
        document = None if run is None else run.document()
        if run is not None and document is not None and document.fingerprint == fingerprint and document.started_at:
            at = datetime.fromisoformat(document.started_at)
            if at > now - SAME_RUN_FOR:
                started.append((at, run))
    return max(started, key=lambda pair: pair[0])[1] if started else None


def unsent_plan(runs: Path, fingerprint: str) -> RunFolder | None:
    """A plan with equal inputs that nothing was sent from, whatever its date; the last one by name."""
    plan = None
    for run in known_runs(runs):
        if run.brief.fingerprint == fingerprint and run.brief.status is RunStatus.PLANNED:
            plan = run.folder
    return plan


def unfinished_twin(runs: Path, opened: Opened, besides: RunFolder) -> RunFolder | None:
    """An unfinished run of the same manifests for the same tenant, whatever its options."""
    manifests = tuple(sorted(opened.digests))
    for other in known_runs(runs):
        if _is_twin(other.brief, opened, manifests) and other.id != besides.id and _is_unfinished(other.folder):
            return other.folder
    return None


def _is_twin(brief: RunBrief, opened: Opened, manifests: tuple[str, ...]) -> bool:
    target = opened.target
    if (brief.tenant, brief.host) != (target.tenant, target.host):
        return False
    # operations on the whole tenant are the same if their options are
    return brief.manifests == manifests if manifests else brief.fingerprint == opened.fingerprint


def _is_unfinished(run: RunFolder) -> bool:
    """Whether a run has sent something, has something left, and was neither halted nor abandoned."""
    if not run.ledger.exists():
        return False
    with open_read_only(run.ledger) as store:
        return store.facts().status.may_be_unfinished and queries.begun(store) and queries.pending(store) > 0


def _has_ended(run: KnownRun) -> bool:
    """Whether run.json under its seal says that nothing is left: then the ledger need not be opened."""
    return run.sealed and not (run.brief.status.may_be_unfinished and run.brief.counts["pending"])


@dataclass(frozen=True)
class InDoubt:
    """An unfinished run, and the objects of a plan whose outcome it does not know."""

    run: RunFolder
    count: int
    example: str


def objects_in_doubt(runs: Path, plan: OpenRun, host: str, tenant: str) -> Iterator[InDoubt]:
    """The unfinished runs of a tenant that may be at work on objects of a plan."""
    for known in known_runs(runs):
        if (known.brief.host, known.brief.tenant) != (host, tenant) or _has_ended(known):
            continue
        other = known.folder
        if other.id == plan.folder.id:
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
