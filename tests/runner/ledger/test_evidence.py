"""Where a ledger was changed."""

from __future__ import annotations

import sqlite3

import pytest

from tests.runner.audit.test_verify import broken, sealed_anew

WHERE = {
    "UPDATE outcome SET state = 'succeeded' WHERE state = 'failed'": ("chain", "of row 41"),
    'UPDATE line SET cells = \'["A-S007","2","x"]\' WHERE line = 8': ("plan", "lines 1 to 999"),
    "UPDATE request SET body = '{}' WHERE request = 9": ("plan", "requests 1 to 999"),
    "UPDATE attempt SET request_id = 'x' WHERE request = 10": ("ending", "attempts of the requests 1 to 999"),
    "UPDATE request SET state = 'failed' WHERE request = 11": ("balance", "request 11"),
    "DELETE FROM line WHERE line = 12": ("balance", "request 12: no row asks for it"),
    "DELETE FROM outcome WHERE request = 13": ("chain", "the one before it is missing"),
    "UPDATE fact SET value = '0' WHERE name = 'exit_code'": ("ending", "facts of the run"),
}


@pytest.mark.parametrize("sql", WHERE)
def test_where_a_ledger_was_changed(audited, sql):
    """The check that finds it names the row, or the thousand that it is in."""
    ledger = sqlite3.connect(audited / "ledger.db")
    ledger.execute(sql)
    ledger.commit()
    ledger.close()
    sealed_anew(audited)
    name, text = WHERE[sql]
    assert any(text in problem for problem in broken(audited)[name])
