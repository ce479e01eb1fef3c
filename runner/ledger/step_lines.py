"""The lines of one step, by their range: so that a step costs the same however many there are."""

from __future__ import annotations

from runner.ledger.database import Store

COUNTS_OF_STEP = "SELECT state, count(*) FROM fate WHERE line BETWEEN ? AND ? GROUP BY 1"


def counts_of_step(store: Store, step: int) -> dict[str, int]:
    """Rows of one step by state."""
    return dict(store.rows(COUNTS_OF_STEP, *bounds(store, step)))


def bounds(store: Store, step: int) -> tuple[int, int]:
    """The numbers of a step's first and last line: lines, and so requests, are numbered in the order of the steps.

    Asked for once: what is enrolled never changes.
    """
    if not store.bounds:
        last = 0
        for number, rows in store.rows("SELECT step, sum(rows) FROM manifest GROUP BY step ORDER BY step"):
            store.bounds[number] = (last + 1, last := last + rows)
    return store.bounds.get(step, (1, 0))


def waiting_after(store: Store, step: int) -> bool:
    """Whether later steps have something to send and none of them has begun."""
    _, last = bounds(store, step)
    later = "SELECT 1 FROM request WHERE request > ? AND state = 'pending' LIMIT 1"
    begun = "SELECT 1 FROM attempt WHERE request > ? LIMIT 1"
    return store.row(later, last) is not None and store.row(begun, last) is None
