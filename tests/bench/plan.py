"""Planning many rows beside the bare means, and the time and memory of a million."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import Figure, compared
from tests.bench.measure import Child, python, regen, subscriptions, work_folder

ROWS = int(os.environ.get("BENCH_PLAN_ROWS", "300000"))
MILLION = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_PLAN_ROUNDS", "3"))
NOWHERE = "http://127.0.0.1:9"  # a plan sends nothing
BARE = {"json": "csv, json, SHA-256, one table", "msgspec": "the same with msgspec"}
WANTED = {"json": "at most 1.7", "msgspec": ""}


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


def bare(manifest: Path, database: Path, encoder: str) -> Child:
    """The bare means of a plan."""
    process = python("tests.bench.bare_plan", str(manifest), str(database), encoder)
    assert process.code == 0, process
    return process


def main() -> list[Figure]:
    """CPU beside the bare means; then a million rows in CSV and Parquet."""
    with work_folder() as folder:
        return [*_beside_bare(folder), *_million(folder)]


def _beside_bare(folder: Path) -> list[Figure]:
    manifest = subscriptions(folder / "s.csv", ROWS)
    ours: list[float] = []
    theirs: dict[str, list[float]] = {encoder: [] for encoder in BARE}
    for number in range(ROUNDS):
        ours.append(planned(manifest, folder / f"runs{number}").cpu_seconds)
        for encoder, seconds in theirs.items():
            seconds.append(bare(manifest, folder / f"{encoder}{number}.db", encoder).cpu_seconds)
        print(f"  plan {ours[-1]:.2f} s, bare {', '.join(f'{name} {of[-1]:.2f} s' for name, of in theirs.items())}")
    what = f"plan of {ROWS:,} rows"
    return [compared(what, "CPU s", ours, BARE[name], of, WANTED[name]) for name, of in theirs.items()]


def _million(folder: Path) -> list[Figure]:
    manifest = subscriptions(folder / "million.csv", MILLION)
    figures: list[Figure] = []

    def note(kind: str, run: Callable[[], Child]) -> None:
        process = run()
        what = f"plan of {MILLION:,} rows, {kind}"
        figures.append(Figure(what, "s", process.seconds, wanted="at most 20"))
        figures.append(Figure(what, "MB", process.peak_mb, wanted="at most 200"))
        print(f"  {kind}: {process.seconds:.1f} s, {process.cpu_seconds:.1f} s of CPU, {process.peak_mb:.0f} MB")

    note("CSV", lambda: planned(manifest, folder / "csv"))
    note("Parquet", lambda: planned(parquet(folder / "s.parquet", manifest), folder / "parquet"))
    return figures
