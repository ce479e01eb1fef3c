"""The tokens of a query."""

from __future__ import annotations

import pytest

from runner.simulator.tenant.sql_text import SqlError, position, position_of, tokens_of


def test_every_character_is_in_one_token():
    """Texts, comments and quoted names hold what looks like SQL."""
    sql = "SELECT \"a b\", 'it''s; --', x>=1.5e3 -- ;\n/* '\n*/ FROM t"
    tokens = tokens_of(sql)
    assert "".join(token.text for token in tokens) == sql
    assert [token.text for token in tokens if token.kind == "text"] == ["'it''s; --'"]
    assert [token.word for token in tokens if token.kind == "name"] == ["select", "a b", "x", "from", "t"]
    with pytest.raises(SqlError, match="line 2:1"):
        tokens_of("SELECT\n'x")


def test_positions_are_counted_from_one():
    """Line and column; a name is found as a whole."""
    assert position("a\nbc", 3) == "line 2:2"
    assert position_of("SELECT ids,\n id FROM t", "id") == "line 2:2"
    assert position_of("SELECT 1", "none") == "line 1:1"
