"""Planning, and making results of, many rows: rows a second and peak memory of the process."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from runner.domain.model import Outcome, State
from runner.ledger import Claim, Journal, Record, open_writable
from tests.bench.measure import Child, python, regen, subscriptions, table, work_folder

MILLION = int(os.environ.get("BENCH_ROWS", "1000000"))
BATCH = 250
NOWHERE = "http://127.0.0.1:9"  # a plan sends nothing


def parquet(path: Path, source: Path) -> Path:
    """The rows of a CSV as Parquet, all text."""
    assert python("tests.bench.parquet", str(source), str(path)).code == 0
    return path


def planned(manifest: Path, runs: Path) -> Child:
    """`regen plan` of a manifest."""
    words = [str(manifest), "--base-url", NOWHERE, "--runs-dir", str(runs), "--type", "Subscription"]
    process = regen("plan", *words)
    assert process.code == 0, process
    return process


def settle(runs: Path) -> Path:
    """Give every request of the planned run an outcome, as if it had been sent. Returns its folder."""
    folder = next(runs.glob("*/run.json")).parent
    with open_writable(folder / "ledger.db") as store:
        journal = Journal(store)
        after, now = 0, int(time.time() * 1e6)
        while requests := journal.fresh(1, after, BATCH):
            after = requests[-1].number
            journal.write([], [Claim(request.number, 1, 0, now) for request in requests])
            journal.write([_succeeded(request.number, now) for request in requests], [])
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def _succeeded(number: int, now: int) -> Record:
    return Record(
        request=number,
        number=1,
        sent_at=now,
        answered_at=now + 50_000,
        reason="done",
        in_doubt=False,
        over=False,
        generation=0,
        http_status=200,
        request_id=f"bench-{number}",
        token=1,
        outcome=Outcome(State.SUCCEEDED, (f"RC-{number:08d}",)),
        first_sent_at=now,
        latency_ms=50.0,
    )


def results(folder: Path) -> Child:
    """`regen results` of a run, both formats."""
    process = regen("results", folder.name, "--runs-dir", str(folder.parent))
    assert process.code == 0, process
    return process


def main() -> None:
    """A million rows in CSV and Parquet, five million in CSV, the results of a million."""
    lines: list[tuple[str, ...]] = []

    def note(name: str, rows: int, most_mb: int, run: Callable[[], Child]) -> None:
        process = run()
        figures = (f"{rows / process.seconds:,.0f}", f"{process.seconds:.0f}", f"{process.peak_mb:.0f}", str(most_mb))
        lines.append((f"{name}, {rows:,} rows", *figures))
        print(f"  {json.dumps(lines[-1])}", flush=True)

    with work_folder() as folder:
        manifest = subscriptions(folder / "s.csv", MILLION)
        note("plan, CSV", MILLION, 400, lambda: planned(manifest, folder / "csv"))
        same = parquet(folder / "s.parquet", manifest)
        note("plan, Parquet", MILLION, 400, lambda: planned(same, folder / "parquet"))
        settled = settle(folder / "csv")
        note("results, Parquet and CSV", MILLION, 400, lambda: results(settled))
        large = subscriptions(folder / "large.csv", 5 * MILLION)
        note("plan, CSV", 5 * MILLION, 500, lambda: planned(large, folder / "large"))
    head = ("", "rows/s, whole process", "seconds", "peak MB", "at most")
    print(f"\n### Plan and results\n\n{table(head, lines)}")
