"""The SQL of a selection: published names only, windows that divide, and the person's own text left alone."""

from __future__ import annotations

import re
from itertools import product

import pytest

from runner.domain.errors import Refused
from runner.select.exclusions import Owners
from runner.select.query import Filters, Whole, Window, is_windowed, own_statement, part_of, statement
from runner.select.tables import TABLES
from tests.harness.published_columns import PUBLISHED
from tests.harness.tenant_objects import TenantObjects

SECOND = 1_000_000
WORDS = {
    *("select", "from", "where", "and", "or", "as", "in", "is", "null", "on", "join", "left", "group", "by", "having"),
    *("count", "case", "when", "then", "end", "max", "timestamp", "newest", "owner"),
}


def names_in(sql: str) -> set[str]:
    """The words of a query that are no SQL, no text and no alias."""
    bare = re.sub(r"'[^']*'|\b[a-z]\.|\bAS \w+", " ", sql)
    return {word.lower() for word in re.findall(r"[A-Za-z_]\w+", bare)} - WORDS


@pytest.mark.parametrize("table", TABLES.values(), ids=str)
def test_the_names_in_queries_are_published(table):
    """Tables and columns, in whatever combination of filters; and each query runs on tables of just those."""
    known = set(PUBLISHED) | {name for names in PUBLISHED.values() for name in names}
    tenant = TenantObjects()
    for missing, flag, statuses in product((False, True), (False, table.flag is not None), ((), ("Posted", "O'Neil"))):
        sql = Window(statement(table, Filters(statuses, missing), flag=flag), 0, SECOND).sql
        assert names_in(sql) <= known
        assert sql.count("TIMESTAMP") == 2 + missing
        tenant.rows(sql)
    if table.items is not None:
        sql = Owners(table.items, False, ("a", "b")).sql
        assert names_in(sql) <= known and table.items.flag in PUBLISHED[table.items.table]
        tenant.rows(sql)
    assert table.transaction_owner in PUBLISHED[table.transactions]


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
