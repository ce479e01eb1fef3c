"""`python -m tests.bench [NAME…]`: all benchmarks, or those named, and what they measured in one table.

Each has sizes of its own, which the environment sets: see the README beside this file.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.bench import (
    clients,
    commit_gap,
    components,
    growth,
    history,
    plan,
    reconcile,
    results,
    start,
    throughput,
    truth,
)
from tests.bench.figures import Figure, in_one_table

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "start": start.main,
    "throughput": throughput.main,
    "clients": clients.main,
    "components": components.main,
    "commit-gap": commit_gap.main,
    "plan": plan.main,
    "results": results.main,
    "reconcile": reconcile.main,
    "growth": growth.main,
    "history": history.main,
    "truth": truth.main,
}


def main(names: list[str]) -> int:
    """Run them in turn. Returns the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in names or BENCHMARKS:
        print(f"{name} …", flush=True)
        begun = time.monotonic()
        figures += BENCHMARKS[name]()
        print(f"  {time.monotonic() - begun:.0f} s\n", flush=True)
    print(in_one_table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
