"""Workbooks as Excel writes them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest


@pytest.mark.parametrize("height", ["0", "0.0", "0.00"])
def test_a_row_of_no_height_is_hidden(complaint, tmp_path: Path, height: str) -> None:
    """However the number is written."""
    book = openpyxl.Workbook()
    for row in (["invoiceNumber"], ["I1"], ["I2"]):
        book.active.append(row)
    plain, flat = tmp_path / "plain.xlsx", tmp_path / "flat.xlsx"
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(flat, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(b'<row r="2"', b'<row r="2" ht="%s" customHeight="1"' % height.encode(), content)
            target.writestr(name, content)
    assert "row 2: 1 row is hidden" in complaint(str(flat))
