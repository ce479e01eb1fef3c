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

from runner.audit import extract_diff, hash_partition
from runner.audit.extract_columns import columns_of
from runner.audit.extract_diff import Terms, compare
from runner.audit.reconcile import out_of_order, reconcile
from runner.domain.errors import Refused
from runner.domain.model import Outcome, State
from runner.ledger import Claim, Journal, Record, Store, open_read_only, open_writable
from runner.system.timestamps import iso
from tests.harness.virtual import enrolled

MADE_AT = 1_800_000_000_000_000


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
        assert "another file by now" in regen("reconcile", "it").out
        (audited.parent.parent / "m.csv").unlink()
        done = regen("reconcile", "it")
        assert done.code == 0
        assert "not there any more" in done.out

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

    def test_an_id_under_two_requests(self, audited, monkeypatch):
        """Of two objects it breaks the promise; of one and the same it is a note."""
        same = "UPDATE outcome SET ids = '[\"abc\"]' WHERE request IN (12, 13) AND state = 'succeeded'"
        changed(audited, same)
        assert failures_of(audited, monkeypatch)["ids"] == ["id abc: rows 12, 13"]
        changed(audited, "UPDATE line SET object = 'one' WHERE line IN (12, 13)")
        assert failures_of(audited, monkeypatch)["ids"] == []

    def test_rows_that_do_not_add_up(self, audited, monkeypatch):
        """A row without a request and without a problem has no fate."""
        changed(audited, "UPDATE line SET problem = NULL WHERE line = 43")
        assert "row 43: neither rejected nor part of a request" in failures_of(audited, monkeypatch)["balance"]

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


def ids_of(request: int) -> tuple[str, ...]:
    """The three ids that a request made."""
    text = hashlib.sha384(str(request).encode()).hexdigest()
    return text[:32], text[32:64], text[64:]


@pytest.fixture
def ledger(tmp_path) -> Path:
    """3,000 requests with three ids each, one a second."""
    path = enrolled(tmp_path / "ledger.db", 3000)
    with open_writable(path) as store:
        journal = Journal(store)
        at = {request: MADE_AT + request * 1_000_000 for request in range(1, 3001)}
        journal.write([], [Claim(request, 1, 0, time) for request, time in at.items()])
        journal.write([_made(request, time) for request, time in at.items()], [])
        store.settle_down()
    return path


def _made(request: int, at: int) -> Record:
    outcome = Outcome(State.SUCCEEDED, ids_of(request))
    return Record(request, 1, at, at + 1000, "done", False, False, 0, 200, outcome=outcome, first_sent_at=at)


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


def test_many_batches_and_a_hash_that_collides_for_all(tmp_path, ledger, monkeypatch):
    """Batches do not show; ids are compared whole, not by their hash."""
    monkeypatch.setattr(extract_diff, "BATCH", 700)
    monkeypatch.setattr("pandas.util.hash_array", lambda ids, categorize: pd.Series([0] * len(ids), dtype="u8").values)
    rows, gone, more = extracted(ledger, 10, 10)
    done = compared(ledger, written(tmp_path / "x.csv", rows))
    assert set(column(done.missing, "id")) == gone
    assert set(column(done.extra, "Id")) == more
    assert hash_partition.PARTS == 64


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


@pytest.mark.parametrize(
    ("headers", "named", "columns"),
    [
        (["Id", "Name"], None, "Id"),
        (["Booking Transaction: ID", "Name"], None, "Booking Transaction: ID"),
        (["BillingTransaction.Id", "x"], None, "BillingTransaction.Id"),
        (["RC_ID", "Name"], "RC_ID", "RC_ID"),
    ],
)
def test_the_id_column_is_recognized_or_named(headers, named, columns):
    """Whatever its case and the object before it."""
    assert columns_of(headers, "x.csv", named, None).id == columns


@pytest.mark.parametrize(
    ("headers", "named"),
    [(["Name", "Amount"], None), (["Id", "transaction_id"], None), (["Id"], "RC_ID")],
)
def test_an_id_column_that_could_be_another_is_not_guessed(headers, named):
    """It is refused, and the columns are told."""
    with pytest.raises(Refused, match="it has: "):
        columns_of(headers, "x.csv", named, None)


def test_the_command(audited, tmp_path, regen):
    """The files go beside the seal; exit 3 if something is missing there, 0 if nothing is."""
    with open_read_only(audited / "ledger.db") as store:
        ids = [one for made in extract_diff.transactions(store) for one in made.ids]
    (tmp_path / "x.csv").write_text("id\n" + "\n".join(ids) + "\n")
    done = regen("reconcile", "it", "--against", tmp_path / "x.csv")
    assert done.code == 0, done.out
    (tmp_path / "x.csv").write_text("id\n" + "\n".join(ids[1:]) + "\n")
    done = regen("reconcile", "it", "--against", tmp_path / "x.csv")
    assert done.code == 3
    assert len(list((audited / "after").glob("*/reconcile-missing.csv"))) == 2
    assert regen("verify", "it").code == 0
    assert regen("reconcile", "it", "--against", tmp_path / "none.csv").code == 2


def test_a_run_that_sent_nothing_has_nothing_to_compare(tmp_path):
    """It is refused in words."""
    store: Store
    with (
        open_read_only(enrolled(tmp_path / "ledger.db", 1)) as store,
        pytest.raises(Refused, match="nothing was sent"),
    ):
        (tmp_path / "x.csv").write_text("id\nx\n")
        compare(store, tmp_path, str(tmp_path / "x.csv"))
