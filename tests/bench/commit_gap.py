"""The gap between an answer and its commit under full load."""

from __future__ import annotations

import json
import statistics

from tests.bench.compiled_server import compiled_served
from tests.bench.measure import CREDENTIALS, IN_FLIGHT, python, subscriptions, table, work_folder

ROWS = 40_000
MOST_MS = 250


def main() -> None:
    """At 0 ms and at 50 ms of latency."""
    lines = []
    for latency_seconds, rows in ((0.0, ROWS), (0.05, ROWS // 5)):
        with work_folder() as folder, compiled_served(latency_seconds) as (server, _):
            manifest = subscriptions(folder / "s.csv", rows)
            words = ["run", str(manifest), "--base-url", server.url, "--runs-dir", str(folder / "runs"), "--quiet"]
            words += ["--concurrency", str(IN_FLIGHT), "--type", "Subscription"]
            process = python("tests.bench.instrumented", "gap", str(folder / "gaps"), *words, environment=CREDENTIALS)
            assert process.code == 0, process
            gaps = json.loads((folder / "gaps").read_text())
        cuts = statistics.quantiles(gaps, n=100)
        figures = [f"{value:.0f}" for value in (statistics.median(gaps), cuts[94], cuts[98], max(gaps))]
        lines.append((f"{latency_seconds * 1e3:g} ms, {len(gaps):,} answers", *figures))
    head = ("gap between answer and commit, ms", "median", "95 %", "99 %", "longest")
    print(f"\n### Commit gap: at most {MOST_MS} ms at the 99th percentile\n\n{table(head, lines)}")
