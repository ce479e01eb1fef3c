"""Results and errors files of an earlier run are manifests again."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from manifests import checker, open_manifest

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(["'", "''x", "=1", "-1", "'-a"])
HEADER = ["invoiceNumber", "note", "regen_run", "regen_line", "regen_type", "regen_state", "regen_outcome"]


def escaped(cell: str) -> str:
    """What the writer of results does to a cell of CSV that a spreadsheet would take for a formula."""
    formula = cell.startswith(("=", "+", "-", "@", "\t", "\r", "'")) and not cell.lstrip("+-").isdecimal()
    return "'" + cell if formula else cell


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8), st.integers(1, 4))
def test_escaped_cells_come_back(read, rows: list[list[str]], size: int) -> None:
    """Exactly one `'` is taken off each cell, so that the original columns are what they were."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([HEADER, *([*map(escaped, row), "r", "1", "Invoice", "failed", "failed"] for row in rows)])
    assert read("-", size, io.BytesIO(text.getvalue().encode())) == (HEADER[:2], rows)


def test_regen_columns_are_left_out(write) -> None:
    """They are no columns of the manifest; type, state and outcome stay at hand."""
    path = write("errors.csv", "invoiceNumber,regen_run,regen_state,note,regen_type\n'=1,r,unknown,'x,Invoice\n")
    with open_manifest(path) as source:
        assert source.columns == ("invoiceNumber", "note")
        (batch,) = source.batches()
    assert batch.frame.to_numpy().tolist() == [["=1", "x"]]
    assert batch.regen is not None
    assert batch.regen.to_numpy().tolist() == [["Invoice", "unknown", None, None, "r", None]]


def test_quotes_stay_in_other_manifests(read, write) -> None:
    """Without `regen_*` columns a leading `'` belongs to the value."""
    assert read(write("m.csv", "invoiceNumber,x\n'1,'\n"))[1] == [["'1", "'"]]


def test_escaped_headers_come_back(read, write) -> None:
    """A header is a cell like any other."""
    assert read(write("m.csv", "'=a,invoiceNumber,regen_run,regen_state\n1,2,3,failed\n"))[0] == ["=a", "invoiceNumber"]


def test_parquet_is_never_altered(read, tmp_path: Path) -> None:
    """Parquet results are read as they stand."""
    table = pa.table(
        {
            "invoiceNumber": ["'=1", None],
            "regen_id_list": [["a"], None],
            "regen_state": ["failed"] * 2,
            "regen_run": ["r"] * 2,
        }
    )
    parquet.write_table(table, tmp_path / "results.parquet")
    assert read(tmp_path / "results.parquet") == (["invoiceNumber"], [["'=1"], [None]])


def test_errors_saved_by_a_spreadsheet(read, tmp_path: Path) -> None:
    """errors.csv, opened in Excel and saved as a workbook, still has its `'`."""
    book = openpyxl.Workbook()
    for row in (["invoiceNumber", "regen_run", "regen_state"], ["'=1", "r", "failed"], ["INV2", "r", None]):
        book.active.append(row)
    book.save(tmp_path / "errors.xlsx")
    assert read(tmp_path / "errors.xlsx") == (["invoiceNumber"], [["=1"], ["INV2"]])


def test_results_of_several_manifests(write, checked) -> None:
    """Their columns are united, under several names for one thing and with types of their own."""
    path = write(
        "results.csv",
        "Invoice Number,invoice_number,id,type,regen_run,regen_type,regen_state\n"
        "INV1,,,,r,Invoice,failed\n,INV2,,,r,Invoice,failed\n,,x,,r,DebitMemo,rejected\n"
        ",,y,Credit Memo,r,CreditMemo,failed\n,,z,,r,,pending\n",
    )
    result = checked(path, size=2)
    assert result.types == ["Invoice", "Invoice", "DebitMemo", "CreditMemo", None]
    assert result.objects == ["INV1", "INV2", "x", "y", "z"]
    assert [problem and problem.split(":")[0] for problem in result.problems] == [
        None,
        None,
        None,
        None,
        "type-missing",
    ]


def test_a_long_cell_comes_back(read, write) -> None:
    """JSON Lines and Parquet may hold it, and so may a person's own notes."""
    long = "x" * 131_073
    path = write("errors.csv", f"invoiceNumber,note,regen_run,regen_state\n1,{long},r,failed\n")
    assert read(path)[1] == [["1", long]]
    other = write("other.csv", f"invoiceNumber,note\n1,{long}\n")
    assert read(other)[1] == [["1", long]]


@pytest.mark.parametrize("text", ["-A1", "'-A1", "''-A1", "'x", "''x", "=A1", "'=A1", "@A", "+A"])
def test_errors_without_their_own_columns_name_the_same_objects(write, text: str) -> None:
    """A person deleted the runner's columns; the `'` before the cell is still there, and one more if it had one."""
    sent = []
    for cell in (text, escaped(text)):
        with open_manifest(write("m.csv", f"invoiceNumber,note\n{cell},x\n")) as source:
            (batch,) = source.batches()
            checked = checker(source.columns, path="m.csv", type="Invoice").check(batch)
        sent.append((checked.fields["number"], checked.problems))
    assert sent[0] == sent[1]
