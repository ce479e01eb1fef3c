"""The ids of a run compared with an extract."""

from __future__ import annotations

import random

import pytest

from runner.audit.extract_diff import Compared
from runner.system.timestamps import iso
from tests.runner.audit.conftest import MADE_AT
from tests.runner.audit.test_reconcile import column, compared, extracted, written


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.tsv", "x.parquet"])
def test_exactly_the_ids_that_are_missing_and_those_that_are_extra(tmp_path, ledger, name):
    """100 removed and 100 added among 9,000, in whatever format."""
    rows, gone, more = extracted(ledger, 100, 100)
    done = compared(ledger, written(tmp_path / name, rows))
    assert [one.count for one in done.checks] == [100, 100]
    assert set(column(done.missing, "id")) == gone
    assert len(column(done.missing, "id")) == 100
    lines = [int(line) for line in column(done.missing, "regen_line")]
    assert lines == sorted(lines)
    assert set(column(done.extra, "Id")) == more
    assert set(column(done.extra, "Amount")) == {"'=1"}
    assert "100 of type Subscription" in done.checks[0].notes
    for row, one in zip(column(done.extra, "extract_row"), column(done.extra, "Id"), strict=True):
        assert rows[int(row) - 1]["Id"] == one


def test_an_extract_that_is_all_there(tmp_path, ledger):
    """Both hold; the files are there and empty but for the header."""
    rows, _, _ = extracted(ledger)
    done = compared(ledger, written(tmp_path / "x.csv", rows))
    assert all(one.passed for one in done.checks)
    assert column(done.missing, "id") == column(done.extra, "Id") == []


def test_ids_of_another_time_are_not_extra(tmp_path, ledger):
    """What was updated outside of the run's time is none of its business; what cannot be read as a time is."""
    rows, _, _ = extracted(ledger)
    rows += [
        {"Id": "before", "Type": "Invoice", "Updated Date": "2020-01-01T00:00:00Z", "Amount": "1"},
        {"Id": "after", "Type": "Invoice", "Updated Date": "2099-01-01", "Amount": "1"},
        {"Id": "within", "Type": "Invoice", "Updated Date": iso(MADE_AT + 5_000_000), "Amount": "1"},
        {"Id": "whenever", "Type": "", "Updated Date": "soon", "Amount": "1"},
        {"Id": " ", "Type": "", "Updated Date": "", "Amount": "1"},
    ]
    done = compared(ledger, written(tmp_path / "x.csv", rows))
    assert column(done.extra, "Id") == ["within", "whenever"]
    notes = done.checks[1].notes
    assert "1 of type Invoice" in notes
    assert any("1 row without an id" in note for note in notes)


def test_an_extract_without_rows(tmp_path, ledger):
    """Then everything is missing there."""
    (tmp_path / "x.csv").write_text("Id,Type\n")
    assert [one.count for one in compared(ledger, str(tmp_path / "x.csv")).checks] == [9000, 0]


def test_ids_that_are_there_from_before_are_noted(tmp_path, ledger):
    """They exist, but nothing shows that this run touched them."""
    rows, _, _ = extracted(ledger)
    for row in rows[:5]:
        row["Updated Date"] = "2020-01-01T00:00:00Z"
    done = compared(ledger, written(tmp_path / "x.csv", rows))
    assert done.checks[0].passed
    assert any(note.startswith("5 ids are there, but were last updated before") for note in done.checks[0].notes)


TIMES = [
    "",
    "2020-01-01T00:00:00Z",
    iso(MADE_AT + 5_000_000),
    "2099-01-01",
    "soon",
    "1800000000",
    "2027-01-15 08:00:05 UTC",
]


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_reader_and_the_strict_one_come_to_the_same(tmp_path, ledger, monkeypatch, seed):
    """Over extracts with headers in any case, ids twice, with hyphens, in capitals and padded, times in many forms and
    none, rows without an id and files that are not plain: equal checks, notes and files."""
    chance = random.Random(seed)
    rows, _, _ = extracted(ledger, 50, 50)
    rows = [{**row, "Updated Date": chance.choice([*TIMES, row["Updated Date"]])} for row in rows]
    for row in chance.sample(rows, 40):
        row["Id"] = chance.choice([row["Id"].upper(), f" {row['Id']}", f"{row['Id'][:8]}-{row['Id'][8:]}", "", "twice"])
    header = chance.choice(
        ["Id,Type,Updated Date,Amount", "ID,TYPE,UPDATED DATE,AMOUNT", "TransactionId,Type,updatedon,x"]
    )
    end = chance.choice(["\n", "\r\n"])
    cells = [",".join(f'"{cell}"' if chance.random() < 0.1 else cell for cell in row.values()) for row in rows]
    cells[2000:2000] = chance.choice([[], [""], [",,,"], ['a"b,,,'], ['"a ""b""",,,']])
    path = tmp_path / "x.csv"
    path.write_bytes((chance.choice(["", "\ufeff"]) + end.join([header, *cells]) + end).encode())
    quick = verdict(compared(ledger, str(path)))
    monkeypatch.setattr("manifests.read.delimited.Delimited._plain", lambda _: False)
    assert verdict(compared(ledger, str(path))) == quick


def verdict(done: Compared) -> tuple[object, ...]:
    """Checks and files."""
    return done.checks, done.missing.read_bytes(), done.extra.read_bytes()
