"""Workbooks that python-calamine reads: what it leaves out is refused with its row, wherever it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from manifests import ManifestError, Reading, open_manifest

INCLUDE = Reading(hidden="include")


def cells(path: Path) -> list[str]:
    with open_manifest(str(path), reading=INCLUDE) as source:
        return [cell for batch in source.batches() for cell in batch.frame["invoiceNumber"]]


def ods(path: Path, values: list[str | None], repeated: int = 1) -> Path:
    """A sheet of one column; None is a formula that was never calculated."""
    document, table = OpenDocumentSpreadsheet(), Table(name="S1")
    for number, value in enumerate(("invoiceNumber", *values)):
        row = TableRow(numberrowsrepeated=repeated) if number == 1 else TableRow()
        cell = TableCell(formula="of:=A1") if value is None else TableCell(valuetype="string")
        if value is not None:
            cell.addElement(P(text=value))
        row.addElement(cell)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(str(path))
    return path


@pytest.mark.parametrize(
    ("values", "repeated", "row"), [(["I1", None], 1, 3), (["I1", None, "I2"], 1, 3), (["I1", None, None], 4, 6)]
)
def test_an_open_document_formula_without_a_value_is_refused(
    tmp_path: Path, values: list[str | None], repeated: int, row: int
) -> None:
    """Also in the last rows, which would vanish; repeated rows count."""
    with pytest.raises(ManifestError, match=f"sheet S1, row {row}: a formula without a stored value"):
        cells(ods(tmp_path / "m.ods", values, repeated))


def test_open_document_rows_are_read(tmp_path: Path) -> None:
    """A row that is repeated is as many rows."""
    assert cells(ods(tmp_path / "m.ods", ["I1", "I2"], 2)) == ["I1", "I1", "I2"]


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
