"""`regen reconcile`: each invariant finds the rows that break it; ids against an extract, exactly."""

from __future__ import annotations

import csv
import gzip
import hashlib
import random
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from runner.audit import extract_diff
from runner.audit.extract_diff import Terms, compare
from runner.audit.reconcile import out_of_order, reconcile
from runner.ledger import open_read_only
from runner.system.timestamps import iso
from tests.runner.audit.conftest import MADE_AT, ids_of


def changed(folder: Path, *statements: str) -> None:
    """Change the ledger behind the program's back."""
    ledger = sqlite3.connect(folder / "ledger.db")
    for sql in statements:
        ledger.execute(sql)
    ledger.commit()
    ledger.close()


def failures_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What breaks each invariant."""
    monkeypatch.chdir(folder.parent.parent)
    with open_read_only(folder / "ledger.db") as store:
        return {one.name: list(one.failures) for one in reconcile(store, folder)}


class TestInvariants:
    """A run that holds, and one change for each promise."""

    def test_a_run_holds(self, audited, regen):
        """After faults, a stop and a resume; exit 0, also as JSON."""
        done = regen("reconcile", "it")
        assert done.code == 0, done.out
        document = regen("reconcile", "it", "--json").document
        assert document["holds"]
        assert [check["name"] for check in document["checks"]] == [
            "rows",
            "unchanged",
            "settled",
            "declared",
            "ids",
            "jobs",
            "results",
            "balance",
        ]

    def test_a_long_run_holds(self, audited, monkeypatch, regen):
        """Its results are compared in a process of its own."""
        monkeypatch.setattr("runner.audit.reconcile.MANY", 0)
        assert regen("reconcile", "it").code == 0
        (audited / "results.csv").write_text((audited / "results.csv").read_text().replace("succeeded", "failed", 1))
        assert regen("reconcile", "it").code == 3

    def test_a_row_that_is_not_in_the_results(self, audited, regen):
        """Named by its number; exit 3."""
        lines = (audited / "results.csv").read_text().splitlines(keepends=True)
        (audited / "results.csv").write_text("".join([*lines[:8], *lines[9:]]))
        done = regen("reconcile", "it")
        assert done.code == 3
        assert "results.csv, row 8: missing" in done.out

    def test_a_manifest_that_changed_or_went(self, audited, monkeypatch, regen):
        """Then the ledger speaks for it, and a note says so."""
        (audited.parent.parent / "m.csv").write_text("subscriptionName,subscriptionVersion\nA,1\n")
        assert "changed since" in regen("reconcile", "it").out
        (audited.parent.parent / "m.csv").unlink()
        done = regen("reconcile", "it")
        assert done.code == 0
        assert "no longer exists" in done.out

    def test_a_row_that_is_not_as_in_the_manifest(self, audited, monkeypatch):
        """The manifest is read again."""
        changed(audited, 'UPDATE line SET cells = \'["A-S007","2","x"]\' WHERE line = 8')
        failures = failures_of(audited, monkeypatch)
        assert failures["unchanged"] == ["row 8 (m.csv, row 8): not as in the manifest"]
        assert "row 8: note is 'note 7' in the file, 'x' in the ledger" in failures["results"][0]

    def test_a_request_that_is_pending(self, audited, monkeypatch):
        """A run that was stopped does not hold."""
        changed(audited, "UPDATE request SET state = 'pending', outcome = NULL WHERE request = 9")
        assert failures_of(audited, monkeypatch)["settled"] == ["row 9: Subscription A-S008 v3 is pending"]

    def test_a_success_without_what_it_declares(self, audited, monkeypatch):
        """An empty id is none; an empty idList is a note."""
        changed(
            audited,
            "UPDATE outcome SET ids = '[\"\"]' WHERE request = 10 AND state = 'succeeded'",
            "UPDATE outcome SET ids = '[]' WHERE request = 11 AND state = 'succeeded'",
        )
        monkeypatch.chdir(audited.parent.parent)
        with open_read_only(audited / "ledger.db") as store:
            (declared,) = [one for one in reconcile(store, audited) if one.name == "declared"]
        assert declared.failures == ("row 10: Subscription A-S009 v1 succeeded without a whole idList",)
        assert declared.notes == ("row 11: Subscription A-S010 v2 succeeded with an empty idList",)

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ([1, 2, 3], []),
            ([1, 3], ["row 2: missing"]),
            ([1], ["rows 2 to 3: missing"]),
            ([1, 2, 2, 3], ["row 2: there twice, or out of order"]),
            ([1, 2, 3, 4], ["row 4: the run has 3 rows"]),
            ([], ["rows 1 to 3: missing"]),
        ],
    )
    def test_order(self, lines, expected):
        """Every row once, in order."""
        assert list(out_of_order(iter(lines), 3)) == expected


# -- against an extract -----------------------------------------------------------------------------------------


def extracted(ledger: Path, removed: int = 0, added: int = 0) -> tuple[list[dict[str, str]], set[str], set[str]]:
    """An extract as rows; the ids that were left out and those that were put in."""
    chance = random.Random(7)
    rows = [
        {"Id": one, "Type": "Subscription", "Updated Date": iso(MADE_AT + request * 1_000_000), "Amount": "=1"}
        for request in range(1, 3001)
        for one in ids_of(request)
    ]
    gone = set(chance.sample([row["Id"] for row in rows], removed))
    more = [{**row, "Id": hashlib.md5(row["Id"].encode()).hexdigest()} for row in chance.sample(rows, added)]
    kept = [row for row in rows if row["Id"] not in gone] + more
    chance.shuffle(kept)
    return kept, gone, {row["Id"] for row in more}


def written(path: Path, rows: list[dict[str, str]]) -> str:
    """The extract as a file, in the format of its suffix."""
    frame = pd.DataFrame(rows, dtype=object)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        text = frame.to_csv(index=False, sep="\t" if ".tsv" in path.name else ",")
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def column(path: Path, name: str) -> list[str]:
    with path.open(newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def compared(ledger: Path, *options: str | None) -> extract_diff.Compared:
    path, id_column, time_column = (*options, None, None)[:3]
    assert path is not None
    with open_read_only(ledger) as store:
        return compare(store, ledger.parent, path, Terms(id_column, time_column))
