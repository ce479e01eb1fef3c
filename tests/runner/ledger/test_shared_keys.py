"""Duplicates and lanes found in memory are those that SQL finds in the finished table."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from runner.ledger import shared_keys
from runner.ledger.shared_keys import Changed, SharedKeys

TABLES = """
CREATE TABLE line (line INTEGER PRIMARY KEY, request INTEGER);
CREATE TABLE request (request INTEGER PRIMARY KEY, step INTEGER, digest BLOB, lane INTEGER,
                      head INTEGER DEFAULT 1, following INTEGER);
"""
# few values, so that much is shared; digests that agree in their first 8 bytes and are different all the same
ROW = st.tuples(st.integers(1, 3), st.integers(0, 5), st.booleans(), st.integers(-2, 2))
Rows = list[tuple[int, int, bytes, int]]


def rows_of(drawn: list[tuple[int, int, bool, int]]) -> Rows:
    """Requests with gaps between their numbers, sorted by step: number, step, digest, lane."""
    ordered = sorted(drawn, key=lambda row: row[0])
    return [
        (3 * at, step, bytes([kind] * 8) + bytes([odd] * 12), lane)
        for at, (step, kind, odd, lane) in enumerate(ordered, 1)
    ]


def settled(rows: Rows, most: int = 10**6) -> tuple[list[object], list[object], Changed]:
    base = sqlite3.connect(":memory:", isolation_level=None)
    base.executescript(TABLES)
    base.executemany("INSERT INTO line VALUES (?, ?)", [(row[0], row[0]) for row in rows])
    base.executemany("INSERT INTO request (request, step, digest, lane) VALUES (?, ?, ?, ?)", rows)
    keys = SharedKeys(most)
    for step in sorted({row[1] for row in rows}):
        for part in ([row for row in rows if row[1] == step][:2], [row for row in rows if row[1] == step][2:]):
            if part:
                numbers, _, digests, lanes = zip(*part, strict=True)
                keys.add(step, numbers, digests, lanes)
    base.execute("BEGIN")
    changed = keys.settle(base)
    base.execute("COMMIT")
    lines = base.execute("SELECT * FROM line ORDER BY line").fetchall()
    requests = base.execute("SELECT * FROM request ORDER BY request").fetchall()
    base.close()
    return lines, requests, changed


@given(st.lists(ROW, min_size=1, max_size=40))
def test_as_sql_finds_it(drawn):
    """Lines, heads, successors, and what was changed at all."""
    rows = rows_of(drawn)
    lines, requests, changed = settled(rows)
    expected_lines, expected_requests, by_sql = settled(rows, most=-1)
    assert (lines, requests) == (expected_lines, expected_requests)
    assert by_sql == Changed(None, None)
    assert changed.lines is not None
    assert changed.requests is not None
    before = {row[0]: (row[0], row[1], row[2], row[3], 1, None) for row in rows}
    after = {row[0]: row for row in requests}
    assert {number for number in before if after.get(number) != before[number]} <= set(changed.requests)
    assert {line for line, request in lines if line != request} == set(changed.lines)


def test_a_plan_without_requests():
    """Every row was rejected: there is nothing to look for."""
    assert settled([]) == ([], [], Changed([], []))


def test_more_repeats_than_can_be_looked_at(monkeypatch):
    """They are left to SQL, with the same result."""
    rows = rows_of([(1, at % 3, False, at) for at in range(20)])
    expected = settled(rows)[:2]
    monkeypatch.setattr(shared_keys, "MOST_REPEATED", 5)
    lines, requests, changed = settled(rows)
    assert (lines, requests) == expected
    assert changed == Changed(None, None)


def test_links_are_written_in_chunks(monkeypatch):
    """One long lane over several chunks: each is followed by the next."""
    rows = rows_of([(1, at, False, 0) for at in range(50)])
    expected = settled(rows)[1]
    monkeypatch.setattr(shared_keys, "CHUNK", 7)
    assert settled(rows)[1] == expected
    assert [row[5] for row in expected] == [*(row[0] for row in rows[1:]), None]
