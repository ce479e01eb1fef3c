"""Queries that prove a ledger: rows add up, states fit outcomes, ids are not shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from runner.ledger import queries
from runner.ledger.database import Store


def unbalanced(store: Store) -> Iterator[str]:
    """What keeps rows from adding up: rows = succeeded + failed + unknown + rejected + duplicate + pending."""
    for source in queries.manifests(store):
        count, first, last = rows_of(store, source.number)
        if count != source.rows or (count and (first, last) != (1, count)):
            yield f"{source.path}: {source.rows} rows were read, {count} are in the ledger, from {first} to {last}"
    lines, _, last = rows_of(store)
    counted = sum(sum(step.values()) for step in queries.counts(store).values())
    if not lines == (last or 0) == counted:
        yield f"{lines} rows in the ledger, the last is {last}, the states add up to {counted}"
    yield from misfits(store)


SHARED_IDS = """
SELECT j.value, group_concat(r.request), count(DISTINCT l.type || ' ' || coalesce(l.object, r.request))
FROM request r JOIN outcome o ON o.seq = r.outcome JOIN line l ON l.line = r.request, json_each(o.ids) j
WHERE r.state = 'succeeded' GROUP BY j.value HAVING min(r.request) <> max(r.request) ORDER BY min(r.request), 1
"""


MISFITS = {
    "row {}: neither rejected nor part of a request": (
        "SELECT line FROM line l WHERE problem IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM request r WHERE r.request = l.request)"
    ),
    "row {}: rejected, and part of a request all the same": (
        "SELECT line FROM line WHERE problem IS NOT NULL AND request IS NOT NULL"
    ),
    "request {}: no row asks for it": (
        "SELECT request FROM request r WHERE NOT EXISTS"
        " (SELECT 1 FROM line l WHERE l.line = r.request AND l.request = r.request)"
    ),
    "request {}: its state is not that of its last outcome": (
        "SELECT r.request FROM request r LEFT JOIN outcome o ON o.seq = r.outcome"
        " WHERE NOT (r.state = 'pending' AND (o.state IS NULL OR o.state = 'unknown'))"
        " AND (o.request IS NOT r.request OR o.state IS NOT r.state)"
    ),
    "outcome {}: of no request": (
        "SELECT seq FROM outcome o WHERE NOT EXISTS (SELECT 1 FROM request r WHERE r.request = o.request)"
    ),
    "attempt of request {}: of no request": (
        "SELECT request FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM request r WHERE r.request = a.request)"
    ),
}


class SharedId(NamedTuple):
    """An id under two requests or more: their rows, separated by commas, and how many objects they name."""

    id: str
    rows: str
    objects: int


def shared_ids(store: Store) -> Iterator[SharedId]:
    """The ids that more than one request made."""
    return map(SharedId._make, store.rows(SHARED_IDS))


def pending_rows(store: Store) -> Iterator[tuple[int, str]]:
    """The rows whose requests are pending: number, and the object for people."""
    sql = (
        "SELECT r.request, coalesce(l.type || ' ' || l.object, r.operation) FROM request r"
        " JOIN line l ON l.line = r.request WHERE r.state = 'pending' ORDER BY 1"
    )
    return ((row, label) for row, label in store.rows(sql))


def rows_of(store: Store, manifest: int | None = None) -> tuple[int, int | None, int | None]:
    """How many rows a manifest has in the ledger, its first and its last; of the run as a whole without one."""
    if manifest is None:
        row = store.row("SELECT count(*), min(line), max(line) FROM line")
    else:
        row = store.row("SELECT count(*), min(row), max(row) FROM line WHERE manifest = ?", manifest)
    return row or (0, None, None)


def misfits(store: Store) -> Iterator[str]:
    """Rows, requests, attempts and outcomes that do not fit together."""
    for text, sql in MISFITS.items():
        for (number,) in store.rows(sql):
            yield text.format(number)
