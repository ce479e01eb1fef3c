"""`regen verify`: whatever is changed in a run folder is found, and said where."""

from __future__ import annotations

import csv
import json
import random
import shutil
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from runner.audit.verify import verify
from runner.runs.folder import RunFolder
from tests.harness.journeys import charges, quick


def broken(folder: Path, head: str | None = None) -> dict[str, tuple[str, ...]]:
    """What does not hold, by name."""
    return {check.name: check.failures for check in verify(RunFolder(folder), head) if not check.passed}


def head_of(folder: Path) -> str:
    return json.loads((folder / "run.json").read_bytes())["head"]


def sealed_anew(folder: Path) -> None:
    """As somebody would who wants the change not to be found."""
    RunFolder(folder).seal()


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


def test_two_hundred_random_tamperings_are_reported(audited, tmp_path):
    """A byte of any file; a cell of the ledger or a row of the results, though the checksums were made anew."""
    chance = random.Random(20261121)
    head = head_of(audited)
    unnoticed = []
    for number in range(200):
        copy = tmp_path / "copies" / "it"
        shutil.copytree(audited, copy)
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
