"""`regen verify`: whatever is changed in a run folder is found, and said where."""

from __future__ import annotations

import csv
import json
import random
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runner.audit.verify import verify
from runner.ledger.hash_chain import chain
from runner.results.report import write_report
from runner.results.writer import write_views
from runner.runs.folder import RunFolder
from tests.harness.journeys import charges, quick


@pytest.fixture
def run(audited) -> Path:
    return audited


def broken(folder: Path, head: str | None = None) -> dict[str, tuple[str, ...]]:
    """What does not hold, by name."""
    return {check.name: check.failures for check in verify(RunFolder(folder), head) if not check.passed}


def head_of(folder: Path) -> str:
    return json.loads((folder / "run.json").read_bytes())["head"]


def sealed_anew(folder: Path) -> None:
    """As somebody would who wants the change not to be found."""
    RunFolder(folder).seal()


def test_a_run_verifies(run, regen):
    """Exit 0, also against the head that was noted; sha256sum agrees."""
    assert broken(run, head_of(run)) == {}
    assert regen("verify", "it").code == 0
    done = regen("verify", run, "--head", head_of(run)[:20], "--json")
    assert (done.code, done.document["holds"]) == (0, True)
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=run, check=False).returncode == 0


def test_what_later_commands_write_does_not_break_the_seal(run, regen):
    """It goes to after/, and the run still verifies."""
    assert regen("results", "it").code == 0
    assert list((run / "after").glob("*/results.csv"))
    assert regen("verify", "it").code == 0


def test_an_earlier_head_is_known_as_such(tmp_path, run):
    """The head that was noted before the run was resumed proves what came before, and says so."""
    with sqlite3.connect(run / "ledger.db") as ledger:
        first, last = [row[0] for row in ledger.execute("SELECT hash FROM closing ORDER BY closing")]
    ledger.close()
    assert last == head_of(run)
    assert broken(run, first) == {}
    (noted,) = [check for check in verify(RunFolder(run), first) if check.name == "head"]
    assert noted.notes == (f"{first} is the head of ending 1 of 2: the run was resumed since; its head is now {last}",)
    assert "of no ending" in broken(run, "0" * 64)["head"][0]


def test_a_run_that_is_not_over_has_no_seal_to_break(tmp_path, regen):
    """A plan verifies; a head cannot be compared with it."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\n")
    assert regen("plan", tmp_path / "m.csv", "--base-url", "http://127.0.0.1:1", "--run-id", "it").code == 0
    assert regen("verify", "it").code == 0
    assert regen("verify", "it", "--head", "0" * 64).code == 3


def test_an_abandoned_run_verifies(tmp_path, regen, simulator):
    """It was closed, too."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\nINV2\n")
    with simulator() as server:
        base = ("--base-url", server.url, "--run-id", "it")
        assert regen("run", tmp_path / "m.csv", *base, "--max-requests", 1).code == 5
    assert regen("abandon", "it").code == 0
    assert regen("verify", "it").code == 0


# -- tampering --------------------------------------------------------------------------------------------------


def change_byte(folder: Path, chance: random.Random) -> str:
    """One byte of any file of the folder."""
    path = chance.choice(sorted(path for path in folder.iterdir() if path.is_file() and path.stat().st_size))
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    data[at] ^= chance.randrange(1, 256)
    path.write_bytes(data)
    return f"byte {at} of {path.name}"


def change_cell(folder: Path, chance: random.Random) -> str:
    """One cell of any table of the ledger; the checksum is made anew."""
    ledger = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    tables = [name for (name,) in ledger.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
    tables = [table for table in tables if ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0]]
    table = chance.choice(tables)
    columns = [(row[1], row[2]) for row in ledger.execute(f"PRAGMA table_info({table})")]
    keys = [row[1] for row in ledger.execute(f"PRAGMA table_info({table})") if row[5]]
    count = ledger.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    at = chance.randrange(count)
    where = dict(
        zip(keys, ledger.execute(f"SELECT {', '.join(keys)} FROM {table} LIMIT 1 OFFSET {at}").fetchone(), strict=True)
    )
    condition = " AND ".join(f"{key} = ?" for key in where)
    ledger.execute("PRAGMA ignore_check_constraints = ON")
    while True:
        column, kind = chance.choice(columns)
        (value,) = ledger.execute(f"SELECT {column} FROM {table} WHERE {condition}", [*where.values()]).fetchone()
        try:
            ledger.execute(
                f"UPDATE {table} SET {column} = ? WHERE {condition}", [other(value, kind, chance), *where.values()]
            )
            break
        except sqlite3.IntegrityError:
            continue
    ledger.close()
    sealed_anew(folder)
    return f"{table}.{column} of {where}, which was {value!r}"


def other(value: object, kind: str, chance: random.Random) -> object:
    """Another value of the same kind."""
    if kind == "TEXT":
        return chance.choice(["changed", "succeeded" if value != "succeeded" else "failed"])
    if kind == "BLOB":
        return bytes(20)
    return (value or 0) + chance.choice([1, -1, 1000])  # type: ignore[operator]


def change_results(folder: Path, chance: random.Random) -> str:
    """A row of a result file removed, added, moved or changed; the checksum is made anew."""
    name = chance.choice(["results.csv", "errors.csv", "results.parquet"])
    rows, write = rows_of(folder / name)
    at = chance.randrange(len(rows))
    how = chance.choice(["removed", "added", "changed", "moved"])
    if how == "removed":
        del rows[at]
    elif how == "added":
        rows.insert(chance.randrange(len(rows) + 1), list(rows[at]))
    elif how == "moved":
        rows.insert((at + 1) % len(rows), rows.pop(at))
    else:
        texts = [position for position, cell in enumerate(rows[at]) if isinstance(cell, str)]
        rows[at][chance.choice(texts)] += "x"
    write(rows)
    sealed_anew(folder)
    return f"row {at} of {name} {how}"


def rows_of(path: Path):
    """The rows of a result file, and how to write them back."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)

        def write(changed: list[list]) -> None:
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([header, *changed])

        return rows, write
    table = pq.read_table(path)

    def write_parquet(changed: list[list]) -> None:
        columns = zip(*changed, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, table.schema, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, schema=table.schema), path)

    return [list(row.values()) for row in table.to_pylist()], write_parquet


def test_two_hundred_random_tamperings_are_reported(run, tmp_path):
    """A byte of any file; a cell of the ledger or a row of the results, though the checksums were made anew."""
    chance = random.Random(20261121)
    head = head_of(run)
    unnoticed = []
    for number in range(200):
        copy = tmp_path / "copies" / "it"
        shutil.copytree(run, copy)
        how = chance.choice([change_byte, change_cell, change_cell, change_results])
        tampering = how(copy, chance)
        if not broken(copy, head):
            unnoticed.append((number, tampering))
        shutil.rmtree(copy)
    assert unnoticed == []


def test_fifty_random_tamperings_of_a_run_of_jobs_are_reported(tmp_path, regen, simulator):
    """Parts, jobs and the fates of rows are covered like the rest."""
    quick(tmp_path)
    source = charges(tmp_path / "c.csv", 12, bad=(3, 7))
    with simulator(job_seconds=0.02) as server:
        regen("backfill", "RatePlanCharge", source, "--base-url", server.url, "--run-id", "it")
    chance, unnoticed = random.Random(7), []
    for number in range(50):
        copy = tmp_path / "copies" / "it"
        shutil.copytree(tmp_path / "runs" / "it", copy)
        tampering = chance.choice([change_cell, change_cell, change_results])(copy, chance)
        if not broken(copy):
            unnoticed.append((number, tampering))
        shutil.rmtree(copy)
    assert unnoticed == []


@pytest.mark.parametrize("name", ["run.json", "results.csv", "run.log", "ledger.db"])
def test_a_file_that_is_gone_is_named(run, regen, name):
    """Also the ledger itself."""
    (run / name).unlink()
    done = regen("verify", "it")
    assert done.code == 3
    assert f"{name}: missing" in done.out


def test_a_file_that_came_is_named(run):
    """Another results file; a journal that SQLite would play back."""
    (run / "results-new.csv").write_text("x")
    (run / "ledger.db-wal").write_bytes(b"")
    failures = broken(run)["seal"]
    assert any("results-new.csv: added" in text for text in failures)
    assert any("ledger.db-wal" in text for text in failures)


def test_a_seal_that_is_gone(run):
    """It was there when the run ended."""
    (run / "SHA256SUMS").unlink()
    assert broken(run)["seal"] == ("SHA256SUMS is missing",)


WHERE = {
    "UPDATE outcome SET state = 'succeeded' WHERE state = 'failed'": ("chain", "of row 41"),
    'UPDATE line SET cells = \'["A-S007","2","x"]\' WHERE line = 8': ("plan", "lines 1 to 999"),
    "UPDATE request SET body = '{}' WHERE request = 9": ("plan", "requests 1 to 999"),
    "UPDATE attempt SET request_id = 'x' WHERE request = 10": ("ending", "attempts of the requests 1 to 999"),
    "UPDATE request SET state = 'failed' WHERE request = 11": ("balance", "request 11"),
    "DELETE FROM line WHERE line = 12": ("balance", "request 12: no row asks for it"),
    "DELETE FROM outcome WHERE request = 13": ("chain", "the one before it is missing"),
    "UPDATE fact SET value = '0' WHERE name = 'exit_code'": ("ending", "facts of the run"),
}


@pytest.mark.parametrize("sql", WHERE)
def test_where_a_ledger_was_changed(run, sql):
    """The check that finds it names the row, or the thousand that it is in."""
    ledger = sqlite3.connect(run / "ledger.db")
    ledger.execute(sql)
    ledger.commit()
    ledger.close()
    sealed_anew(run)
    name, text = WHERE[sql]
    assert any(text in problem for problem in broken(run)[name])


def test_a_chain_that_was_made_anew_differs_from_a_head_noted_elsewhere(run):
    """Who changes an outcome and all that hashes it cannot change the head on another machine."""
    from runner.ledger import Journal, checkpoint, open_writable

    head = head_of(run)
    with open_writable(run / "ledger.db") as store:
        store.connection.execute("UPDATE outcome SET code = 'x' WHERE seq = 5")
        for seq, _, due in list(chain(store)):
            store.connection.execute("UPDATE outcome SET hash = ? WHERE seq = ?", (due, seq))
            # the next entry hashes this one
        while wrong := [(due, seq) for seq, stored, due in chain(store) if stored != due]:
            store.connection.execute("UPDATE outcome SET hash = ? WHERE seq = ?", wrong[0])
        store.connection.execute("DELETE FROM closing")
        store.set_facts(head=Journal(store).close(0))
        assert checkpoint.closings(store)[-1].hash != head
        write_views(store, run, ("csv", "parquet"))
        write_report(store, run, RunFolder(run).write_document(store))
        store.settle_down()
    sealed_anew(run)
    assert broken(run) == {}
    assert list(broken(run, head)) == ["head"]


def test_the_first_cell_that_differs_is_named(run):
    """File, row, column, both values."""
    text = (run / "results.csv").read_text()
    (run / "results.csv").write_text(text.replace("note 7,", "note 8,", 1))
    sealed_anew(run)
    assert broken(run)["results"] == ("results.csv, row 8: note is 'note 8' in the file, 'note 7' in the ledger",)


def test_rows_that_are_missing_and_rows_that_were_added_are_named(run):
    """By their number in the run."""
    rows, write = rows_of(run / "results.parquet")
    write([*rows[:5], *rows[7:20], rows[3], *rows[20:]])
    sealed_anew(run)
    assert broken(run)["results"] == (
        "results.parquet, row 6: missing",
        "results.parquet, row 7: missing",
        "results.parquet, row 4: there twice, out of order or of another run",
    )


def test_a_quote_that_is_never_closed_is_reported(audited, regen):
    """However much of the file it takes in."""
    path = audited / "errors.csv"
    header, _, rest = path.read_text("utf-8").partition("\n")
    path.write_text(f'{header}\n"{"x" * 200_000}\n{rest}', "utf-8")
    done = regen("verify", "it")
    assert (done.code, "results: " in done.out) == (3, True)
