"""What a person can say about how a file is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

By = Literal["id", "number", "name"]
Hidden = Literal["include", "skip"]


@dataclass(frozen=True)
class Reading:
    """How files are read. The defaults refuse whatever could be meant in two ways.

    `sheet` is a name or a number from 1; `header_row` the line or row of the header, counted from 1; `encoding` that of
    text files without a mark; `hidden` what becomes of hidden rows; `literal` sends texts as they are, even if they
    look like what a program left in place of a value; `by` chooses among several names of one object.
    """

    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None
    hidden: Hidden | None = None
    literal: bool = False
    by: By | None = None


DEFAULT = Reading()
