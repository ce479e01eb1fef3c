"""What requests have created, and the parts that they upload: written and read for whoever follows jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from runner.ledger.database import Store
from runner.ledger.enrolment import Part

_PART = "part, manifest, file, rows, bytes, sha256, id_column, zipped"


class JobFacts(NamedTuple):
    """What a request created, as last reported."""

    request: int
    name: str
    created_at: int
    status: str | None
    facts: str | None


def note(store: Store, request: int, name: str, at: int) -> None:
    """Note what a request created."""
    with store.transaction() as connection:
        connection.execute("INSERT OR IGNORE INTO job (job, name, created_at) VALUES (?, ?, ?)", (request, name, at))


def tell(store: Store, request: int, status: str, facts: Mapping[str, Any]) -> None:
    """Note how far it has come."""
    with store.transaction() as connection:
        values = (status, json.dumps(facts), request)
        connection.execute("UPDATE job SET status = ?, facts = ? WHERE job = ?", values)


def part(store: Store, request: int) -> Part | None:
    """The part that a request uploads."""
    row = store.row(f"SELECT {_PART} FROM part WHERE part = ?", request)
    return Part(*row) if row else None


def header(store: Store, manifest: int) -> list[str]:
    """The columns of a manifest."""
    row = store.row("SELECT columns FROM manifest WHERE manifest = ?", manifest)
    return list(json.loads(row[0])) if row else []


def rows(store: Store, request: int) -> Iterator[tuple[int, list[str | None]]]:
    """The rows of a part, in order: line, cells."""
    for line, cells in store.rows("SELECT line, cells FROM line WHERE request = ? ORDER BY line", request):
        yield line, json.loads(cells)


def job(store: Store, request: int) -> JobFacts | None:
    """What a request created."""
    row = store.row("SELECT job, name, created_at, status, facts FROM job WHERE job = ?", request)
    return JobFacts(*row) if row else None


class Unsettled(NamedTuple):
    """A request of a step that waits to be settled."""

    request: int
    job: str | None  # what it created
    doubtful: bool  # whether a sending of it is in doubt
    lane: int
    part: bool  # whether it uploads a part
    reported: bool  # whether its last sending was reported as unknown


def unsettled(store: Store, step: int) -> list[Unsettled]:
    """The requests of a step that wait to be settled, in order."""
    sql = (
        "SELECT r.request, j.name, EXISTS (SELECT 1 FROM attempt a WHERE a.request = r.request"
        " AND (a.in_doubt OR a.answered_at IS NULL)), r.lane, p.part IS NOT NULL,"
        " o.attempts = (SELECT max(number) FROM attempt a WHERE a.request = r.request)"
        " FROM request r LEFT JOIN job j ON j.job = r.request LEFT JOIN part p ON p.part = r.request"
        " LEFT JOIN outcome o ON o.seq = r.outcome"
        " WHERE r.step = ? AND r.state = 'pending' ORDER BY r.request"
    )
    return [
        Unsettled(request, name, bool(doubtful), lane, bool(part), bool(reported))
        for request, name, doubtful, lane, part, reported in store.rows(sql, step)
    ]


def differing(store: Store) -> Iterator[tuple[int, str]]:
    """The jobs whose counts are not those of their result file: first row of the part, what its outcome says."""
    yield from store.rows(
        "SELECT r.request, o.message FROM request r JOIN part p ON p.part = r.request"
        " JOIN outcome o ON o.seq = r.outcome WHERE o.rows IS NOT NULL AND o.message IS NOT NULL ORDER BY r.request"
    )


def under_way(store: Store) -> Iterator[tuple[JobFacts, str | None]]:
    """What was created and has not come to its end, with the file that it was made of, if there is one."""
    sql = (
        "SELECT j.job, j.name, j.created_at, j.status, j.facts, p.file FROM job j JOIN request r ON r.request = j.job"
        " LEFT JOIN part p ON p.part = j.job WHERE r.state = 'pending' ORDER BY j.job"
    )
    for *facts, file in store.rows(sql):
        yield JobFacts(*facts), file
