"""The gap between an answer and its commit under full load."""

from __future__ import annotations

import json
import os
import statistics

from tests.bench.compiled_server import compiled_served
from tests.bench.figures import Figure
from tests.bench.measure import CREDENTIALS, IN_FLIGHT, python, subscriptions, work_folder

ROWS = int(os.environ.get("BENCH_SENT", "40000"))
WANTED = "at most 100"


def main() -> list[Figure]:
    """At 0 ms and at 50 ms of latency."""
    figures = []
    for latency_seconds, rows in ((0.0, ROWS), (0.05, ROWS // 5)):
        with work_folder() as folder, compiled_served(latency_seconds) as (server, _):
            manifest = subscriptions(folder / "s.csv", rows)
            words = ["run", str(manifest), "--base-url", server.url, "--runs-dir", str(folder / "runs"), "--quiet"]
            words += ["--concurrency", str(IN_FLIGHT), "--type", "Subscription"]
            process = python("tests.bench.instrumented", "gap", str(folder / "gaps"), *words, environment=CREDENTIALS)
            assert process.code == 0, process
            gaps = json.loads((folder / "gaps").read_text())
        cuts = statistics.quantiles(gaps, n=100)
        what = f"answer to commit at {latency_seconds * 1e3:g} ms"
        figures.append(
            Figure(f"{what}, 99 % of {len(gaps):,}", "ms", cuts[98], "median", statistics.median(gaps), wanted=WANTED)
        )
        print(
            f"  {what}: median {statistics.median(gaps):.0f}, 95 % {cuts[94]:.0f}, longest {max(gaps):.0f} ms",
            flush=True,
        )
    return figures
