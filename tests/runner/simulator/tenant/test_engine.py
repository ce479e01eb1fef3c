"""DuckDB under the tables: columns that no row has, updates, limits, the door to the machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from runner.simulator.tenant.dialect import Setting, translated
from runner.simulator.tenant.engine import LIVE, Engine, Format, separated
from runner.simulator.tenant.sql_text import SqlError
from runner.simulator.tenant.tables import TABLES

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
BOOKINGS = TABLES["bookingtransaction"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A hundred transactions, one a minute."""
    made = Engine("UTC", 0)
    rows = [
        {"id": f"{number:032x}", "updateddate": BEGIN + timedelta(minutes=number), "updatedbyid": "me", "touched": True}
        for number in range(100)
    ]
    made.touch(BOOKINGS, rows, {"transactiontype": "'BookingCharge'"})
    yield made
    made.close()


def answer(engine: Engine, sql: str, most: int = 1000) -> list[str]:
    statement = translated(sql, Setting("UTC", "utc", 0.0))
    return engine.write(statement, LIVE, Format(), most).path.read_text().splitlines()


def test_columns_that_no_row_has_are_null(engine):
    """They have their names and types all the same, and a row that has one brings it."""
    assert answer(engine, "SELECT count(*), count(ordernumber), sum(currentccv) FROM bookingtransaction")[1] == "100,0,"
    account = TABLES["account"]
    engine.add(account, [{"id": "1", "name": "a"}])
    assert answer(engine, "SELECT id, name, crmid FROM account") == ["id,name,crmid", "1,a,"]
    engine.add(account, [{"id": "2", "crmid": "c"}, {"id": "1", "name": "b"}])
    assert sorted(answer(engine, "SELECT id, name, crmid FROM account")[1:]) == ["1,b,", "2,,c"]
    assert [row["batch"] for row in engine.rows(account, "true")] == [None, None]


def test_rows_that_are_there_are_only_updated(engine):
    """If they are touched; the others are new."""
    moment = BEGIN + timedelta(days=1)
    row = {"updateddate": moment, "updatedbyid": "you"}
    ids = ("0" * 32, f"{1:032x}", "f" * 32)
    engine.touch(
        BOOKINGS, [{**row, "id": id_, "touched": id_ != ids[1]} for id_ in ids], {"transactiontype": "'Other'"}
    )
    rows = {row["id"]: row for row in engine.rows(BOOKINGS, "true")}
    assert [rows[id_]["updatedbyid"] for id_ in ids] == ["you", "me", "you"]
    assert [rows[id_]["transactiontype"] for id_ in ids] == ["BookingCharge", "BookingCharge", "Other"]
    engine.remove(BOOKINGS, ["f" * 32])
    assert engine.count("bookingtransaction") == 100


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("", 100),
        ("WHERE updateddate >= TIMESTAMP '2024-01-01 01:30:00.000 +00:00'", 10),
        ("WHERE updateddate >= TIMESTAMP '2024-01-01 01:30:00.000000 +00:00'", 100),
        ("WHERE id = '00000000000000000000000000000007' LIMIT 5", 1),
        ("LIMIT 5", 100),
    ],
)
def test_rows_of_input(engine, condition, rows):
    """Those that the conditions leave; LIMIT does not count, nor does a condition without an index."""
    sql = f"SELECT id, updateddate FROM bookingtransaction {condition}"
    counted = engine.input_rows(translated(sql, Setting("UTC", "utc", 0.0)), LIVE)
    assert abs(counted - rows) <= 1  # the first row was updated to the day after


def test_one_row_more_than_allowed_is_written(engine):
    """So that whoever asked knows that there are more."""
    assert len(answer(engine, "SELECT id FROM bookingtransaction", most=10)) == 1 + 11


@pytest.mark.parametrize("sql", ["SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'"])
def test_files_of_the_machine_are_out_of_reach(engine, sql):
    """As a query comes from outside."""
    with pytest.raises(SqlError):
        answer(engine, sql)


def test_a_cell_with_the_separator_is_quoted():
    """As in the published answer to SHOW COLUMNS."""
    assert separated(["a", "decimal(18,6)"], ",") == 'a,"decimal(18,6)"\n'
    assert separated(["a", "decimal(18,6)"], "\t") == "a\tdecimal(18,6)\n"


def test_the_folder_of_result_files_goes_with_the_engine(tmp_path, monkeypatch):
    """Whether it is closed or forgotten, and there is none before the first result."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for ending in (Engine.close, lambda engine: None):
        made = Engine("UTC", 0)
        assert made.count("account") == 0
        assert list(tmp_path.iterdir()) == []
        assert answer(made, "SELECT id FROM account") == ["id"]
        assert len(list(tmp_path.iterdir())) == 1
        ending(made)
        del made
        assert list(tmp_path.iterdir()) == []
