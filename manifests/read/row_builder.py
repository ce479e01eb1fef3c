"""Rows of an Excel sheet put together cell by cell."""

from __future__ import annotations

from collections.abc import Mapping

from manifests.read.sheets import Row

_COLUMNS = 16_384


class Columns(dict[str, int]):
    """The columns by their letters, counted from 0. Raises ValueError for letters of no column."""

    def __missing__(self, letters: str) -> int:
        at = -1
        for letter in letters.replace("$", "").upper():
            at = (at + 1) * 26 + ord(letter) - ord("A")
        if not 0 <= at < _COLUMNS:
            raise ValueError(f"there is no column {letters!r}")
        self[letters] = at
        return at


class RowBuilder:
    """The row that is being read, and those that are complete."""

    def __init__(self) -> None:
        self.complete: list[Row] = []
        self.number = 0
        self.cells: list[str] = []
        self._hidden = False

    def start(self, number: str, hidden: bool) -> None:
        """Begin a row with the number that the sheet gives it, `0` if it gives none.

        A number that is repeated or out of order is corrected: the row is there, and must not vanish.
        """
        self.number = max(int(number), self.number + 1)
        self._hidden, self.cells = hidden, []

    def put(self, at: int, cell: str) -> None:
        """Set a cell. Raises ValueError if its column has a value already."""
        if not cell:
            return
        cells = self.cells
        if at == len(cells):
            cells.append(cell)
            return
        if at < len(cells) and cells[at]:
            raise ValueError("two values in one column")
        cells.extend([""] * (at + 1 - len(cells)))
        cells[at] = cell

    def end(self) -> None:
        """Complete the row. What is outside of a row belongs to none."""
        self.complete.append(Row(self.number, self._hidden, self.cells))
        self.cells = []


def is_hidden(row: Mapping[str, str]) -> bool:
    """Whether a row with these attributes is hidden, filtered out or without height."""
    return row.get("hidden") in ("1", "true") or float(row.get("ht", 1)) == 0
