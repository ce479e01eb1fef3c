"""What a row costs, in CPU µs, by component, from the first request to the last answer, on a server without latency.

The profile of the event loop stretches what calls many small functions; so its shares are scaled to the CPU time of the
loop's thread in a run that is not profiled. What the rest of that process uses meanwhile is the pen's.
"""

from __future__ import annotations

import json
import pstats
from collections import Counter
from pathlib import Path

from tests.bench.compiled_server import compiled_served
from tests.bench.figures import Figure
from tests.bench.measure import CREDENTIALS, IN_FLIGHT, python, subscriptions, table, work_folder

ROWS = 20_000
COMPONENTS = (
    ("waiting for the network", ("select.epoll", "select.kqueue", "select.poll")),
    ("sockets: send, recv", ("_socket.socket",)),
    (
        "aiohttp and its libraries",
        ("/aiohttp/", "/yarl/", "multidict", "_http_parser", "_http_writer"),
    ),
    ("event loop (asyncio)", ("/asyncio/", "_asyncio", "contextvars", "/concurrent/", "/threading")),
    (
        "client: headers, time-outs, reading",
        ("runner/zuora/client", "runner/zuora/express", "runner/zuora/deadlines", "runner/zuora/auth"),
    ),
    ("identity: key, track id", ("runner/identity",)),
    ("verdict", ("runner/zuora/verdict", "runner/zuora/operations")),
    (
        "dispatch",
        (
            "runner/dispatch",
            "runner/backlog",
            "runner/breaker",
            "runner/patience",
            "runner/session",
            "runner/terms",
            "runner/window",
        ),
    ),
    ("pace", ("runner/pace", "runner/concurrency", "runner/quota")),
    ("values", ("runner/model",)),
    ("ledger, on the loop's side", ("runner/ledger/",)),
)


def component(filename: str, name: str) -> str:
    """Where a function belongs; a built-in one counts by its own name."""
    source = name if filename == "~" else filename.replace("\\", "/")
    for part, marks in COMPONENTS:
        if any(mark in source for mark in marks):
            return part
    return "built-in functions and the rest"


def shares(profile: Path) -> Counter[str]:
    """The seconds of each component's own functions."""
    seconds: Counter[str] = Counter()
    stats = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    for (filename, _, name), (_, _, own, _, _) in stats.items():
        seconds[component(filename, name)] += own
    return seconds


def main() -> list[Figure]:
    """Shares of the profile, scaled to the CPU time of a run without it."""
    with work_folder() as folder, compiled_served() as (server, _):
        manifest = subscriptions(folder / "s.csv", ROWS)

        def instrumented(kind: str) -> Path:
            words = ["run", str(manifest), "--base-url", server.url, "--runs-dir", str(folder / kind), "--quiet"]
            words += ["--concurrency", str(IN_FLIGHT), "--type", "Subscription"]
            process = python(
                "tests.bench.instrumented", kind, str(folder / f"{kind}.out"), *words, environment=CREDENTIALS
            )
            assert process.code == 0, process
            return folder / f"{kind}.out"

        shared = shares(instrumented("profile"))
        _, loop, whole = (seconds / ROWS * 1e6 for seconds in json.loads(instrumented("cpu").read_text()))
        bare = python("tests.bench.bare", "bare", server.url, str(manifest), str(IN_FLIGHT)).document()
    del shared["waiting for the network"]
    working = sum(shared.values())
    costs = [(name, own / working * loop) for name, own in shared.items()] + [
        ("ledger: the pen's thread", whole - loop)
    ]
    costs.sort(key=lambda cost: -cost[1])
    lines = [(name, f"{cost:.0f}", f"{cost / whole:.0%}") for name, cost in costs if cost >= 0.5]
    lines.append(("all", f"{whole:.0f}", "100%"))
    print(f"\n### Components: what sending a row costs, {ROWS:,} rows at 0 ms\n")
    print(table(("", "CPU µs a row", "share"), lines))
    print(f"\nThe bare loop: {bare['cpu_seconds'] / ROWS * 1e6:.0f} µs a row. What dominates: {costs[0][0]}.")
    return [
        Figure(
            "a row without latency, the sending alone", "CPU µs", whole, "bare loop", bare["cpu_seconds"] / ROWS * 1e6
        )
    ]
