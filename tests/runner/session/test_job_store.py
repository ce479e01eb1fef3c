"""The parts to upload, made again from the ledger."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from runner.plan.backfill import csv_bytes, csv_line


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=9), min_size=2))
@example(["r1", "a\rb"])
def test_any_cells_are_read_back_as_they_were(cells):
    """Returns, newlines, quotes: the tenant reads the same row."""
    read = list(csv.reader(io.StringIO(csv_bytes(cells, [cells]).decode(), newline=""), strict=True))
    assert read == [cells, cells]


def test_a_line_end_in_a_cell_stays_in_it():
    """A part that is uploaded has as many rows as it is said to have."""
    cells = ["8a90", "a\rb", "\r", "a\r\nb", "", 'a"b']
    assert list(csv.reader(io.StringIO(csv_line(cells).decode(), newline=""), strict=True)) == [cells]
