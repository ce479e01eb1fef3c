"""What the topic analysis shows of other tools is run."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.documentation.documents import blocks, topic
from tests.harness.audited import copied
from tests.harness.program import csv_rows, simulated, table


@pytest.fixture
def runs(audited_once, tmp_path, regen) -> Path:
    """The folder above two runs: subscriptions with a note, some failed; invoices with an amount."""
    copied(audited_once, tmp_path)
    (tmp_path / "i.csv").write_text("invoiceNumber,amount\nINV1,-3\nINV2,007\nMISSING-3,=cmd\n")
    with simulated() as server:
        assert regen("run", "i.csv", "--base-url", server.url, "--run-id", "invoices").code == 3
    return tmp_path


def run_blocks(*wanted: str) -> dict[str, Any]:
    """The Python of the topic, one block after another, from the first to the one that holds a text."""
    names: dict[str, Any] = {}
    for block in blocks(topic("analysis"), "python"):
        if any(text in block for text in wanted):
            exec(compile(block, "analysis.md", "exec"), names)
    return names


def test_pandas(runs, capsys):
    """Runs with different columns are one frame."""
    results = run_blocks("read_parquet(path)")["results"]
    assert {"note", "amount"} <= set(results.columns)
    assert len(results) == len(table(runs / "runs/it")) + 3
    assert results[results["regen_run"] == "invoices"]["note"].isna().all()
    assert re.search(r"invoices +failed +1\n +succeeded +2", capsys.readouterr().out)


def test_duckdb(runs, capsys):
    """Schemas unite across runs."""
    duckdb = run_blocks("duckdb")["duckdb"]
    shown = capsys.readouterr().out
    assert "invoices" in shown
    assert "not-found" in shown
    united = "FROM read_parquet('runs/*/results.parquet', union_by_name = true)"
    assert duckdb.sql(f"SELECT count(note), count(amount) {united}").fetchall() == [(len(table(runs / "runs/it")), 3)]


def test_a_spreadsheet(runs, regen):
    """No cell is a formula, in CSV or workbook; what it saves is a manifest again, with what was there before."""
    for path in (runs / "runs").glob("*/*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        risky = [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
        assert all(re.fullmatch(r"[+-]?\d+(\.\d+)?", cell) for cell in risky)
    assert csv_rows(runs / "runs/invoices/errors.csv")[0]["amount"] == "'=cmd"
    run_blocks("read_parquet(path)", "to_excel")
    sheet = openpyxl.load_workbook(runs / "errors.xlsx").active
    assert sheet is not None
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "'=cmd" in {cell.value for row in sheet.iter_rows() for cell in row}
    book = openpyxl.Workbook()
    for row in csv.reader((runs / "runs/invoices/errors.csv").read_text().splitlines()):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(runs / "fixed.xlsx")
    assert regen("plan", "fixed.xlsx", "--base-url", "http://127.0.0.1:1", "--run-id", "again").code == 0
    regen("results", "again")
    assert table(runs / "runs/again")[0]["amount"] == "=cmd"


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq here")
def test_jq(runs):
    """Over the log of a run."""
    (block,) = blocks(topic("analysis"), "console")
    counted, wrong = (
        subprocess.run(
            ["bash", "-c", line.removeprefix("$ ").replace("RUN", "invoices")],
            cwd=runs,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for line in block.splitlines()
    )
    assert "1 started" in counted
    assert "1 ended" in counted
    assert wrong == ["3\tfailed\tObject not found"]
