"""A ledger that has lost its latest part: what it knows, and how its requests are marked as possibly sent."""

from __future__ import annotations

from typing import Any, NamedTuple

from runner.ledger.database import Store, write_facts
from runner.ledger.facts import encoded_changes

ASSUMED = "assumed: the ledger was incomplete, so that this request may have been sent since"

LATEST = "SELECT count(*), max(max(claimed_at, coalesce(answered_at, 0))) FROM attempt"

ASSUME = """
INSERT INTO attempt (request, number, generation, claimed_at, message)
SELECT r.request,
       1 + coalesce((SELECT max(a.number) FROM attempt a WHERE a.request = r.request), 0),
       r.generation, ?, ?
FROM request r
WHERE r.state = 'pending'
"""


class Extent(NamedTuple):
    """How far a ledger goes."""

    attempts: int
    outcomes: int
    latest: int | None  # the last claim or response, in microseconds


def extent(store: Store) -> Extent:
    """How much a ledger has recorded."""
    attempts, latest = store.row(LATEST) or (0, None)
    row = store.row("SELECT max(seq) FROM outcome")
    return Extent(attempts, (row and row[0]) or 0, latest)


def assume_sent(store: Store, since: int, **facts: Any) -> int:
    """Record facts that say why the ledger is incomplete, and what follows from it, in one transaction.

    Every pending request gets an attempt claimed at `since` (microseconds) that got no response: it is in doubt, and
    its key expires 23 hours after that moment, as if it had been sent at once. Returns how many there are.
    """
    with store.transaction() as connection:
        write_facts(connection, encoded_changes(facts))
        return connection.execute(ASSUME, (since, ASSUMED)).rowcount
