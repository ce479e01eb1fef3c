"""From the SQL of Data Query (Trino 351, read-only) to that of DuckDB, where the two differ in what they mean.

Sources: "Construct SQL Queries in Data Query", "General best practices", and Trino's documentation of its literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from runner.simulator.tenant.sql_text import SqlError, Token, position, tokens_of
from runner.simulator.tenant.sql_types import check_types
from runner.simulator.tenant.tables import TABLES

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d?-\d\d?)(?: (\d\d?:\d\d(?::\d\d(?:\.(\d{1,12}))?)?))?(?: ?([+-]\d\d?:\d\d)| ([A-Za-z][\w/+-]*))?"
)
_STATEMENTS = ("select", "with", "(")
EXPECTED = "'(', 'DESC', 'DESCRIBE', 'SELECT', 'SHOW', 'WITH'"


@dataclass(frozen=True)
class Setting:
    """What the meaning of a query depends on: the session's zone, that of a literal without offset, the time."""

    zone: str
    literal_zone: str
    now: float


@dataclass(frozen=True)
class Statement:
    """A query in DuckDB's SQL; `unlimited`: without a LIMIT at its end, which limits the output only. `tables`: the
    keys of those that it reads. `fine_literals`: a literal has more than three decimals, with which no index is used
    ("General best practices")."""

    query: str
    sql: str
    unlimited: str
    tables: tuple[str, ...]
    names_deleted: bool
    fine_literals: bool


def words_of(query: str) -> list[Token]:
    """The tokens of one statement without spaces and closing semicolons. Raises SqlError."""
    words = [token for token in tokens_of(query) if token.kind != "space"]
    while words and words[-1].text == ";":
        words.pop()
    for word in words:
        if word.text == ";":
            raise SqlError(f"{position(query, word.offset)}: mismatched input ';'. Expecting: <EOF>")
    return words


def translated(query: str, setting: Setting) -> Statement:
    """The statement. Raises SqlError with Trino's words if it cannot be run."""
    words = words_of(query)
    first = words[0].text if words else "<EOF>"
    if first.lower() not in _STATEMENTS:
        raise SqlError(f"line 1:1: mismatched input '{first}'. Expecting: {EXPECTED}")
    tables = tuple(_tables(words))
    check_types(query, words, tables)
    literals = [_literal(query, words, index, setting) for index in range(len(words))]
    fine = any(_decimals(words, index) > 3 for index in range(len(words)))
    deleted = any(word.kind == "name" and word.word == "deleted" for word in words)
    limited = len(words) - 2 if _word(words, len(words) - 2) == "limit" else len(words)
    return Statement(query, _joined(literals), _joined(literals[:limited]), tables, deleted, fine)


def _joined(pieces: Sequence[str]) -> str:
    return " ".join(filter(None, pieces))


def _literal(query: str, words: Sequence[Token], index: int, setting: Setting) -> str:
    """A token as DuckDB has it; empty if it is part of what the token before it became."""
    token, after = words[index], _word(words, index + 1)
    if _is_timestamp(words, index):
        return _timestamp(query, token, setting)
    if token.kind == "name" and _is_timestamp(words, index + 1) and token.word == "timestamp":
        return ""
    if _word(words, index - 1) == "." or not _is_now(words, index):
        is_rest = token.text in "()" and any(_is_now_call(words, at) for at in (index - 1, index - 2))
        return "" if is_rest else token.text
    moment = datetime.fromtimestamp(setting.now, UTC)
    if token.word == "current_date":
        return f"DATE '{moment.astimezone(ZoneInfo(setting.zone)).date()}'"
    return f"TIMESTAMPTZ '{moment.isoformat(sep=' ', timespec='milliseconds')}'" if after != "." else token.text


def _is_now(words: Sequence[Token], index: int) -> bool:
    return words[index].word in ("current_timestamp", "current_date") or _is_now_call(words, index)


def _is_now_call(words: Sequence[Token], index: int) -> bool:
    """`now()`; with the parentheses, as a column may have that name."""
    return [_word(words, index + ahead) for ahead in range(3)] == ["now", "(", ")"]


def _word(words: Sequence[Token], index: int) -> str:
    return words[index].word if 0 <= index < len(words) else ""


def _is_timestamp(words: Sequence[Token], index: int) -> bool:
    """Whether it is the text of a literal TIMESTAMP '…'."""
    return index < len(words) and words[index].kind == "text" and _word(words, index - 1) == "timestamp"


def _timestamp(query: str, token: Token, setting: Setting) -> str:
    match, where = _TIMESTAMP.fullmatch(token.text[1:-1]), position(query, token.offset)
    if match is None:
        raise SqlError(f"{where}: {token.text} is not a valid timestamp literal")
    day, time, _, offset, zone = match.groups()
    if offset is None and zone is None:
        if setting.literal_zone == "refused":
            raise SqlError(f"{where}: Cannot apply operator: timestamp(3) with time zone, timestamp(3)")
        zone = "UTC" if setting.literal_zone == "utc" else setting.zone
    return f"TIMESTAMPTZ '{day} {time or '00:00:00'}{offset or ' ' + str(zone)}'"


def _decimals(words: Sequence[Token], index: int) -> int:
    match = _TIMESTAMP.fullmatch(words[index].text[1:-1]) if _is_timestamp(words, index) else None
    return len(match[3] or "") if match else 0


def _tables(words: Sequence[Token]) -> Iterator[str]:
    """The tables that are named, wherever: after FROM, JOIN or a comma."""
    for index, token in enumerate(words):
        if token.kind != "name" or _word(words, index - 1) == ".":
            continue
        dotted = _word(words, index + 1) == "."
        name = f"{token.word}.{_word(words, index + 2)}" if dotted else token.word
        if name in TABLES:
            yield name
