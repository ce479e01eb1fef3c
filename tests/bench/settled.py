"""Runs that ended well, or half-way, though no row was sent: their ledgers are written as a dispatcher does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from runner.domain.model import Outcome, State
from runner.domain.run_status import RunStatus
from runner.ledger import Claim, Journal, Record, open_writable
from runner.system.timestamps import iso

BATCH = 250


def settle(runs: Path) -> Path:
    """Give every request of the planned run a success. Returns its folder."""
    return _answered(runs, lambda number: Outcome(State.SUCCEEDED, (f"RC-{number:08d}",)), RunStatus.FINISHED)


def leave_unknown(runs: Path) -> Path:
    """Leave the outcome of every request of the planned run unknown, a moment ago, and end the run by a signal."""
    return _answered(runs, lambda number: Outcome(State.UNKNOWN), RunStatus.TERMINATED)


def _answered(runs: Path, outcome: Callable[[int], Outcome], status: RunStatus) -> Path:
    folder = next(runs.glob("*/run.json")).parent
    now = int(time.time() * 1e6)
    with open_writable(folder / "ledger.db") as store:
        (count,) = store.row("SELECT count(*) FROM request") or (0,)
        store.set_facts(started_at=iso(now))
        journal = Journal(store)
        for first in range(1, count + 1, BATCH):
            numbers = range(first, min(first + BATCH, count + 1))
            journal.write([], [Claim(number, 1, 0, now) for number in numbers])
            journal.write([_record(number, now, outcome(number)) for number in numbers], [])
        journal.close(now, status=status, ended_at=iso(now))
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def _record(number: int, now: int, outcome: Outcome) -> Record:
    answered = outcome.state is not State.UNKNOWN
    return Record(
        request=number,
        number=1,
        sent_at=now,
        answered_at=now + 50_000,
        reason="done" if answered else "silence",
        in_doubt=not answered,
        over=False,
        generation=0,
        http_status=200 if answered else None,
        request_id=f"bench-{number}" if answered else None,
        token=1,
        outcome=outcome,
        first_sent_at=now,
        latency_ms=50.0,
    )
