"""Whether cost a row and memory stay flat as the manifest grows: the plan, the results, the sending without latency."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.measure import sent, served, subscriptions, table, workplace
from tests.bench.plan import planned, results, settle
from tests.bench.throughput import sending_seconds

PLANNED = [int(rows) for rows in os.environ.get("BENCH_GROWTH", "10000,100000,1000000").split(",")]
SENT = PLANNED[:2]


def _told(name: str, rows: int, seconds: float, cpu_seconds: float, peak_mb: float) -> tuple[str, ...]:
    line = (name, f"{rows:,}", f"{seconds / rows * 1e6:.0f}", f"{cpu_seconds / rows * 1e6:.0f}", f"{peak_mb:.0f}")
    print(f"  {line}", flush=True)
    return line


def _views(folder: Path) -> list[tuple[str, ...]]:
    """Plan and results; the start of the process, which no row is to blame for, is measured and taken off."""
    lines = []
    empty = planned(subscriptions(folder / "one.csv", 1), folder / "one")
    start = results(settle(folder / "one"))
    for rows in PLANNED:
        runs = folder / f"planned{rows}"
        process = planned(subscriptions(folder / f"{rows}.csv", rows), runs)
        seconds, cpu = process.seconds - empty.seconds, process.cpu_seconds - empty.cpu_seconds
        lines.append(_told("plan", rows, seconds, cpu, process.peak_mb))
        process = results(settle(runs))
        seconds, cpu = process.seconds - start.seconds, process.cpu_seconds - start.cpu_seconds
        lines.append(_told("results", rows, seconds, cpu, process.peak_mb))
    return sorted(lines, key=lambda line: line[0])


def _sendings(folder: Path) -> list[tuple[str, ...]]:
    lines = []
    with served() as server:
        for rows in SENT:
            process, document = sent(server, folder / f"{rows}.csv", folder / f"sent{rows}")
            assert process.code == 0, process
            seconds = sending_seconds(document)
            lines.append(_told("sending", rows, seconds, process.cpu_seconds, process.peak_mb))
    return lines


def main() -> None:
    """10⁴, 10⁵, 10⁶ rows."""
    with workplace() as folder:
        lines = _views(folder) + _sendings(folder)
    head = ("", "rows", "µs a row", "CPU µs a row", "peak MB")
    print(f"\n### Growth\n\n{table(head, lines)}")
    print("\n`sending`: the CPU is that of the whole process, start, plan and results included.")
