"""The SQL of a selection: published names only, windows that divide, and the person's own text left alone."""

from __future__ import annotations

import pytest

from runner.domain.errors import Refused
from runner.select.query import Filters, Whole, Window, is_windowed, line_statement, own_statement, part_of
from runner.select.tables import TABLES

SECOND = 1_000_000


def test_windows_divide_into_whole_seconds_without_gap_or_overlap():
    window = Window("x >= :since AND x < :until", 0, 5 * SECOND)
    parts = [window]
    while any(part.halves() for part in parts):
        parts = [half for part in parts for half in (part.halves() or (part,))]
    assert [(part.since, part.until) for part in parts] == [(n * SECOND, (n + 1) * SECOND) for n in range(5)]


def test_own_text_is_replaced_only_where_it_is_a_time():
    """Not in texts, comments or longer words."""
    text = "SELECT ':since', a:sinceX, \"b\" -- :until\n FROM t /* :since */ WHERE u >= :since AND u < :until"
    sql = part_of(own_statement(text, "own.sql"), 0, SECOND).sql
    assert sql.count("TIMESTAMP '") == 2
    assert "':since'" in sql and "-- :until\n" in sql and "/* :since */" in sql and "a:sinceX" in sql
    assert not is_windowed("SELECT ':since', ':until'") and not is_windowed("SELECT 1 -- :since :until")
    assert isinstance(part_of("SELECT 1", None, SECOND), Whole)


@pytest.mark.parametrize(
    "text", ["", "SHOW TABLES", "INSERT INTO t VALUES (1)", "SELECT 1; DROP TABLE t", "-- SELECT 1", "select" + "x" * 9]
)
def test_what_is_no_query_is_refused(text):
    with pytest.raises(Refused):
        own_statement(text, "own.sql")


@pytest.mark.parametrize("text", ["select 1;", " WITH a AS (SELECT 1) SELECT * FROM a ; ", "-- a; b\nSELECT ';'"])
def test_what_is_one_query_is_taken(text):
    assert not own_statement(text, "own.sql").endswith(";")


def test_lines_are_a_query_of_their_own():
    """With the time of the newest line in place of the object's, every other column grouped, and each filter."""
    table = TABLES["Subscription"]
    sql = line_statement(table, Filters(("Active",), missing=True, lines=True), flag=False)
    assert "max(l.updateddate) AS updateddate" in sql and "o.updateddate" not in sql
    assert "JOIN rateplancharge l ON l.rateplanid = p.id" in sql and "t.newest < l.updateddate" in sql
    assert sql.endswith("GROUP BY o.id, o.name, o.version, o.status") and "o.status IN ('Active')" in sql
    assert is_windowed(sql)
    own = {type: table.lines for type, table in TABLES.items()}
    assert own["Invoice"].join == "JOIN invoiceitem l ON l.invoiceid = o.id"
    assert own["OrderLineItem"] is None and own["InvoiceItemAdjustment"] is None
