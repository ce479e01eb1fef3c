"""The text of a query cut into tokens, so that nothing inside a text, a comment or a quoted name is taken for SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*"|[A-Za-z_][\w$]*)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<sign><>|!=|<=|>=|\|\||->|.)""",
    re.DOTALL | re.VERBOSE,
)


class SqlError(Exception):
    """The query cannot be run; the message is the `errorMessage` of its job."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a query; `kind`: space, text, name, number or sign."""

    kind: str
    text: str
    offset: int

    @property
    def word(self) -> str:
        """The name in lower case, without quotes; the sign itself; empty for a text."""
        return "" if self.kind == "text" else self.text.strip('"').lower()


def tokens_of(sql: str) -> list[Token]:
    """All tokens, spaces and comments among them. Raises SqlError for a text that does not end."""
    tokens = [Token(str(match.lastgroup), match[0], match.start()) for match in _TOKEN.finditer(sql)]
    for token in tokens:
        if token.text == "'":
            raise SqlError(f"{position(sql, token.offset)}: mismatched input '''. Expecting: <expression>")
    return tokens


def position(sql: str, offset: int) -> str:
    """`line 2:15`, as Trino counts: from 1."""
    before = sql[:offset]
    return f"line {before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def position_of(sql: str, name: str) -> str:
    """Where a name first occurs in a query."""
    match = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", sql, re.IGNORECASE)
    return position(sql, match.start() if match else 0)
