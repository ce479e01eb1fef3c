"""A block of text for Zuora Support: when, what, under which ids; no data of the customer's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from runner.domain.identity import track_id
from runner.ledger import Store, queries
from runner.ledger.queries import ResultLine
from runner.results.columns import key_of
from runner.results.failures import Cluster, Remedy, by_remedy, clusters, shape
from runner.system.console import printable
from runner.system.timestamps import iso

SHORTEST = 3  # a cell with fewer characters names nobody, and would mask half the words


def ticket(store: Store, row: int | None = None) -> Iterator[str]:
    """The ticket about what only Zuora can fix; if that is nothing, about all that failed; or about one row."""
    facts = store.facts()
    failures = clusters(queries.troubles(store))
    if row is not None:
        failures = [cluster for cluster in failures if row in cluster.rows] or _only(store, row)
    else:
        failures = by_remedy(failures).get(Remedy.VENDOR) or [
            cluster for cluster in failures if cluster.state != "rejected"
        ]
    yield "Regenerate calls to Zuora Billing that did not succeed"
    yield f"endpoint host: {facts.host}"
    for name in ("entity_ids", "org_ids"):
        if getattr(facts, name):
            yield f"{name.replace('_', ' ')}: {', '.join(getattr(facts, name))}"
    _, first, last = queries.sendings(store)
    if first is not None and last is not None:
        yield f"time: {iso(first)} to {iso(last)} (UTC)"
    if not failures:
        yield "nothing failed"
    for cluster in failures:
        yield from _about(store, cluster, [row] if row is not None else cluster.rows)


def _only(store: Store, row: int) -> list[Cluster]:
    """One row as a cluster of its own, whatever became of it."""
    line = next(queries.lines(store, line=row), None)
    if line is None or line.request is None:
        return []
    message = shape(line.message or line.state)
    return [Cluster(Remedy.VENDOR, line.state, line.state, line.code, message, message, 1, [row])]


def _about(store: Store, cluster: Cluster, rows: list[int]) -> Iterator[str]:
    lines = list(queries.lines(store, among=rows))
    yield ""
    yield f"{cluster.count:,} × {cluster.code or cluster.word} ({cluster.word}): {_masked(cluster, lines)}"
    for line in lines:
        what, key = " of a ".join(filter(None, (line.operation, line.type))), key_of(line, line.generation or 0)
        yield f"- {what}{f', idempotency key {key}' if key else ''}"
        yield from map(_attempt, _tries(store, line))


def _tries(store: Store, line: ResultLine) -> list[dict[str, Any]]:
    tries = queries.attempts(store, line.request) if line.request is not None else []
    return [attempt | {"track": track_id(line.digest or "", attempt["number"])} for attempt in tries]


def _attempt(attempt: dict[str, Any]) -> str:
    ids = {
        "HTTP": attempt["http_status"],
        "code": attempt["code"],
        "Zuora-Request-Id": attempt["request_id"],
        "processId": attempt["process_id"],
        "Zuora-Track-Id": attempt["track"],
    }
    named = ", ".join(f"{name} {value}" for name, value in ids.items() if value is not None)
    when = iso(attempt["sent_at"] or attempt["claimed_at"])
    return f"  {when}  {printable(named)}" + ("" if attempt["http_status"] else ", no answer")


def _masked(cluster: Cluster, lines: list[ResultLine]) -> str:
    """The message without anything that the rows hold."""
    text = cluster.message
    cells = [
        cell for line in lines for cell in [*json.loads(line.cells), line.object] if cell and len(cell) >= SHORTEST
    ]
    for cell in sorted(cells, key=len, reverse=True):
        text = text.replace(cell, "#")
    return printable(shape(text))
