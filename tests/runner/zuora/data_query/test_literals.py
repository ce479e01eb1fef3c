"""Texts and moments in the SQL of Data Query."""

from __future__ import annotations

from runner.zuora.data_query.literals import quoted, spellings, timestamp
from runner.zuora.data_query.parts import texts


def test_literals_are_as_data_query_takes_them():
    """With offset and three decimals; a quote is doubled."""
    assert timestamp(1_700_000_000_123_999) == "TIMESTAMP '2023-11-14 22:13:20.123 +00:00'"
    assert quoted(["a", "b'c"]) == "'a', 'b''c'"
    assert spellings("0123456789abcdef" * 2) == ("0123456789abcdef" * 2, "01234567-89ab-cdef-0123-456789abcdef")
    assert spellings("short") == ("short",)
    (part,) = texts("SELECT id FROM t", "id", ["a"])
    assert part.sql == "SELECT id FROM t WHERE id IN ('a')"
