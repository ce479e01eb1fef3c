"""CSV as we write it: LF ends a line, cells are quoted where they must be, and are no formulas where people look."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Any

RISKY = "=+-@\t\r'"  # what a cell may begin with that a spreadsheet takes for more than text
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"  # begins like a formula, and is none

_number = re.compile(NUMBER)


class _Lines(list[str]):
    """What the CSV writer writes to: a line at a time."""

    def write(self, line: str) -> None:
        self.append(line[:-2] + "\n")


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV; None is an empty cell. The same text in every version of Python.

    Before 3.13 the csv module quotes a carriage return only if one ends the lines; any reader would take it for an
    end of line.
    """
    lines = _Lines()
    csv.writer(lines, lineterminator="\r\n").writerows(rows)
    return "".join(lines)


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; the loader takes the `'` off again."""
    if text and text[0] in RISKY and not _number.fullmatch(text):
        return "'" + text
    return text
