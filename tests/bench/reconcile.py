"""Comparing a run with extracts of the tenant's transactions, beside the same by two anti-joins of DuckDB.

Exactly the ids that were taken out and put in must be named. The anti-joins only count: no types, no times of each row,
no rows of the manifests, no files.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.measure import Child, python, regen, subscriptions, work_folder
from tests.bench.plan import planned
from tests.bench.results import results
from tests.bench.settled import settle
from tests.bench.tenant_match import transactions

IDS = int(os.environ.get("BENCH_RECONCILE_IDS", "200000"))
EXTRACTS = [int(rows) for rows in os.environ.get("BENCH_EXTRACTS", "400000,2000000").split(",")]
CHANGED = 1000
OLD = "2020-01-01T00:00:00Z"


def extract(path: Path, made: int, rows: int) -> Path:
    """So many transactions as CSV: those of the run but for `CHANGED`, as many that nobody made, and old ones."""
    gone = set(range(1, made + 1, max(1, made // CHANGED))[:CHANGED])
    with path.open("w") as file:
        file.write("Id,Type,UpdatedDate\n")
        file.writelines(f"RC-{number:08d},Subscription,\n" for number in range(1, made + 1) if number not in gone)
        file.writelines(f"X-{number:08d},Subscription,\n" for number in range(CHANGED))
        file.writelines(f"OLD-{number:08d},Subscription,{OLD}\n" for number in range(made, rows))
    return path


def main() -> list[Figure]:
    """Each size of extract."""
    figures = []
    with work_folder() as folder:
        settled = settle_run(folder)
        for rows in EXTRACTS:
            path = extract(folder / "extract.csv", IDS, rows)
            process = regen("reconcile", str(settled), "--against", str(path), "--json")
            counts = {check["name"]: check["count"] for check in process.document()["checks"]}
            assert (counts["missing"], counts["extra"]) == (CHANGED, CHANGED), counts
            figures += _beside_duckdb(f"reconcile {IDS:,} ids with {rows:,}", process, settled, path)
            print(f"  {rows:,} transactions: {process.seconds:.1f} s, {process.peak_mb:.0f} MB", flush=True)
        figures += _by_queries(folder, settled)
    return figures


def _by_queries(folder: Path, settled: Path) -> list[Figure]:
    """As `reconcile --query`, whose answers are there already."""
    path = transactions(folder / "query.csv", IDS, EXTRACTS[-1], time.time(), CHANGED)
    process = python("tests.bench.tenant_match", str(settled / "ledger.db"), str(path))
    assert process.out.strip() == str({"missing": CHANGED, "extra": 0}), process.out
    what = f"reconcile {IDS:,} ids with {EXTRACTS[-1]:,} by queries"
    return [Figure(what, "CPU s", process.cpu_seconds), Figure(what, "MB", process.peak_mb)]


def _beside_duckdb(what: str, ours: Child, settled: Path, extracted: Path) -> list[Figure]:
    bare = python("tests.bench.bare_reconcile", str(settled / "results.parquet"), str(extracted))
    if bare.code:
        return [Figure(what, "CPU s", ours.cpu_seconds, "DuckDB: not installed"), Figure(what, "MB", ours.peak_mb)]
    assert bare.document() == {"missing": CHANGED, "extra": CHANGED}, bare
    beside = "two anti-joins of DuckDB"
    return [
        Figure(what, "CPU s", ours.cpu_seconds, beside, bare.cpu_seconds),
        Figure(what, "MB", ours.peak_mb, beside, bare.peak_mb),
    ]


def settle_run(folder: Path) -> Path:
    """A run that is over, with its results."""
    planned(subscriptions(folder / "s.csv", IDS), folder / "runs")
    settled = settle(folder / "runs")
    results(settled)
    return settled
