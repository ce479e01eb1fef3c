"""Whether what a row, an unknown row of one lane, a step or a run in the folder costs stays flat as there are more.

Small sizes are measured several times, before and after the large ones, in turn with the least possible one, and its
CPU, which no row is to blame for, is taken off: what is left of it differs from one process to the next by as much as
thousands of rows cost. Of commands beside many runs the whole process counts, since people wait for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.compiled_server import compiled_served
from tests.bench.figures import Figure
from tests.bench.many_runs import many_runs
from tests.bench.measure import Child, Server, median, regen, sent, subscriptions, work_folder
from tests.bench.plan import NOWHERE, planned
from tests.bench.results import results
from tests.bench.settled import leave_unknown, settle

MOST = int(os.environ.get("BENCH_MOST", "5"))  # times that a size is measured, at most


def _sizes(name: str, usual: str) -> list[int]:
    return [int(size) for size in os.environ.get(name, usual).split(",")]


ROWS = _sizes("BENCH_GROWTH", "10000,100000")
UNKNOWN = _sizes("BENCH_UNKNOWN", "1000,4000,16000")
STEPS = _sizes("BENCH_STEPS", "200,800,3200")
RUNS = _sizes("BENCH_FOLDERS", "500,5000,50000")
MOST_SECONDS = 1.5  # that a command takes beside the most runs
AT_REST_SECONDS = 6  # after which the index keeps what it reads


@dataclass(frozen=True)
class Kind:
    """What grows, how often it is measured (so many in all of each size, at least), and a process of a size."""

    name: str
    of: str  # what there is more of
    sizes: Sequence[int]
    enough: int
    process: Callable[[int], Child]
    whole: bool = False  # the whole process is what people wait for: its start counts, and nothing is divided

    def turns(self) -> Iterator[int]:
        """The sizes, each as often as it is measured: half of them before the larger ones and half after, for the
        machine may be another by then."""
        times = {size: max(1, min(MOST, self.enough // size)) for size in self.sizes}
        for size in self.sizes:
            yield from [size] * -(-times[size] // 2)
        for size in reversed(self.sizes):
            yield from [size] * (times[size] // 2)


@dataclass
class _Measured:
    """Of one size: CPU seconds but for the start, and peak memory."""

    cpu_seconds: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)


def measured(kind: Kind) -> list[Figure]:
    """A process for each turn, and one of the least size before it, which is taken off."""
    seen = {size: _Measured() for size in kind.sizes}
    for size in kind.turns():
        start = 0.0 if kind.whole else kind.process(1).cpu_seconds
        process = kind.process(size)
        seen[size].cpu_seconds.append(process.cpu_seconds - start)
        seen[size].peak_mb.append(process.peak_mb)
        spent = f"{process.cpu_seconds:.2f} s of CPU, {process.seconds:.2f} s, {process.peak_mb:.0f} MB"
        print(f"  {kind.name}, {size:,}: {spent}", flush=True)
    return list(_figures(kind, seen))


def _figures(kind: Kind, seen: dict[int, _Measured]) -> Iterator[Figure]:
    first, last = kind.sizes[0], kind.sizes[-1]
    spent = {size: median(of.cpu_seconds) * (1 if kind.whole else 1e6 / size) for size, of in seen.items()}
    unit, wanted = ("CPU s", f"at most {MOST_SECONDS} s") if kind.whole else ("CPU µs each", "1")
    for size in kind.sizes[1:]:
        name = f"{kind.name}, {size:,} {kind.of}"
        yield Figure(name, unit, spent[size], f"{first:,}", spent[first], wanted=wanted)
    peaks = [median(seen[size].peak_mb) for size in (last, first)]
    yield Figure(f"{kind.name}, {last:,} {kind.of}", "MB", peaks[0], f"{first:,}", peaks[1])


class _Folders:
    """Manifests of each size, a new runs folder for each process, a settled run of each size."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder, self._server = folder, server
        self._made = 0
        self._settled: dict[int, Path] = {}
        self._many: dict[int, Path] = {}

    def _new(self, suffix: str = "") -> Path:
        self._made += 1
        return self._folder / f"{self._made}{suffix}"

    def manifest(self, rows: int) -> Path:
        path = self._folder / f"{rows}.csv"
        return path if path.exists() else subscriptions(path, rows)

    def plan(self, rows: int) -> Child:
        return planned(self.manifest(rows), self._new())

    def results(self, rows: int) -> Child:
        if rows not in self._settled:
            runs = self._new()
            planned(self.manifest(rows), runs)
            self._settled[rows] = settle(runs)
        return results(self._settled[rows])

    def send(self, rows: int) -> Child:
        process, _ = sent(self._server, self.manifest(rows), self._new())
        assert process.code == 0, process
        return process

    def resume(self, rows: int) -> Child:
        """Rows that all name one object, whose outcome is unknown."""
        manifest, runs = self._new(".csv"), self._new()
        lines = "".join(f"A-S00000001,{version}\n" for version in range(1, rows + 1))
        manifest.write_text("subscriptionName,subscriptionVersion\n" + lines)
        process = regen("plan", str(manifest), "--base-url", self._server.url, "--runs-dir", str(runs))
        assert process.code == 0, process
        process = regen("resume", leave_unknown(runs).name, "--runs-dir", str(runs))
        assert process.code == 0, process
        return process

    def steps(self, steps: int) -> Child:
        """A plan file whose steps send a row each."""
        plan = self._new(".toml")
        for number in range(1, steps + 1):
            path = self._folder / f"step{number}.csv"
            if not path.exists():
                subscriptions(path, 1, first=number)
        text = "".join(
            f'[[step]]\ndo = "regenerate"\nmanifests = ["step{number}.csv"]\n' for number in range(1, steps + 1)
        )
        plan.write_text(f'name = "steps"\n{text}')
        words = ["run", str(plan), "--base-url", self._server.url, "--runs-dir", str(self._new()), "--quiet"]
        process = regen(*words)
        assert process.code == 0, process
        return process

    def _runs(self, runs: int) -> Path:
        """A runs folder with so many, which an earlier command has looked at."""
        if runs not in self._many:
            self._many[runs] = many_runs(self._new(), runs, self._server)
            time.sleep(AT_REST_SECONDS)
            regen("runs", "--limit", "1", "--runs-dir", str(self._many[runs]))
        return self._many[runs]

    def plan_beside(self, runs: int) -> Child:
        manifest = subscriptions(self._new(".csv"), 4, first=1000 * self._made)
        words = ["--base-url", NOWHERE, "--runs-dir", str(self._runs(runs)), "--type", "Subscription"]
        process = regen("plan", str(manifest), *words)
        assert process.code == 0, process
        return process

    def list_runs(self, runs: int) -> Child:
        process = regen("runs", "--runs-dir", str(self._runs(runs)))
        assert process.code == 0 and process.out.count("\n") >= runs, process.code
        return process


def main() -> list[Figure]:
    """Every kind."""
    figures: list[Figure] = []
    with work_folder() as folder, compiled_served() as (server, _):
        folders = _Folders(folder, server)
        for kind in (
            Kind("plan", "rows", ROWS, 100_000, folders.plan),
            Kind("results", "rows", ROWS, 100_000, folders.results),
            Kind("whole run, no latency", "rows", ROWS, 100_000, folders.send),
            Kind("resume of one lane", "unknown rows", UNKNOWN, 4000, folders.resume),
            Kind("run of many steps", "steps", STEPS, 800, folders.steps),
            Kind("plan beside other runs", "runs", RUNS, 50_000, folders.plan_beside, whole=True),
            Kind("list of runs", "runs", RUNS, 50_000, folders.list_runs, whole=True),
        ):
            figures += measured(kind)
    return figures
