"""The chain of outcomes, computed once more by the tests' own code: no field is left out, none is reordered."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runner.domain.run_status import RunStatus
from runner.ledger import Facts, open_read_only
from runner.ledger.hash_chain import Entry, chain, genesis, link, rows_digest
from tests.harness.virtual import Tenant, enrolled, settle

# The contract: 17 fields in this order. Do not import it.
FIELDS = (
    *("seq", "request", "state", "ids", "code", "category", "message", "replayed", "generation", "attempts"),
    *("http_status", "request_id", "process_id", "first_sent_at", "settled_at", "latency_ms", "rows"),
)
ENTRY = Entry(
    seq=7,
    request=3,
    state="failed",
    ids='["a","b"]',
    code="53100360",
    category="internal-error",
    message="nö",
    replayed=0,
    generation=2,
    attempts=4,
    http_status=200,
    request_id="r",
    process_id="p",
    first_sent_at=1,
    settled_at=2,
    latency_ms=1.5,
    rows=None,
)


def own_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def own_hash(before: str, values: list[Any]) -> str:
    return hashlib.sha256(before.encode() + own_json(values)).hexdigest()


def test_an_entry_has_these_fields_in_this_order():
    """The order is part of the hash."""
    assert list(Entry._fields) == list(FIELDS)


def test_the_hash_covers_the_hash_before_and_all_fields():
    """Golden: a ledger of today is verified by every later version."""
    assert link("00", ENTRY) == own_hash("00", list(ENTRY))
    assert link("00", ENTRY) == GOLDEN


GOLDEN = "01ab584087d0bb678208b7ebe4abba041ffc9ed4e256c99a5f180838d6175db8"


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field_changes_the_hash(field):
    """Whichever it is."""
    value = getattr(ENTRY, field)
    changed = f"{value}x" if isinstance(value, str) else (value or 0) + 1
    assert link("00", ENTRY._replace(**{field: changed})) != link("00", ENTRY)


def test_the_chain_starts_at_the_run_itself():
    """Two runs with equal outcomes have different chains."""
    facts = Facts(run_id="run", fingerprint="f", tenant="t", enrolled=3, status=RunStatus.PLANNED)
    expected = hashlib.sha256(own_json(["run", "f", "t", 3])).hexdigest()
    assert genesis(facts) == expected


def outcomes(path: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT * FROM outcome ORDER BY seq").fetchall()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with succeeded and failed requests."""
    path = enrolled(tmp_path / "l.db", 6)
    settle(path, Tenant(lambda number, arrival: "gone" if number == 2 else "temporary" if arrival == 1 else "ok"))
    return path


def test_a_ledger_has_the_chain_that_its_own_columns_give(ledger):
    """Read by an SQLite of the test, hashed by the test."""
    with open_read_only(ledger) as store:
        before = genesis(store.facts())
        entries = list(chain(store))
    rows = outcomes(ledger)
    assert len(rows) == len(entries) == 6
    for row, entry in zip(rows, entries, strict=True):
        expected = own_hash(before, [row[name] for name in FIELDS])
        assert (entry.seq, entry.recorded, entry.expected) == (row["seq"], expected, expected)
        assert row["hash"] == expected
        before = expected


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in ("seq", "rows")])
def test_a_change_in_the_file_is_noticed(ledger, field):
    """Any column of any outcome."""
    value = {"state": "unknown", "ids": '["other"]', "request": 99}.get(field)
    with closing(sqlite3.connect(ledger)) as connection, connection:
        old = connection.execute(f"SELECT {field} FROM outcome WHERE seq = 3").fetchone()[0]
        new = value if value is not None else (f"{old}x" if isinstance(old, str) else (old or 0) + 1)
        if field in ("code", "category", "message", "request_id", "process_id"):
            new = str(new)
        connection.execute(f"UPDATE outcome SET {field} = ? WHERE seq = 3", (new,))
    with open_read_only(ledger) as store:
        assert [entry.seq for entry in chain(store) if entry.recorded != entry.expected] == [3]


def test_the_fates_of_rows_have_a_digest():
    """Of line, state and message in order; none without rows."""
    fates = [(1, "succeeded", None), (2, "failed", "no")]
    assert rows_digest(fates) == hashlib.sha256(own_json([list(fate) for fate in fates])).hexdigest()
    assert rows_digest([]) is None


def test_an_entry_covers_the_fates_of_its_own_rows(ledger):
    """Rows that the entry does not cover, or another's, make it inconsistent; its own make it consistent."""
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("INSERT INTO row_outcome (seq, line, state, message) VALUES (4, 4, 'succeeded', NULL)")
    with open_read_only(ledger) as store:
        assert [entry.seq for entry in chain(store) if entry.expected is None] == [4]
    with closing(sqlite3.connect(ledger)) as connection, connection:
        digest = hashlib.sha256(own_json([[4, "succeeded", None]])).hexdigest()
        connection.execute("UPDATE outcome SET rows = ? WHERE seq = 4", (digest,))
    with open_read_only(ledger) as store:
        assert all(entry.expected is not None for entry in chain(store))
