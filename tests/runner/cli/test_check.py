"""`regen check`: what `plan` checks, without credentials, tenant or run folder."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

CASES = Path(__file__).parents[2] / "manifests" / "cases" / "files"


@pytest.fixture(autouse=True)
def no_credentials(regen, monkeypatch) -> None:
    """Neither a tenant nor credentials are named."""
    for name in ("ZUORA_CLIENT_ID", "ZUORA_CLIENT_SECRET", "ZUORA_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_it_shows_types_first_requests_and_notes(regen, tmp_path):
    """And leaves nothing behind."""
    Path("m.csv").write_text("invoiceNumber,creditMemoNumber\nINV-1,\nINV-1,\n,CM-1\n\N{EN DASH}2,\n")
    done = regen("check", "m.csv")
    assert done.code == 0
    assert "4 rows = 1 duplicate + 3 to be sent" in done.out
    assert "  Invoice: 3\n  CreditMemo: 1\n" in done.out
    assert 'POST …/billing-transaction {"number":"INV-1","type":"Invoice"}' in done.out
    assert "(row 5)" in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_nothing_is_left_to_send(regen):
    """--skip-rejected is not offered where every row is wrong, and does not help."""
    Path("m.csv").write_text("invoiceNumber\n#N/A\nNULL\n")
    done = regen("check", "m.csv")
    assert (done.code, "--skip-rejected" in done.out) == (2, False)
    assert regen("check", "m.csv", "--skip-rejected").code == 2


def test_json_has_the_same(regen):
    """For a script: also where the file cannot be used."""
    Path("m.csv").write_text("invoiceNumber\nINV-1\nNULL\n")
    done = regen("check", "m.csv", "--json")
    document = done.document
    assert (done.code, document["refused"], document["states"]) == (2, True, {"pending": 1, "rejected": 1})
    assert document["files"] == [{"path": "m.csv", "sheet": None, "rows": 2}]
    assert document["types"] == {"Invoice": 1}
    (problem,) = document["problems"]
    assert problem.startswith("m.csv, row 3: no-value: ")
    missing = regen("check", "gone.csv", "--json")
    assert (missing.code, missing.document["refused"]) == (2, True)
    assert missing.document["problems"] == ["gone.csv: there is no such file; check the path"]


def test_plan_names_it_where_the_tenant_is_missing(regen, monkeypatch):
    """And where the credentials are."""
    Path("m.csv").write_text("invoiceNumber\nINV-1\n")
    assert "regen check" in regen("plan", "m.csv").err
    monkeypatch.setenv("ZUORA_BASE_URL", "http://127.0.0.1:9")
    refused = regen("plan", "m.csv")
    assert (refused.code, "no credentials" in refused.err, "regen check" in refused.err) == (2, True, True)


def test_the_row_of_the_sheet_is_named(regen):
    """Empty rows above it count."""
    done = regen("check", str(CASES / "527-blank-row-then-bad-row.xlsx"))
    assert (done.code, ", sheet Sheet, row 6: subscription-version-not-an-integer" in done.out) == (2, True)


@pytest.mark.parametrize(
    "step", ['do = "backfill"\ntype = "RatePlanCharge"\nfile', 'do = "regenerate"\ntype = "Invoice"\nmanifests']
)
def test_hidden_columns_are_noted_whatever_reads_the_file(regen, step):
    """A person must know what else goes up."""
    book = openpyxl.Workbook()
    for row in (["ID", "Note"], ["8a80", "x"]):
        book.active.append(row)
    book.active.column_dimensions["B"].hidden = True
    book.save("m.xlsx")
    value = '["m.xlsx"]' if step.endswith("manifests") else '"m.xlsx"'
    Path("p.toml").write_text(f"[[step]]\n{step} = {value}\n")
    (note,) = regen("check", "p.toml", "--json").document["notes"]
    assert note.endswith("1 column is hidden and read all the same ('Note')")
