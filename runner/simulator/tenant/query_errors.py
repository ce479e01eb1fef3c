"""Why a query failed, in the words of Data Query.

Sources: "Data Query help section" (`Column <x> cannot be resolved`, `Table owl.data.<x> does not exist`); the others
are Trino's, as it runs the queries.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from runner.simulator.tenant.sql_text import position_of

_Rule = tuple[str, Callable[[str], str]]
_RULES: tuple[_Rule, ...] = (
    (r'Referenced column "([^"]+)" not found', lambda name: f"Column '{name}' cannot be resolved"),
    (r'Referenced table "([^"]+)" not found', lambda name: f"Column '{name}' cannot be resolved"),
    (r'does not have a column named "([^"]+)"', lambda name: f"Column '{name}' cannot be resolved"),
    (r'Table with name "?([\w.]+)"? does not exist', lambda name: f"Table owl.{_full(name)} does not exist"),
    (r"Function with name \"?([\w.]+)\"? does not exist", lambda name: f"Function '{name}' not registered"),
    (r'Ambiguous reference to column name "?([\w.]+)"?', lambda name: f"Column '{name}' is ambiguous"),
    (r'column "([^"]+)" must appear in the GROUP BY', lambda name: _group_by(name)),
    (r'syntax error at or near "([^"]+)"', lambda name: f"mismatched input '{name}'. Expecting: <expression>"),
    (
        r"syntax error at (end of input)",
        lambda _: "mismatched input '<EOF>'. Expecting: <expression>",
    ),
)


def reason_of(error: str, sql: str) -> str:
    """The `errorMessage` of a job out of DuckDB's error."""
    for pattern, message in _RULES:
        match = re.search(pattern, error)
        if match is not None:
            name = _written(match[1].lower(), sql) if "Table with name" in error else match[1].lower()
            return f"{position_of(sql, name.rpartition('.')[2])}: {message(name)}"
    first = error.partition("\n")[0]
    return f"line 1:1: {first.partition('Error: ')[2] or first}"


def _written(table: str, sql: str) -> str:
    """A table with the schema that the query has before it."""
    match = re.search(rf"(\w+)\s*\.\s*{re.escape(table)}\b", sql, re.IGNORECASE)
    return f"{match[1].lower()}.{table}" if match else table


def _full(name: str) -> str:
    return name if "." in name else f"data.{name}"


def _group_by(name: str) -> str:
    return f"'{name}' must be an aggregate expression or appear in GROUP BY clause"
