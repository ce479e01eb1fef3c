"""Comparing a run with the tenant's transactions, from an extract and as queries return them: seconds, peak memory, and
whether exactly what was taken out and put in is named."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.bench.measure import python, regen, subscriptions, table, work_folder
from tests.bench.plan import planned, results, settle
from tests.bench.tenant_match import transactions

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
        path = transactions(folder / "query.csv", MILLION, 10 * MILLION, time.time(), CHANGED)
        process = python("tests.bench.tenant_match", str(folder_of_run / "ledger.db"), str(path))
        assert process.out.strip() == str({"missing": CHANGED, "extra": 0}), process.out
        lines.append((f"{10 * MILLION:,}, by queries", f"{process.seconds:.0f}", f"{process.peak_mb:.0f}"))
    print(f"\n### Reconcile, a run of {MILLION:,} ids\n\n{table(('transactions', 'seconds', 'peak MB'), lines)}")


def settle_run(folder: Path) -> Path:
    """A run that is over, with its results."""
    planned(subscriptions(folder / "s.csv", MILLION), folder / "runs")
    settled = settle(folder / "runs")
    results(settled)
    return settled


if __name__ == "__main__":
    main()
