"""Processes and figures: a server for a while, a child with what it cost, a manifest, medians, a Markdown table."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.server import name_of

HERE = Path(__file__).parents[2]
IN_FLIGHT = 40
CREDENTIALS = {"ZUORA_CLIENT_ID": "bench", "ZUORA_CLIENT_SECRET": "bench"}


@dataclass(frozen=True)
class Server:
    """A server of `tests.bench.server`."""

    url: str

    def record(self) -> dict[str, Any]:
        """How many requests it had, and how often it did what was asked, by name."""
        with urllib.request.urlopen(f"{self.url}/_bench") as answer:
            document: dict[str, Any] = json.load(answer)
            return document

    def requests(self) -> int:
        """How many requests it had."""
        with urllib.request.urlopen(f"{self.url}/_bench/count") as answer:
            return int(answer.read())


@contextlib.contextmanager
def served(latency_seconds: float = 0.0, *, harmful: bool = False) -> Iterator[Server]:
    """A server in a process of its own."""
    words = [sys.executable, "-m", "tests.bench.server", "--latency", str(latency_seconds)]
    words += ["--harm"] if harmful else []
    with subprocess.Popen(words, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}")
        process.communicate("")


@dataclass(frozen=True)
class Child:
    """A process that ended, and what it cost."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    out: str

    def document(self) -> dict[str, Any]:
        """The JSON that it printed."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def child(words: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path = HERE) -> Child:
    """Run a command to its end. Its standard error goes nowhere unless BENCH_VERBOSE is set."""
    errors = None if os.environ.get("BENCH_VERBOSE") else subprocess.DEVNULL
    with tempfile.TemporaryFile("w+") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*words], cwd=cwd, env={**os.environ, **(environment or {})}, stdout=out, stderr=errors, text=True
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return Child(process.returncode, seconds, usage.ru_utime + usage.ru_stime, _peak(usage), out.read())


def _peak(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def python(*words: str, environment: Mapping[str, str] | None = None) -> Child:
    """Run a module of ours."""
    return child([sys.executable, "-m", *words], environment)


def regen(*words: str, environment: Mapping[str, str] | None = None) -> Child:
    """Run the runner as a process."""
    return python("runner", *words, environment={**CREDENTIALS, **(environment or {})})


def sent(server: Server, manifest: Path, runs: Path, *more: str) -> tuple[Child, dict[str, Any]]:
    """A whole run, everything on: ledger, results, progress; the process and its run.json."""
    words = [str(manifest), "--base-url", server.url, "--runs-dir", str(runs), "--concurrency", str(IN_FLIGHT)]
    process = regen("run", *words, "--type", "Subscription", *more)
    document: dict[str, Any] = json.loads(next(runs.glob("*/run.json")).read_text())
    return process, document


def subscriptions(path: Path, rows: int, first: int = 1) -> Path:
    """A manifest of so many subscriptions, as CSV."""
    with path.open("w") as file:
        file.write("subscriptionName,subscriptionVersion\n")
        file.writelines(f"{name_of(number)},1\n" for number in range(first, first + rows))
    return path


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown; figures are set right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in [list(head), *cells]) for at in range(len(head))]
    lines = [" | ".join(name.ljust(width) for name, width in zip(head, widths, strict=True))]
    lines.append(" | ".join("-" * width if at == 0 else "-" * (width - 1) + ":" for at, width in enumerate(widths)))
    for row in cells:
        lines.append(
            " | ".join(
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )
    return "\n".join(f"| {line} |" for line in lines)


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def sync_ms(folder: Path, times: int = 50) -> float:
    """What it takes to put 50 kB on this disk, the median: without latency that bounds the runner."""
    taken = []
    with (folder / "synced").open("wb") as file:
        for _ in range(times):
            file.write(bytes(50_000))
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - started) * 1e3)
    return median(taken)


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for a while. BENCH_DIR says where, if the default has no room."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"  # the ids that were used stay out of the user's own
        yield Path(folder)
