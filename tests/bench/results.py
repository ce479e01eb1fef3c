"""Writing the results of many rows, beside reading the same rows from SQLite and writing them by csv and pyarrow."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.figures import Figure, compared
from tests.bench.measure import Child, python, regen, subscriptions, work_folder
from tests.bench.plan import planned
from tests.bench.settled import settle

ROWS = int(os.environ.get("BENCH_RESULTS_ROWS", "300000"))
ROUNDS = int(os.environ.get("BENCH_RESULTS_ROUNDS", "3"))


def results(folder: Path) -> Child:
    """`regen results` of a run, both formats."""
    process = regen("results", folder.name, "--runs-dir", str(folder.parent))
    assert process.code == 0, process
    return process


def main() -> list[Figure]:
    """CPU of both, and memory."""
    ours: list[Child] = []
    theirs: list[Child] = []
    with work_folder() as folder:
        planned(subscriptions(folder / "s.csv", ROWS), folder / "runs")
        settled = settle(folder / "runs")
        for _ in range(ROUNDS):
            ours.append(results(settled))
            theirs.append(python("tests.bench.bare_results", str(settled / "ledger.db"), str(folder / "bare")))
            assert theirs[-1].code == 0, theirs[-1]
            print(f"  results {ours[-1].cpu_seconds:.2f} s, bare {theirs[-1].cpu_seconds:.2f} s", flush=True)
    what, beside = f"results of {ROWS:,} rows, Parquet and CSV", "one SELECT, csv, pyarrow"
    cpu = [[process.cpu_seconds for process in of] for of in (ours, theirs)]
    return [
        compared(what, "CPU s", cpu[0], beside, cpu[1]),
        Figure(what, "MB", max(process.peak_mb for process in ours), beside, max(of.peak_mb for of in theirs)),
    ]
