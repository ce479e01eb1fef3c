"""Workbooks that python-calamine reads: what it leaves out is refused with its row, wherever it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlwt

from manifests import ManifestError, Reading, open_manifest

INCLUDE = Reading(hidden="include")


def cells(path: Path) -> list[str]:
    with open_manifest(str(path), reading=INCLUDE) as source:
        return [cell for batch in source.batches() for cell in batch.frame["invoiceNumber"]]


def xls(path: Path, last: object) -> Path:
    book = xlwt.Workbook()
    sheet, style = book.add_sheet("S1"), xlwt.easyxf("pattern: pattern solid, fore_colour red")
    for row, value in enumerate(("invoiceNumber", "I1")):
        sheet.write(row, 0, value)
    if last == "error":
        sheet.row(2).set_cell_error(0, 42)
    else:
        sheet.write(2, 0, last, style)
    book.save(str(path))
    return path


@pytest.mark.parametrize("last", ["error", xlwt.Formula('A2&"x"')], ids=["error", "formula"])
def test_the_last_row_of_an_old_workbook_does_not_vanish(tmp_path: Path, last: object) -> None:
    """Errors and formulas without a value are empty cells to the reader."""
    with pytest.raises(ManifestError, match="row 3: nothing can be read"):
        cells(xls(tmp_path / "m.xls", last))


def test_a_formatted_empty_cell_is_no_row(tmp_path: Path) -> None:
    """It has no value and never had."""
    assert cells(xls(tmp_path / "m.xls", "")) == ["I1"]
