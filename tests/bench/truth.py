"""2,000 rows with every tool: rows a second, memory, rows told wrong under faults, repeated or lost after SIGKILL.

A row is told wrong if a tool says done of what was not done, or not done of what was.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.measure import HERE, Server, child, served, subscriptions, table, work_folder
from tests.bench.tools import TOOLS, Tool, install_bulk_post, names_in

ROWS = int(os.environ.get("BENCH_TRUTH_ROWS", "2000"))
LATENCY_SECONDS = 0.05
GIVEN_UP_SECONDS = 120.0


def clean(make: type[Tool], folder: Path, manifest: Path) -> tuple[str, str]:
    """Rows a second of the whole process, and its peak memory."""
    with served(LATENCY_SECONDS) as server:
        tool = make(folder, server.url, manifest)
        process = child(tool.command(), tool.environment)
    return f"{ROWS / process.seconds:,.0f}", f"{process.peak_mb:.0f}"


def faults(make: type[Tool], folder: Path, manifest: Path) -> tuple[str, str, str]:
    """Rows told wrong, rows not done that could have been, exit code."""
    with served(harmful=True) as server:
        tool = make(folder, server.url, manifest)
        process = child(tool.command(), tool.environment)
        done = set(server.record()["effects"])
    wrong = tool.done(process.out) ^ done
    return str(len(wrong)), f"{len(done):,}", str(process.code)


def killed(make: type[Tool], folder: Path, manifest: Path) -> tuple[str, str]:
    """Rows done more than once, and rows never done, after SIGKILL half-way and the documented way to go on."""
    with served(LATENCY_SECONDS) as server:
        tool = make(folder, server.url, manifest)
        _kill_half_way(tool, server)
        time.sleep(1)  # what was on its way arrives
        child(tool.resumed(), tool.environment)
        effects = server.record()["effects"]
    twice = sum(count > 1 for count in effects.values())
    return str(twice), str(len(set(names_in(manifest)) - set(effects)))


def _kill_half_way(tool: Tool, server: Server) -> None:
    process = subprocess.Popen(
        tool.command(),
        cwd=HERE,
        env=os.environ | tool.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + GIVEN_UP_SECONDS
    while server.requests() < ROWS // 2 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    process.wait()


def main() -> list[Figure]:
    """Every tool that is there."""
    lines, skipped = [], []
    with work_folder() as folder:
        install_bulk_post(folder / "bulk-post")
        manifest = subscriptions(folder / "s.csv", ROWS)
        numbers = itertools.count()
        for make in TOOLS:
            if (missing := make.missing()) is not None:
                skipped.append(f"- skipped: {make.name}: {missing}")
                continue
            folders = [folder / f"work{next(numbers)}" for _ in range(3)]
            rate, peak = clean(make, folders[0], manifest)
            wrong, done, code = faults(make, folders[1], manifest)
            twice, lost = killed(make, folders[2], manifest)
            lines.append((make.name, rate, peak, done, wrong, code, twice, lost))
            print(f"  {lines[-1]}", flush=True)
    head = ("", "rows/s", "peak MB", "done under faults", "told wrong", "exit code", "repeated", "lost")
    print(f"\n### Truth, {ROWS:,} rows: 1,906 can be done, 94 cannot\n\n{table(head, lines)}\n")
    print("\n".join(skipped))
    return []
