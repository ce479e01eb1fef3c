"""What the README says of plan files, and of reading results in other tools, is run."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from runner.config import file
from runner.plan.plan_file import KINDS, read_plan
from tests import ROOT
from tests.harness.audited import copied
from tests.harness.program import csv_rows, simulated, table

README = (ROOT / "README.md").read_text("utf-8")


def blocks(title: str, language: str) -> list[str]:
    """The code blocks of a section."""
    section = README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


class TestPlanFiles:
    """The section on plan files and jobs."""

    def test_its_plan_is_one(self, tmp_path):
        """Every kind of step, and no key that there is not."""
        plan, _ = blocks("Plan files and jobs", "toml")
        (tmp_path / "nightly.toml").write_text(plan)
        assert {type(work) for work in read_plan(str(tmp_path / "nightly.toml")).step} == set(KINDS)

    def test_its_settings_are_the_defaults(self, tmp_path):
        _, settings = blocks("Plan files and jobs", "toml")
        (tmp_path / "regen.toml").write_text(settings)
        jobs = file.read(tmp_path / "regen.toml").profiles["sandbox"].jobs
        assert jobs == file.JobSettings()
        assert tomllib.loads(settings)["profile"]["sandbox"]["jobs"].keys() == set(file.JobSettings.__struct_fields__)


@pytest.fixture
def runs(audited_once, tmp_path, regen) -> Path:
    """The folder above two runs: subscriptions with a note, some failed; invoices with an amount."""
    copied(audited_once, tmp_path)
    (tmp_path / "i.csv").write_text("invoiceNumber,amount\nINV1,-3\nINV2,007\nMISSING-3,=cmd\n")
    with simulated() as server:
        assert regen("run", "i.csv", "--base-url", server.url, "--run-id", "invoices").code == 3
    return tmp_path


def run_blocks(*wanted: str) -> dict[str, Any]:
    """The Python of the section, one block after another, from the first to the one that holds a text."""
    names: dict[str, Any] = {}
    for block in blocks("Reading the results elsewhere", "python"):
        if any(text in block for text in wanted):
            exec(compile(block, "README.md", "exec"), names)
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
    book.save(runs / "mended.xlsx")
    assert regen("plan", "mended.xlsx", "--base-url", "http://127.0.0.1:1", "--run-id", "again").code == 0
    regen("results", "again")
    assert table(runs / "runs/again")[0]["amount"] == "=cmd"


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq here")
def test_jq(runs):
    """Over the log of a run."""
    (block,) = blocks("Reading the results elsewhere", "console")
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
