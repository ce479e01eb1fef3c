"""Whether cost a row and memory stay flat as the manifest grows: the plan, the results, a whole run without latency.

Small sizes are measured several times, before and after the large ones, in turn with a single row, and the start of the
process, which no row is to blame for, is taken off: what is left of it differs from one process to the next by as much
as thousands of rows cost.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.bench.compiled_server import compiled_served
from tests.bench.measure import Child, Server, median, sent, subscriptions, table, work_folder
from tests.bench.plan import planned, results, settle
from tests.bench.throughput import sending_seconds

ROWS = [int(rows) for rows in os.environ.get("BENCH_GROWTH", "10000,100000,1000000").split(",")]
ENOUGH = 200_000  # rows measured of each size, at least, and
MOST = 9  # times at most


@dataclass
class Size:
    """What was seen of one number of rows: seconds and CPU seconds but for the start, peak memory."""

    rows: int
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)

    def note(self, seconds: float, cpu_seconds: float, peak_mb: float) -> None:
        """Note one process."""
        self.seconds.append(seconds)
        self.cpu_seconds.append(cpu_seconds)
        self.peak_mb.append(peak_mb)
        print(f"  {self.rows:,} rows: {seconds / self.rows * 1e6:.0f} µs, {peak_mb:.0f} MB", flush=True)

    def line(self, name: str, least: Size) -> tuple[str, ...]:
        """A line of the table: medians a row, and what they are of those of the least size."""
        time, cpu = (median(seen) / self.rows * 1e6 for seen in (self.seconds, self.cpu_seconds))
        small = (median(seen) / least.rows * 1e6 for seen in (least.seconds, least.cpu_seconds))
        ratios = [f"{here / there:.2f}" for here, there in zip((time, cpu), small, strict=True)]
        return (
            name,
            f"{self.rows:,}",
            f"{time:.0f}",
            ratios[0],
            f"{cpu:.0f}",
            ratios[1],
            f"{median(self.peak_mb):.0f}",
        )


def _turns() -> Iterator[int]:
    """The sizes, each as often as it is measured: half of them before the larger ones and half after, for the machine
    may be another by then."""
    times = {rows: max(1, min(MOST, ENOUGH // rows)) for rows in ROWS}
    for rows in ROWS:
        yield from [rows] * -(-times[rows] // 2)
    for rows in reversed(ROWS):
        yield from [rows] * (times[rows] // 2)


def _measured(name: str, run: Callable[[int], tuple[Child, float | None]]) -> list[tuple[str, ...]]:
    """A process for each turn, and one for a single row before it, which is taken off; but not from the seconds that a
    process tells itself."""
    print(f"{name} …", flush=True)
    sizes: dict[int, Size] = {}
    for rows in _turns():
        (start, _), (process, seconds_taken) = run(1), run(rows)
        size = sizes.setdefault(rows, Size(rows))
        seconds = process.seconds - start.seconds if seconds_taken is None else seconds_taken
        size.note(seconds, process.cpu_seconds - start.cpu_seconds, process.peak_mb)
    return [size.line(name, sizes[ROWS[0]]) for size in sizes.values()]


class _Folders:
    """Manifests of each size, a new runs folder for each plan, a settled run of each size."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plans = 0
        self._settled: dict[int, Path] = {}

    def manifest(self, rows: int) -> Path:
        path = self._folder / f"{rows}.csv"
        return path if path.exists() else subscriptions(path, rows)

    def runs(self) -> Path:
        self._plans += 1
        return self._folder / f"runs{self._plans}"

    def plan(self, rows: int) -> tuple[Child, None]:
        return planned(self.manifest(rows), self.runs()), None

    def results(self, rows: int) -> tuple[Child, None]:
        if rows not in self._settled:
            runs = self.runs()
            planned(self.manifest(rows), runs)
            self._settled[rows] = settle(runs)
        return results(self._settled[rows]), None

    def send(self, server: Server, rows: int) -> tuple[Child, float]:
        """A whole run, and the seconds from the first claim to the last answer."""
        process, document = sent(server, self.manifest(rows), self.runs())
        assert process.code == 0, process
        return process, sending_seconds(document)


def main() -> None:
    """10⁴, 10⁵, 10⁶ rows."""
    with work_folder() as folder:
        folders = _Folders(folder)
        lines = _measured("plan", folders.plan) + _measured("results", folders.results)
        with compiled_served() as (server, _):
            lines += _measured("a whole run", partial(folders.send, server))
    head = ("", "rows", "µs a row", "of the least", "CPU µs a row", "of the least", "peak MB")
    print(f"\n### Growth\n\n{table(head, lines)}")
    print("\n`a whole run`: the time is that of sending alone, the CPU that of plan, sending and results.")
