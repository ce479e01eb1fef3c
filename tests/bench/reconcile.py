"""Comparing a run with extracts of the tenant's transactions: seconds, peak memory, and whether exactly the ids that
were taken out and put in are named."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.measure import regen, subscriptions, table, work_folder
from tests.bench.plan import planned, results, settle

MILLION = int(os.environ.get("BENCH_ROWS", "1000000"))
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


def main() -> None:
    """A run of a million ids against two and ten million transactions."""
    lines = []
    with work_folder() as folder:
        folder_of_run = settle_run(folder)
        for rows in (2 * MILLION, 10 * MILLION):
            path = extract(folder / "extract.csv", MILLION, rows)
            words = ["reconcile", str(folder_of_run), "--against", str(path), "--json"]
            process = regen(*words)
            counts = {check["name"]: check["count"] for check in process.document()["checks"]}
            assert (counts["missing"], counts["extra"]) == (CHANGED, CHANGED), counts
            lines.append((f"{rows:,}", f"{process.seconds:.0f}", f"{process.peak_mb:.0f}"))
            print(f"  {lines[-1]}", flush=True)
    print(f"\n### Reconcile, a run of {MILLION:,} ids\n\n{table(('transactions', 'seconds', 'peak MB'), lines)}")


def settle_run(folder: Path) -> Path:
    """A run that is over, with its results."""
    planned(subscriptions(folder / "s.csv", MILLION), folder / "runs")
    settled = settle(folder / "runs")
    results(settled)
    return settled


if __name__ == "__main__":
    main()
