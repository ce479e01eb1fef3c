"""Fixtures that tests of this package share."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runner.domain.model import Outcome, State
from runner.ledger import Claim, Journal, Record, open_writable
from tests.harness.virtual import enrolled

MADE_AT = 1_800_000_000_000_000


def ids_of(request: int) -> tuple[str, ...]:
    """The three ids that a request made."""
    text = hashlib.sha384(str(request).encode()).hexdigest()
    return text[:32], text[32:64], text[64:]


@pytest.fixture
def ledger(tmp_path) -> Path:
    """3,000 requests with three ids each, one a second."""
    path = enrolled(tmp_path / "ledger.db", 3000)
    with open_writable(path) as store:
        journal = Journal(store)
        at = {request: MADE_AT + request * 1_000_000 for request in range(1, 3001)}
        journal.write([], [Claim(request, 1, 0, time) for request, time in at.items()])
        journal.write([_made(request, time) for request, time in at.items()], [])
        store.settle_down()
    return path


def _made(request: int, at: int) -> Record:
    outcome = Outcome(State.SUCCEEDED, ids_of(request))
    return Record(request, 1, at, at + 1000, "done", False, False, 0, 200, outcome=outcome, first_sent_at=at)
