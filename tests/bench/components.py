"""What a row costs, in CPU µs, by component: a profile of the event loop while it sends to a server without latency.

The profile stretches what calls many small functions; so its shares are told, and scaled to the CPU time of a run that
is not profiled. The pen's thread is measured by itself, as the time of a batch's write.
"""

from __future__ import annotations

import pstats
from collections import Counter
from pathlib import Path

from tests.bench.measure import CREDENTIALS, IN_FLIGHT, python, sent, served, subscriptions, table, workplace

ROWS = 20_000
COMPONENTS = (
    ("waiting for the network", ("select.epoll", "select.kqueue", "select.poll")),
    ("sockets: send, recv", ("_socket.socket",)),
    (
        "aiohttp and its libraries",
        ("/aiohttp/", "/yarl/", "multidict", "_http_parser", "_http_writer"),
    ),
    ("event loop (asyncio)", ("/asyncio/", "_asyncio", "contextvars", "/concurrent/", "/threading")),
    ("client: headers, time-outs, reading", ("runner/zuora/client", "runner/zuora/deadlines", "runner/zuora/auth")),
    ("identity: key, track id", ("runner/identity",)),
    ("verdict", ("runner/zuora/verdict", "runner/zuora/operations")),
    ("dispatch", ("runner/dispatch", "runner/backlog", "runner/breaker", "runner/patience", "runner/session")),
    ("pace", ("runner/pace", "runner/concurrency", "runner/quota")),
    ("values", ("runner/model",)),
    ("ledger, on the loop's side", ("runner/ledger/",)),
)


def component(place: str, name: str) -> str:
    """Where a function belongs; a built-in one counts by its own name."""
    told = name if place == "~" else place.replace("\\", "/")
    for found, marks in COMPONENTS:
        if any(mark in told for mark in marks):
            return found
    return "built-in functions and the rest"


def shares(profile: Path) -> Counter[str]:
    """The seconds of each component's own functions."""
    found: Counter[str] = Counter()
    stats = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    for (place, _, name), (_, _, own, _, _) in stats.items():
        found[component(place, name)] += own
    return found


def main() -> None:
    """Shares of the profile, scaled to a run without it."""
    with workplace() as folder, served() as server:
        manifest = subscriptions(folder / "s.csv", ROWS)
        words = ["run", str(manifest), "--base-url", server.url, "--runs-dir", str(folder / "profiled"), "--quiet"]
        words += ["--concurrency", str(IN_FLIGHT), "--type", "Subscription"]
        python("tests.bench.instrumented", "profile", str(folder / "profile"), *words, environment=CREDENTIALS)
        found = shares(folder / "profile")
        plain, _ = sent(server, manifest, folder / "runs", "--quiet")
        bare = python("tests.bench.bare", "bare", server.url, str(manifest), str(IN_FLIGHT))
        start = python("tests.bench.bare", "bare", server.url, str(subscriptions(folder / "one.csv", 1)), "1")
    working = sum(found.values()) - found["waiting for the network"]
    lines = [(name, f"{own / working:.0%}") for name, own in found.most_common() if name != "waiting for the network"]
    lines = [line for line in lines if line[1] != "0%"]
    print(f"\n### Components: the event loop while it sends, {ROWS:,} rows at 0 ms\n")
    print(table(("own time of", "share"), lines))
    whole = plain.cpu_seconds / ROWS * 1e6
    loop = (bare.cpu_seconds - start.cpu_seconds) / ROWS * 1e6
    print(
        f"\nCPU of the whole process, plan, sending, both threads and results: {whole:.0f} µs a row; "
        f"the bare loop's: {loop:.0f} µs. What dominates: {lines[0][0]}."
    )
