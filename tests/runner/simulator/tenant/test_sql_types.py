"""Comparisons that Trino refuses."""

from __future__ import annotations

import pytest

from runner.simulator.tenant.dialect import words_of
from runner.simulator.tenant.sql_text import SqlError
from runner.simulator.tenant.sql_types import check_types


@pytest.mark.parametrize(
    ("condition", "is_allowed"),
    [
        ("version = 1", True),
        ("version = '1'", False),
        ("s.version IN ('1')", False),
        ("version NOT IN (1)", True),
        ("name <> 5", False),
        ("name BETWEEN 'a' AND 'b'", True),
        ("updateddate BETWEEN '2024-01-01' AND '2024-01-02'", False),
        ("updateddate >= date '2024-01-01'", True),
        ("contracteffectivedate = '2024-01-01'", False),
        ("autorenew = 'true'", False),
        ("autorenew = true", True),
        ("'version = ' || name = 'x'", True),
        ("cast(version AS varchar) = '1'", True),
    ],
)
def test_a_column_and_a_literal_are_of_one_kind(condition, is_allowed):
    """Nothing is converted in silence."""
    sql = f"SELECT id FROM subscription s WHERE {condition}"
    if is_allowed:
        check_types(sql, words_of(sql), ["subscription"])
    else:
        with pytest.raises(SqlError, match=r"Cannot apply operator|IN value and list items"):
            check_types(sql, words_of(sql), ["subscription"])
