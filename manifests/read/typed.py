"""Cells that are no text: what they show, why they are no identifier, and which whole number they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_DIGITS = 15  # that a number of a spreadsheet holds exactly
_WHOLE = re.compile(rf"(-?[0-9]{{1,{MOST_DIGITS}}})(?:\.0+)?")


class Typed(str):
    """A cell that its file holds as something else than text, such as a date or a fraction.

    The text is what a carried column shows. `reason` says what the cell is (`a date`); `identifier` is the text that
    names an object, None if nothing does; `integer` the text of the whole number that it is, if it is one.
    """

    __slots__ = ("identifier", "integer", "reason")

    reason: str
    identifier: str | None
    integer: str | None

    def __new__(cls, text: str, reason: str, *, identifier: str | None = None, integer: str | None = None) -> Typed:
        new = super().__new__(cls, text)
        new.reason, new.identifier, new.integer = reason, identifier, integer
        return new


def whole(text: str) -> str | None:
    """The digits of a number that is whole and exact (at most 15 digits): `1.0` is `1`."""
    match = _WHOLE.fullmatch(text)
    return match[1] if match else None


def typed_cells(cells: Sequence[str | None]) -> dict[int, Typed]:
    """The cells of a column that are no text, by position."""
    if Typed not in set(map(type, cells)):
        return {}
    return {at: cell for at, cell in enumerate(cells) if isinstance(cell, Typed)}
