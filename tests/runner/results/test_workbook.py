"""results.xlsx: every row, texts as texts, and a manifest again."""

from __future__ import annotations

import openpyxl
import pyarrow as pa
import pytest

from runner.results import workbook
from runner.results.columns import Layout
from runner.results.workbook import ABOUT, ERRORS, MOST_CHARACTERS, RESULTS, writing_workbook
from runner.results.writer import schema_of
from tests.harness.program import folders

TEXTS = [
    "=1+1",
    "0012",
    "1E5",
    "-A1",
    "'-A1",
    "@x",
    "https://localhost/x",
    "2026-11-27",
    "TRUE",
    " a ",
    "two\nlines",
    "ü<&>",
]


def tables_of(layout: Layout, **columns: list[object]) -> pa.Table:
    """A group of rows: the columns named, nulls elsewhere."""
    count = len(next(iter(columns.values())))
    nothing: list[object] = [None] * count
    arrays = [pa.array(columns.get(field.name, nothing), field.type) for field in schema_of(layout)]
    return pa.Table.from_arrays(arrays, schema=schema_of(layout))


@pytest.fixture
def layout() -> Layout:
    from runner.ledger import Manifest

    return Layout("it", [Manifest(1, 1, "m.csv", "0" * 64, 1, ("name",), 1)])


def test_texts_stay_texts(tmp_path, layout):
    """Nothing is made a formula, a number, a date or a link."""
    path = tmp_path / "results.xlsx"
    with writing_workbook(path, layout) as take:
        take(tables_of(layout, name=TEXTS, regen_state=["succeeded"] * (len(TEXTS) - 1) + ["failed"]))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [ERRORS, RESULTS, ABOUT]
    cells = [cell for cell in book[RESULTS]["A"]][1:]
    assert [cell.value for cell in cells] == TEXTS
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell for cell in cells if cell.hyperlink]
    assert [row[0] for row in book[ERRORS].iter_rows(min_row=2, values_only=True)] == TEXTS[-1:]


def test_more_than_excel_can_hold(tmp_path, layout, monkeypatch):
    """A long cell is cut and counted; rows go on on a further sheet."""
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    path = tmp_path / "results.xlsx"
    with writing_workbook(path, layout) as take:
        take(tables_of(layout, name=["x" * (MOST_CHARACTERS + 1), "b", "c"], regen_state=["succeeded"] * 3))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [ERRORS, RESULTS, ABOUT, f"{RESULTS} 2"]
    assert len(book[RESULTS]["A2"].value) == MOST_CHARACTERS
    assert [row[0] for row in book[f"{RESULTS} 2"].iter_rows(min_row=2, values_only=True)] == ["c"]
    last = book[RESULTS].cell(1, len(layout.names)).column_letter
    filters = [book[name].auto_filter.ref for name in (ERRORS, RESULTS, f"{RESULTS} 2")]
    assert filters == [f"A1:{last}{rows}" for rows in (1, 3, 2)]
    assert "1, for Excel holds" in [row[1] for row in book[ABOUT].iter_rows(values_only=True)][3]


def test_errors_of_a_workbook_are_a_manifest(tmp_path, regen, simulator):
    """What failed is fixed in Excel and sent again, an id that begins with a minus included."""
    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\n-A-S1,1\nMISSING--S2,1\n")
    with simulator() as server:
        base = ("--base-url", server.url)
        assert regen("run", tmp_path / "s.csv", *base, "--format", "xlsx", "--re-migrate").code == 3
        (run,) = folders(tmp_path / "runs")
        assert regen("verify", run.name).code == regen("reconcile", run.name).code == 0
        book = openpyxl.load_workbook(run / "results.xlsx")
        assert [row[0] for row in book[RESULTS].iter_rows(min_row=2, values_only=True)] == ["-A-S1", "MISSING--S2"]
        book[ERRORS]["A2"] = "-A-S2"
        book.save(tmp_path / "fixed.xlsx")
        again = regen("run", tmp_path / "fixed.xlsx", "--sheet", ERRORS, *base, "--re-migrate")
        assert again.code == 0, again.err
        names = [sent["body"].get("subscriptionName") for sent in server.regenerations()]
        assert names == ["-A-S1", "MISSING--S2", "-A-S2"]
