"""The hash chain over outcomes and the digest over rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from runner.domain.identity import canonical
from runner.ledger.database import Store
from runner.ledger.facts import Facts

GENESIS_FACTS = ("run_id", "fingerprint", "tenant", "enrolled")


class Entry(NamedTuple):
    """An outcome without its hash. The order of the fields is part of the hash: it never changes."""

    seq: int
    request: int
    state: str
    ids: str  # canonical JSON
    code: str | None
    category: str | None
    message: str | None
    replayed: int
    generation: int
    attempts: int
    http_status: int | None
    request_id: str | None
    process_id: str | None
    first_sent_at: int | None
    settled_at: int
    latency_ms: float | None
    rows: str | None  # digest over the fates of a part's rows


class ChainLink(NamedTuple):
    """An entry of the chain: the hash that it has, and the one that its content gives, if that is consistent."""

    seq: int
    recorded: str
    expected: str | None


def genesis(facts: Facts) -> str:
    """The hash before the first entry: it binds the chain to the run."""
    return hashlib.sha256(canonical([getattr(facts, name) for name in GENESIS_FACTS])).hexdigest()


def link(before: str, entry: Entry) -> str:
    """The hash of an entry: over the hash before and the entry's fields, in order, as canonical JSON."""
    return hashlib.sha256(before.encode() + canonical(entry)).hexdigest()


def chain(store: Store) -> Iterator[ChainLink]:
    """Every entry of the chain, in order."""
    before = genesis(store.facts())
    for *values, recorded in store.rows(f"SELECT {', '.join(Entry._fields)}, hash FROM outcome ORDER BY seq"):
        entry = Entry._make(values)
        covers_its_rows = entry.rows == _rows_digest(store, entry.seq)
        yield ChainLink(entry.seq, recorded, link(before, entry) if covers_its_rows else None)
        before = recorded


def _rows_digest(store: Store, seq: int) -> str | None:
    """What the outcome's `rows` should be, from the fates of the rows that it covers."""
    sql = "SELECT line, state, message FROM row_outcome WHERE seq = ? ORDER BY line"
    return rows_digest(list(store.rows(sql, seq)))


def rows_digest(fates: Sequence[tuple[Any, ...]]) -> str | None:
    """The digest of the fates of a part's rows, hexadecimal: (line, state, message) in the order of lines."""
    return hashlib.sha256(canonical([list(fate) for fate in fates])).hexdigest() if fates else None
