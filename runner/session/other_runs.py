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


@dataclass(frozen=True)
class Relatives:
    """Runs of the folder that are of the same inputs, or of the same manifests for the same tenant, by name."""

    unsent: RunFolder | None  # a plan with equal inputs that nothing was sent from, whatever its date; the last one
    twins: tuple[RunFolder, ...]  # whatever their options, and whether they are unfinished or not

    def unfinished_twin(self, besides: RunFolder) -> RunFolder | None:
        """The first that has something left; asks its ledger now."""
        return next((twin for twin in self.twins if twin.id != besides.id and _is_unfinished(twin)), None)


def relatives(runs: Path, opened: Opened) -> Relatives:
    """Look for them once."""
    fingerprint, manifests = opened.fingerprint, tuple(sorted(opened.digests))
    tenant, host = opened.target.tenant, opened.target.host
    unsent, twins = None, []
    for run in known_runs(runs):
        brief = run.brief
        same_inputs = brief.fingerprint == fingerprint
        if same_inputs and brief.status is RunStatus.PLANNED:
            unsent = run.folder
        # operations on the whole tenant, which have no manifests, are the same if their options are
        same_work = brief.manifests == manifests if manifests else same_inputs
        if same_work and (brief.tenant, brief.host) == (tenant, host):
            twins.append(run.folder)
    return Relatives(unsent, tuple(twins))


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
