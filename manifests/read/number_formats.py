"""Number formats of Excel: whether a cell shows a date, plain digits or something else (ECMA-376, part 1, 18.8.30)."""

from __future__ import annotations

import re
from enum import Enum

_TEXT_PARTS = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKETS = re.compile(r"\[(?!(?:h+|m+|s+)\])[^\]]*\]", re.IGNORECASE)
_DIGITS = frozenset(("general", "@", "0", "#", "##0", "standard"))
_LITERAL = re.compile(r'["\\]|\*[^ ]')  # text of the format's own beside the number
# A currency before or behind the number, or digits of another script (by the number of a locale, or by name).
_SIGN_OR_SCRIPT = re.compile(r"\[(?:\$[^-\]]|\$-[0-9A-Fa-f]{5,}\]|(?:DB|Nat)Num)", re.IGNORECASE)
_CONDITION = re.compile(r"\[[<>=]")
_BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: "#,##0", 43: "#,##0.00",
    44: "#,##0.00", 48: "##0.0E+0", 49: "@",
}  # fmt: skip


class Shown(Enum):
    """How a number looks in its cell."""

    DIGITS = "as its digits"
    AMOUNT = "with separators or decimals"
    DATE = "as a date or time"
    OTHERWISE = "in a format of its own"


def code_of(number: int, own: dict[int, str]) -> str:
    """The format code of a number format. Those that are built in and not listed are dates of some language."""
    return own.get(number) or _BUILT_IN.get(number, "yyyy-mm-dd")


def shown_by(code: str) -> Shown:
    """How a positive number looks with a format code."""
    first = code.split(";")[0]
    bare = _BRACKETS.sub("", _TEXT_PARTS.sub("", first)).strip()
    if not first and code:
        return Shown.OTHERWISE  # `;;;` shows nothing at all
    if _CONDITION.search(code) or (_SIGN_OR_SCRIPT.search(first) and not re.search("[ymdhs]", bare, re.IGNORECASE)):
        return Shown.OTHERWISE
    if not code.strip() or (bare.lower() in _DIGITS and not _LITERAL.search(first)):
        return Shown.DIGITS
    if re.search("[ymdhs]", bare, re.IGNORECASE) and "general" not in bare.lower():
        return Shown.DATE
    if not _LITERAL.search(first) and re.fullmatch(r"[#,]*0(\.0+)?", bare):
        return Shown.AMOUNT
    return Shown.OTHERWISE
