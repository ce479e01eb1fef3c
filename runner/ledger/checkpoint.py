"""Digests over what the chain of outcomes does not hold, so that any changed cell of the ledger is detected and named.

```
steps, manifests, lines, requests ─ enrolled ─▶ digests ─▶ genesis ─▶ outcome ─▶ outcome ─▶ … ─┐
facts, states, attempts, events ──── closed ──▶ digests ─────────────────────────▶ closing ◀───┘
```

Digests are kept a thousand rows at a time. A closing binds them to the outcomes and to the closing before: its hash is
the head that is noted elsewhere when a run ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from sqlite3 import Connection
from typing import Any, NamedTuple

from runner.domain.identity import canonical
from runner.ledger.block_digests import BLOCK, encode
from runner.ledger.database import Store, write_facts
from runner.ledger.facts import encoded_changes

ENROLLED = {
    "step": "SELECT step, does, options FROM step",
    "manifest": "SELECT manifest, step, path, sha256, bytes, rows, columns FROM manifest",
    "line": "SELECT line, manifest, row, cells, operation, type, object, request, problem, in_part FROM line",
    "part": "SELECT part, manifest, file, rows, bytes, sha256, id_column, zipped FROM part",
    "request": "SELECT request, step, operation, query, body, digest, lane, head, following FROM request",
}
CLOSED = {
    "fact": "SELECT 0 AS fact, name, value FROM fact WHERE name <> 'head' ORDER BY name",
    "state": "SELECT request, state, generation, outcome FROM request",
    "attempt": (
        "SELECT request, number, generation, claimed_at, sent_at, answered_at, reason, in_doubt, over, http_status,"
        " code, category, message, request_id, process_id, reply_ids, token, snippet FROM attempt"
    ),
    "job": "SELECT job, name, created_at, status, facts FROM job",
    "event": "SELECT event, at, name, facts FROM event",
}
_TABLES = {"state": "request"}
_KEYS = {"state": "request", "attempt": "request"}

NOTHING: Mapping[str, Known] = {}
Known = tuple[dict[int, str], list[int] | None]  # digests taken as rows passed, and the keys changed since; None: any


class Closing(NamedTuple):
    """An ending of the run: how many outcomes there were, what the rest of the ledger was, and the head."""

    closing: int
    at: int
    seq: int
    digests: str
    hash: str


def blocks(store: Store, part: str) -> Iterator[tuple[int, str]]:
    """The digests of a part as it is now: number of the block, SHA-256 (hexadecimal)."""
    select, key, table = (ENROLLED | CLOSED)[part], _KEYS.get(part, part), _TABLES.get(part, part)
    if part == "fact":
        yield 0, _sha256(store.rows(select))
        return
    first, last = store.row(f"SELECT min({key}), max({key}) FROM {table}") or (None, None)
    for block in range((first or 0) // BLOCK, -1 if last is None else last // BLOCK + 1):
        sha256 = _block(store, part, select, block)
        if sha256 is not None:
            yield block, sha256


def _block(store: Store, part: str, select: str, block: int) -> str | None:
    """The digest of one block; None if it has no rows."""
    key = _KEYS.get(part, part)
    order = f"{key}, number" if part == "attempt" else key
    begin = block * BLOCK
    sql = f"{select} WHERE {key} >= ? AND {key} < ? ORDER BY {order}"
    rows = list(store.rows(sql, begin, begin + BLOCK))
    return _sha256(rows) if rows else None


def recorded(store: Store, part: str) -> dict[int, str]:
    """The digests of a part as they were recorded, by block."""
    return dict(store.rows("SELECT block, sha256 FROM digest WHERE part = ?", part))


def record(store: Store, parts: dict[str, str], known: Mapping[str, Known]) -> str:
    """Record the digests of parts as they are now, some of which are known. Returns a digest over all of them."""
    with store.transaction() as connection:
        return _record(store, connection, parts, known)


def _record(store: Store, connection: Connection, parts: dict[str, str], known: Mapping[str, Known] = NOTHING) -> str:
    current = {part: dict(_current(store, part, known.get(part))) for part in parts}
    for part, digests in current.items():
        connection.execute("DELETE FROM digest WHERE part = ?", (part,))
        values = [(part, block, sha256) for block, sha256 in digests.items()]
        connection.executemany("INSERT INTO digest (part, block, sha256) VALUES (?, ?, ?)", values)
    return total(current)


def _current(store: Store, part: str, known: Known | None) -> Iterator[tuple[int, str]]:
    """The digests of a part: as they are known, but for the blocks in which something was changed."""
    digests, changed = known or ({}, None)
    if changed is None:
        yield from blocks(store, part)
        return
    stale = {key // BLOCK for key in changed}
    for block, sha256 in digests.items():
        now = _block(store, part, ENROLLED[part], block) if block in stale else sha256
        if now is not None:
            yield block, now


def total(digests: dict[str, dict[int, str]]) -> str:
    """One digest over those of several parts."""
    return hashlib.sha256(canonical({part: sorted(blocks.items()) for part, blocks in digests.items()})).hexdigest()


def close(store: Store, at: int, seq: int, head: str, changes: dict[str, Any]) -> str:
    """Close the ledger of a run that ends here: `seq` outcomes, `head` the hash of the last one, `changes` of the facts
    that say how it ended. Returns the head of all that the ledger holds.

    Facts, digests and closing are one transaction: after a crash the run has ended, or it has not.
    """
    with store.transaction() as connection:
        write_facts(connection, encoded_changes(changes))
        earlier = closings(store)
        closing = Closing(
            closing=earlier[-1].closing + 1 if earlier else 1,
            at=at,
            seq=seq,
            digests=_record(store, connection, CLOSED),
            hash="",
        )
        closing = closing._replace(hash=link(earlier[-1].hash if earlier else "", head, closing))
        connection.execute("INSERT INTO closing (closing, at, seq, digests, hash) VALUES (?, ?, ?, ?, ?)", closing)
        write_facts(connection, encoded_changes({"head": closing.hash}))
    return closing.hash


def link(before: str, head: str, closing: Closing) -> str:
    """The hash of a closing: over the closing before, the head of the outcomes and its own fields but the hash."""
    return hashlib.sha256(canonical([before, head, list(closing[:4])])).hexdigest()


def closings(store: Store) -> list[Closing]:
    """All endings of the run, in order."""
    return [Closing(*row) for row in store.rows("SELECT closing, at, seq, digests, hash FROM closing ORDER BY closing")]


def _sha256(rows: Any) -> str:
    return hashlib.sha256(encode(rows)).hexdigest()
