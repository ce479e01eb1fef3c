"""Manifests that are workbooks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_workbook(read, tmp_path: Path) -> None:
    """The first sheet: whole numbers without `.0`, dates ISO, empty cells empty, empty rows left out."""
    rows = [
        ["invoiceNumber", "n", "f", "d", "t", "b"],
        ["INV1", 123, 1.5, dt.datetime(2026, 1, 31), dt.datetime(2026, 1, 31, 12, 30), True],  # noqa: DTZ001
        [],
        ["00123", 2.0, None, dt.date(2026, 2, 1), dt.time(1, 2), False],
        ["x"],
    ]
    header, result = read(workbook(tmp_path / "m.xlsx", rows), 2)
    assert header == rows[0]
    assert result == [
        ["INV1", "123", "1.5", "2026-01-31", "2026-01-31T12:30:00", "true"],
        ["00123", "2", "", "2026-02-01", "01:02:00", "false"],
        ["x", "", "", "", "", ""],
    ]


def test_workbook_wider_than_its_header(complaint, tmp_path: Path) -> None:
    """A cell beyond the header belongs to no column."""
    path = workbook(tmp_path / "m.xlsx", [["invoiceNumber"], ["INV1"], ["INV2", "x"]])
    assert complaint(str(path)).startswith(f"{path}, sheet Sheet, row 3: 2 cells where the header has 1; ")


def test_workbook_that_is_empty(complaint, tmp_path: Path) -> None:
    """There is nothing in any sheet."""
    assert "no sheet has" in complaint(str(workbook(tmp_path / "m.xlsx", [])))
