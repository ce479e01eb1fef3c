"""The hash chain over outcomes and the digest over rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from runner.domain.identity import canonical
from runner.ledger.database import Store
from runner.ledger.facts import Facts

GENESIS_FACTS = ("run_id", "fingerprint", "tenant", "enrolled")


_OUTCOME = (
    "seq, request, state, ids, code, category, message, replayed, generation, attempts, http_status,"
    " request_id, process_id, first_sent_at, settled_at, latency_ms, rows"
)


def genesis(facts: Facts) -> str:
    """The hash before the first entry: it binds the chain to the run."""
    return hashlib.sha256(canonical([getattr(facts, name) for name in GENESIS_FACTS])).hexdigest()


def link(before: str, entry: Sequence[Any]) -> str:
    """The hash of an entry of the chain: `entry` is its columns but the hash, in order."""
    return hashlib.sha256(before.encode() + canonical(entry)).hexdigest()


def chain(store: Store) -> Iterator[tuple[int, str, str]]:
    """Every entry of the chain: its number, the hash that it holds and the one that it should hold."""
    before = genesis(store.facts())
    for *entry, told in store.rows(f"SELECT {_OUTCOME}, hash FROM outcome ORDER BY seq"):
        rows = _rows_digest(store, entry[0])
        due = link(before, entry if rows == entry[-1] else [*entry, rows])
        yield entry[0], told, due
        before = told


def _rows_digest(store: Store, seq: int) -> str | None:
    """What the outcome's `rows` should be, from the fates of the rows that it covers."""
    sql = "SELECT line, state, message FROM row_outcome WHERE seq = ? ORDER BY line"
    return rows_digest(list(store.rows(sql, seq)))


def rows_digest(fates: Sequence[tuple[Any, ...]]) -> str | None:
    """The digest of the fates of a part's rows, hexadecimal: (line, state, message) in the order of lines."""
    return hashlib.sha256(canonical([list(fate) for fate in fates])).hexdigest() if fates else None
