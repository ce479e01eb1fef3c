"""Whether a ledger is as recent as the rest of its folder: run.json, run.log and the notes on sends."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime

from runner.domain.run_status import RunStatus
from runner.ledger import Facts, Store, open_read_only
from runner.ledger.assumed_sends import Extent, extent
from runner.ledger.facts import Breach
from runner.runs.folder import LEDGER, LOG, RunFolder
from runner.runs.run_json import RunDocument
from runner.runs.send_notes import noted
from runner.system.timestamps import iso, now_microseconds
from runner.system.user import login

LOOKS = 3


@dataclass(frozen=True)
class Incomplete:
    """How a ledger is older than its folder, and since when what it lacks may have been sent (microseconds)."""

    reasons: tuple[str, ...]
    since: int

    def breach(self) -> Breach:
        """As the ledger records it when a person accepts it."""
        at = iso(now_microseconds())
        return Breach(at=at, check="incomplete ledger", details=self.reasons, accepted_by=login())


def incomplete(folder: RunFolder, store: Store | None = None) -> Incomplete | None:
    """How the ledger is older than the rest of its folder; None if it is not. Raises LedgerError.

    `store` is the ledger, if it is open. A run under way may give claims back between the reading of the notes and of
    the ledger, and then looks incomplete once; one whose ledger is older does so every time.
    """
    reason = None
    for _ in range(LOOKS):
        reason = _compared(folder, store)
        if reason is None:
            return None
    return reason


def _compared(folder: RunFolder, store: Store | None) -> Incomplete | None:
    """The notes, read first, compared with the ledger."""
    sends, document = noted(folder.path, folder.path / LOG), folder.document()
    opened = open_read_only(folder.ledger) if store is None else contextlib.nullcontext(store)
    with opened as store:
        known, facts = extent(store), store.facts()
    reasons = []
    if sends is not None:
        reasons += _lacking(f"{LOG} and the notes on sends ({sends.at[:19]}Z)", sends.attempts, sends.outcomes, known)
    if document is not None:
        reasons += _lacking("run.json", document.requests.sent, 0, known)
        reasons += _unknown_start(document, facts)
    if not reasons:
        return None
    if not (folder.path / f"{LEDGER}-wal").exists():
        reasons.append(f"{LEDGER}-wal, with the latest part of the ledger, is missing")
    return Incomplete(tuple(reasons), _since(known, facts, document))


def refusal(folder: RunFolder, lost: Incomplete) -> str:
    """Why such a run is not resumed, and what can be done."""
    reasons = "\n".join(f"  {reason}" for reason in lost.reasons)
    return (
        f"the ledger of run {folder.id} is older than the rest of its folder; nothing was sent:\n{reasons}\n"
        f"restore {folder.path} from a copy that is complete ({LEDGER}, {LEDGER}-wal and {LEDGER}-shm together). If "
        f"there is none: regen resume {folder.id} --accept-incomplete-ledger, which treats every request without an "
        f"outcome as possibly sent since {iso(lost.since)[:19]}Z: it is sent again under the same key for 23 hours "
        "from then, and is unknown after that"
    )


def _lacking(source: str, attempts: int, outcomes: int, known: Extent) -> list[str]:
    """What a source knows of and the ledger does not."""
    reasons = []
    if attempts > known.attempts:
        reasons.append(f"{source}: {attempts:,} attempts; {LEDGER}: {known.attempts:,}")
    if outcomes > known.outcomes:
        reasons.append(f"{source}: {outcomes:,} outcomes; {LEDGER}: {known.outcomes:,}")
    return reasons


def _unknown_start(document: RunDocument, facts: Facts) -> list[str]:
    """A start that run.json knows of and the ledger does not: the ledger has it first."""
    if document.status is not RunStatus.RUNNING or facts.status is RunStatus.RUNNING or document.head != facts.head:
        return []
    return [f"run.json: the run is running; {LEDGER}: it is {facts.status}"]


def _since(known: Extent, facts: Facts, document: RunDocument | None) -> int:
    """When the first lost send may have been: after the last that the ledger has, or after the run was started."""
    if known.latest is not None:
        return known.latest
    started = facts.started_at or (document and document.started_at) or facts.planned_at
    return 0 if started is None else round(datetime.fromisoformat(started).timestamp() * 1_000_000)
