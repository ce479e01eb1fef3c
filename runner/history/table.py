"""An answer as text: aligned columns, CSV that is safe to open in a spreadsheet, or records for JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from runner.history.database import Answer
from runner.system import csv_dialect
from runner.system.console import printable
from runner.system.counting import counted
from runner.system.timestamps import iso

WIDEST = 60  # characters of a column in a terminal


def as_text(answer: Answer) -> str:
    """Aligned columns with a heading; numbers to the right."""
    cells = [[_short(value) for value in row] for row in answer.rows]
    widths = [max(map(len, column)) for column in zip(answer.columns, *cells, strict=True)]
    numeric = [all(isinstance(row[at], int | float) for row in answer.rows) for at in range(len(widths))]
    lines = [_line(list(answer.columns), widths, numeric), *(_line(row, widths, numeric) for row in cells)]
    return "\n".join([*lines, f"({counted(len(answer.rows), 'row')})"])


def _line(cells: list[str], widths: list[int], numeric: list[bool]) -> str:
    padded = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return "  ".join(padded).rstrip()


def _short(value: Any) -> str:
    text = printable(str(_plain(value))) if value is not None else ""
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def as_csv(answer: Answer) -> str:
    """CSV with a heading; no cell is a formula."""
    rows = [["" if value is None else csv_dialect.safe(str(_plain(value))) for value in row] for row in answer.rows]
    return csv_dialect.csv_text([answer.columns, *rows])


def as_records(answer: Answer) -> list[dict[str, Any]]:
    """One object a row, by column name."""
    return [{name: _plain(value) for name, value in zip(answer.columns, row, strict=True)} for row in answer.rows]


def _plain(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601, UTC."""
    if isinstance(value, datetime):
        return iso(int(value.timestamp() * 1_000_000))
    return value if isinstance(value, str | int | float | list | None) else str(value)
