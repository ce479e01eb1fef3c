"""Rows a second while sending: the runner with everything on, bare loops, curl, k6.

BENCH_LATENCIES (milliseconds, such as `0,50`), BENCH_ROUNDS and BENCH_SENT (rows without latency; with latency an
eighth) say what is measured, BENCH_KINDS who takes part.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.bench.compiled_server import compiled_served
from tests.bench.figures import Figure, compared
from tests.bench.measure import (
    IN_FLIGHT,
    Child,
    Server,
    child,
    median,
    python,
    sent,
    subscriptions,
    sync_ms,
    table,
    work_folder,
)
from tests.bench.tools import K6, Curl, Tool

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
ROWS = int(os.environ.get("BENCH_SENT", "40000"))
LATENCIES = [float(each) / 1e3 for each in os.environ.get("BENCH_LATENCIES", "50,0").split(",")]
TOOLS: dict[str, type[Tool]] = {"curl -Z": Curl, "k6": K6}
KINDS = tuple(os.environ.get("BENCH_KINDS", ",".join(("runner", "bare", "script", *TOOLS))).split(","))
WANTED_WITHOUT_LATENCY, WANTED_WITH_LATENCY = 0.85, 0.98  # of bare


@dataclass
class Seen:
    """What one competitor did, a round an entry."""

    rate: list[float] = field(default_factory=list)  # rows a second, the sending phase
    whole: list[float] = field(default_factory=list)  # the whole process
    cpu: list[float] = field(default_factory=list)  # µs a row, the whole process
    peak: list[float] = field(default_factory=list)  # MB

    def note(self, rows: int, seconds: float, process: Child) -> None:
        """Add a round."""
        self.rate.append(rows / seconds)
        self.whole.append(rows / process.seconds)
        self.cpu.append(process.cpu_seconds / rows * 1e6)
        self.peak.append(process.peak_mb)


@dataclass(frozen=True)
class _Work:
    """What every competitor does: the rows of a manifest, sent to a server; files of its own go into a new folder."""

    server: Server
    manifest: Path
    rows: int
    folder: Path

    def done(self, kind: str) -> tuple[float, Child]:
        """Seconds of the sending phase, and the process. A tool has no other phase worth a name."""
        if kind == "runner":
            process, document = sent(self.server, self.manifest, self.folder)
            assert process.code == 0, process
            return sending_seconds(document), process
        if kind in TOOLS:
            tool = TOOLS[kind](self.folder, self.server.url, self.manifest)
            process = child(tool.command(), tool.environment)
            assert len(tool.done(process.out)) == self.rows, process.code
            return process.seconds, process
        process = python("tests.bench.bare", kind, self.server.url, str(self.manifest), str(IN_FLIGHT))
        result = process.document()
        assert result["rows"] == self.rows, result
        return result["seconds"], process


def sending_seconds(document: dict[str, str]) -> float:
    """From the first claim to the last answer, as the ledger has them."""
    first, last = (datetime.fromisoformat(document[name]) for name in ("first_claimed_at", "last_answered_at"))
    return (last - first).total_seconds()


def skipped() -> dict[str, str]:
    """The competitors that cannot take part, and why."""
    return {kind: reason for kind in KINDS if kind in TOOLS and (reason := TOOLS[kind].missing()) is not None}


def compare(latency_seconds: float, rounds: int = ROUNDS) -> tuple[str, dict[str, Seen]]:
    """So many rounds, each competitor once a round, in turn. Also says what the server was."""
    kinds = [kind for kind in KINDS if kind not in skipped()]
    seen = {kind: Seen() for kind in kinds}
    rows = ROWS // 8 if latency_seconds else ROWS
    numbers = itertools.count()
    with work_folder() as folder, compiled_served(latency_seconds) as (server, kind_of_server):
        manifest = subscriptions(folder / "s.csv", rows)
        for number in range(rounds):
            print(f"  round {number + 1}: the disk takes {sync_ms(folder):.1f} ms a sync", flush=True)
            turn = number % len(kinds)
            for kind in kinds[turn:] + kinds[:turn]:
                seconds, process = _Work(server, manifest, rows, folder / f"work{next(numbers)}").done(kind)
                seen[kind].note(rows, seconds, process)
                print(
                    f"  {latency_seconds * 1e3:g} ms, round {number + 1}, {kind}: {rows / seconds:,.0f} rows/s, "
                    f"{process.cpu_seconds / rows * 1e6:.0f} µs",
                    flush=True,
                )
    return kind_of_server, seen


_HEAD = ("", "rows/s, sending", "of bare", "lowest", "highest", "rows/s, whole process", "CPU µs a row", "peak MB")


def main() -> list[Figure]:
    """Every latency."""
    figures: list[Figure] = []
    for latency_seconds in LATENCIES:
        kind_of_server, seen = compare(latency_seconds)
        wanted = WANTED_WITH_LATENCY if latency_seconds else WANTED_WITHOUT_LATENCY
        print(
            f"\n### Throughput at {latency_seconds * 1e3:g} ms, {IN_FLIGHT} in flight, {kind_of_server}, "
            f"medians of {ROUNDS} rounds; wanted of the runner: {wanted} of bare\n"
        )
        head = (
            "",
            "rows/s, sending",
            "of bare",
            "lowest",
            "highest",
            "rows/s, whole process",
            "CPU µs a row",
            "peak MB",
        )
        print(table(head, [_line(kind, one, seen["bare"]) for kind, one in seen.items()]))
        print("".join(f"\n- {kind}: {reason}" for kind, reason in skipped().items()))
        figures += _figures(f"sending at {latency_seconds * 1e3:g} ms, {kind_of_server}", seen, f"at least {wanted}")
    return figures


def _figures(what: str, seen: dict[str, Seen], wanted: str) -> list[Figure]:
    """The runner beside each other, and its CPU beside the bare loop's, both of the whole process."""
    ours = seen["runner"]
    lines = [
        compared(what, "rows/s", ours.rate, kind, other.rate, wanted if kind == "bare" else "")
        for kind, other in seen.items()
        if kind != "runner"
    ]
    missing = [Figure(what, "rows/s", median(ours.rate), f"{kind}: {reason}") for kind, reason in skipped().items()]
    return [*lines, *missing, compared(what, "CPU µs a row", ours.cpu, "bare", seen["bare"].cpu)]


def _line(kind: str, one: Seen, bare: Seen) -> tuple[str, ...]:
    ratios = _ratios(one.rate, bare.rate)
    of_bare = (f"{figure:.2f}" for figure in (median(ratios), min(ratios), max(ratios)))
    rest = (f"{median(one.whole):,.0f}", f"{median(one.cpu):.0f}", f"{median(one.peak):.0f}")
    return (kind, f"{median(one.rate):,.0f}", *of_bare, *rest)


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Of each round: a machine that slows down from round to round slows everyone."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]
