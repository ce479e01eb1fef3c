"""Rows a second while sending: the runner with everything on, a bare loop, the script that a user would write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.bench.compiled_server import compiled_served
from tests.bench.measure import IN_FLIGHT, Child, median, python, sent, subscriptions, sync_ms, table, work_folder

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
LATENCIES = ((0.05, 6_000, 0.98, None), (0.0, 40_000, 0.85, None))  # seconds, rows, wanted of bare, of the script
KINDS = ("runner", "bare", "script")


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


def sending_seconds(document: dict[str, str]) -> float:
    """From the first claim to the last answer, as the ledger has them."""
    first, last = (datetime.fromisoformat(document[name]) for name in ("first_claimed_at", "last_answered_at"))
    return (last - first).total_seconds()


def compare(latency_seconds: float, rows: int, rounds: int = ROUNDS) -> dict[str, Seen]:
    """So many rounds, each competitor once a round, in turn."""
    seen = {kind: Seen() for kind in KINDS}
    with work_folder() as folder, compiled_served(latency_seconds) as (server, kind_of_server):
        print(f"  {latency_seconds * 1e3:g} ms: {kind_of_server}")
        manifest = subscriptions(folder / "s.csv", rows)
        for number in range(rounds):
            print(f"  round {number + 1}: the disk takes {sync_ms(folder):.1f} ms a sync", flush=True)
            for kind in KINDS[number % 3 :] + KINDS[: number % 3]:
                if kind == "runner":
                    process, document = sent(server, manifest, folder / f"runs{number}")
                    assert process.code == 0, process
                    seconds = sending_seconds(document)
                else:
                    process = python("tests.bench.bare", kind, server.url, str(manifest), str(IN_FLIGHT))
                    result = process.document()
                    assert result["rows"] == rows, result
                    seconds = result["seconds"]
                seen[kind].note(rows, seconds, process)
                print(
                    f"  {latency_seconds * 1e3:g} ms, round {number + 1}, {kind}: {rows / seconds:,.0f} rows/s, "
                    f"{process.cpu_seconds / rows * 1e6:.0f} µs",
                    flush=True,
                )
    return seen


def main() -> None:
    """Both latencies."""
    lines = []
    for latency_seconds, rows, of_bare, of_script in LATENCIES:
        seen = compare(latency_seconds, rows)
        for kind, one in seen.items():
            lines.append(
                (
                    f"{latency_seconds * 1e3:g} ms, {kind}",
                    f"{median(one.rate):,.0f}",
                    *(f"{_ratio(one.rate, seen[other].rate):.2f}" for other in ("bare", "script")),
                    f"{median(one.whole):,.0f}",
                    f"{median(one.cpu):.0f}",
                    f"{median(one.peak):.0f}",
                )
            )
        wanted = "" if of_script is None else f", {of_script} of the script"
        print(f"  wanted of the runner at {latency_seconds * 1e3:g} ms: {of_bare} of bare{wanted}")
    head = (
        "",
        "rows/s, sending",
        "of bare",
        "of the script",
        "rows/s, whole process",
        "CPU µs a row",
        "peak MB",
    )
    print(f"\n### Throughput, {IN_FLIGHT} in flight, medians of {ROUNDS} rounds\n\n{table(head, lines)}")


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' own ratios: a machine that slows down from round to round slows everyone."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))
