"""Comparisons that Trino refuses and DuckDB converts: a number with a text, a time with a text.

Trino converts no literal between these kinds: `subscriptionversion = '2'` and `updateddate > '2024-01-01'` fail. A
client that writes them must fail here, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.simulator.tenant.columns import AMOUNT, DAY, FLAG, TEXT, TIME, WHOLE
from runner.simulator.tenant.sql_text import SqlError, Token, position
from runner.simulator.tenant.tables import TABLES

_COMPARISONS = ("=", "<>", "!=", "<", ">", "<=", ">=")
_KIND = {TEXT: "text", WHOLE: "number", AMOUNT: "number", FLAG: "flag", DAY: "time", TIME: "time"}
_SHOWN = {TIME: "timestamp(3) with time zone", TEXT: "varchar"}


def check_types(query: str, words: Sequence[Token], tables: Sequence[str]) -> None:
    """Raises SqlError if a column is compared with a literal of another kind."""
    for index, token in enumerate(words):
        if token.kind != "name":
            continue
        type_ = _type_of(token.word, tables)
        literal = _compared(words, index)
        if type_ is None or literal is None or literal.kind == _KIND[type_]:
            continue
        shown, where = _SHOWN.get(type_, type_), position(query, token.offset)
        if words[index + 1].word in ("in", "not"):
            raise SqlError(f"{where}: IN value and list items must be the same type: {shown}")
        raise SqlError(f"{where}: Cannot apply operator: {shown} {words[index + 1].text} {_literal_type(literal)}")


def _compared(words: Sequence[Token], index: int) -> Token | None:
    """The bare literal with which the column at `index` is compared, if that is what follows."""
    following = [word.word for word in words[index + 1 : index + 4]]
    if following[:1] and following[0] in (*_COMPARISONS, "between"):
        at = index + 2
    elif following[:2] == ["in", "("]:
        at = index + 3
    elif following == ["not", "in", "("]:
        at = index + 4
    else:
        return None
    literal = words[at] if at < len(words) else None
    return literal if literal is not None and literal.kind in ("text", "number") else None


def _literal_type(literal: Token) -> str:
    return "integer" if literal.kind == "number" else f"varchar({len(literal.text) - 2})"


def _type_of(name: str, tables: Sequence[str]) -> str | None:
    """The type of a column, if all tables of the query that have it agree."""
    types = {TABLES[key].by_key[name].type for key in tables if name in TABLES[key].by_key}
    return types.pop() if len(types) == 1 else None
