"""What a query of Data Query means in DuckDB's SQL."""

from __future__ import annotations

import pytest

from runner.simulator.tenant.dialect import Setting, translated
from runner.simulator.tenant.sql_text import SqlError

SETTING = Setting("Asia/Tokyo", "tenant", 1_703_068_265.0)


@pytest.mark.parametrize(
    ("sql", "meaning"),
    [
        ("TIMESTAMP '2023-01-02 00:00:00.000 +00:00'", "TIMESTAMPTZ '2023-01-02 00:00:00.000+00:00'"),
        ("timestamp '2023-01-02 00:00:00 UTC'", "TIMESTAMPTZ '2023-01-02 00:00:00 UTC'"),
        ("TIMESTAMP '2023-01-02'", "TIMESTAMPTZ '2023-01-02 00:00:00 Asia/Tokyo'"),
        ("now()", "TIMESTAMPTZ '2023-12-20 10:31:05.000+00:00'"),
        ("current_date", "DATE '2023-12-20'"),
        ("'TIMESTAMP now() -- no comment'", "'TIMESTAMP now() -- no comment'"),
        ("1 -- now()\n", "1"),
        ("1 /* ; */ ;;", "1"),
        ("t.now", "t . now"),
    ],
)
def test_literals_and_the_time(sql, meaning):
    """With an offset as written, without one in the session's zone; the time is the simulator's."""
    assert translated(f"SELECT {sql}", SETTING).sql == f"SELECT {meaning}"


def test_what_is_known_of_a_statement():
    """Its tables, with their schemas; whether it names `deleted`; decimals beyond three; its SQL without LIMIT."""
    statement = translated(
        "SELECT a.id FROM Account a JOIN revenuelive.RevenueLineStaging s ON a.id = s.id "
        "WHERE a.deleted AND a.updateddate > TIMESTAMP '2023-01-02 00:00:00.000000 +00:00' LIMIT 5",
        SETTING,
    )
    assert statement.tables == ("account", "revenuelive.revenuelinestaging")
    assert (statement.names_deleted, statement.fine_literals) == (True, True)
    assert statement.sql == f"{statement.unlimited} LIMIT 5"
    assert not translated("SELECT 'deleted' FROM account", SETTING).names_deleted


@pytest.mark.parametrize("sql", ["", "UPDATE t SET a = 1", "SELECT 1; SELECT 2", "SELECT 'x", "SELECT TIMESTAMP 'x'"])
def test_what_is_no_query(sql):
    """Said at its line and column."""
    with pytest.raises(SqlError, match=r"^line 1:\d+: "):
        translated(sql, SETTING)
