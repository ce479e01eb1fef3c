"""Questions over many runs: one object in all of them, beside DuckDB alone on the same files; and all folders verified,
beside the time that hashing their files takes on as many processes.

One run is made for real; the others are links to its files under other names.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import time
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.measure import CREDENTIALS, Child, child, regen, sent, served, subscriptions, work_folder
from tests.bench.server import name_of

RUNS = int(os.environ.get("BENCH_RUNS", "200"))
ROWS = int(os.environ.get("BENCH_ROWS_OF_A_RUN", "5000"))
_ALONE = """
import sys, duckdb
object, files = sys.argv[1], sys.argv[2:]
print(duckdb.execute("SELECT count(*) FROM read_parquet(?) WHERE regen_object = ?", [files, object]).fetchone()[0])
"""


def folders_of_runs(folder: Path) -> tuple[Path, Path]:
    """The runs on this machine, and the same runs as they are published below a `file://` URL."""
    with served() as server:
        process, _ = sent(server, subscriptions(folder / "s.csv", ROWS), folder / "made")
    assert process.code == 0, process
    made = next((folder / "made").glob("*/run.json")).parent
    document = json.loads((made / "run.json").read_text())
    here, there = folder / "runs", folder / "remote"
    for number in range(RUNS):
        name = f"{made.name}-{number}"
        month = there / "tenant=bench" / f"month={document['started_at'][:7]}"
        for target in (here / name, month / f"run={name}"):
            shutil.copytree(made, target, copy_function=os.link)
    return here, there


def hashed(runs: Path) -> float:
    """The seconds that SHA-256 of all files of the folders takes, a folder at a time in each process."""
    folders = sorted(path for path in runs.iterdir() if path.is_dir())
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.map(abs, range(os.cpu_count() or 1))  # the processes have started
        begun = time.perf_counter()
        pool.map(_digests, folders)
        return time.perf_counter() - begun


def _digests(folder: Path) -> list[str]:
    digests = []
    for path in filter(Path.is_file, folder.iterdir()):
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests


def main() -> list[Figure]:
    """History, find and verify over all runs, here and published."""
    name, each = f"{name_of(ROWS // 2)} v1", f"in {RUNS} runs of {ROWS:,} rows"
    figures: list[Figure] = []
    with work_folder() as folder:
        here, there = folders_of_runs(folder)
        files = [str(path) for path in sorted(here.glob("*/results.parquet"))]
        alone = _counted([sys.executable, "-c", _ALONE, name, *files]).seconds
        digests = hashed(here)
        for where, words in (("here", ("--runs-dir", str(here))), ("published", ("--remote", f"file://{there}"))):
            for command in (("history", "--object", name), ("find", name)):
                done = _counted([sys.executable, "-m", "runner", *command, *words, "--json"])
                what = f"{command[0]}, one object {each}, {where}"
                figures.append(Figure(what, "s", done.seconds, "DuckDB", alone, wanted="at most 1 s"))
            done = regen("verify", "--all", *words)
            assert done.code == 0, done.out[-1000:]
            what = f"verify --all of {RUNS} runs of {ROWS:,} rows, {where}"
            figures.append(Figure(what, "s", done.seconds, "hashing the files", digests, wanted="at most 3 times"))
    print("\n".join(f"  {figure.what}: {figure.ours:.1f} s, {figure.ratio} times" for figure in figures), flush=True)
    return figures


def _counted(words: list[str]) -> Child:
    """The quicker of two times, since the first one may read from the disk; it must find a row in each run."""
    done = min((child(words, CREDENTIALS) for _ in range(2)), key=lambda each: each.seconds)
    answer = json.loads(done.out)
    assert done.code == 0, done
    assert (answer if isinstance(answer, int) else len(answer)) == RUNS, done.out[:300]
    return done


if __name__ == "__main__":
    main()
