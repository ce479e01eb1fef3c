"""The tables that a select step may ask for."""

from __future__ import annotations

import re
from itertools import product

import pytest

from runner.select.exclusions import Owners
from runner.select.query import Filters, Window, statement
from runner.select.tables import TABLES
from tests.harness.published_columns import PUBLISHED
from tests.harness.tenant_objects import TenantObjects
from tests.runner.select.test_query import SECOND

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
