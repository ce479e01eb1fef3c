"""`python -m tests.bench [NAME…]`: all benchmarks, or those named."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.bench import clients, commit_gap, components, growth, plan, reconcile, start, throughput, truth

BENCHMARKS: dict[str, Callable[[], None]] = {
    "start": start.main,
    "throughput": throughput.main,
    "clients": clients.main,
    "components": components.main,
    "truth": truth.main,
    "plan": plan.main,
    "reconcile": reconcile.main,
    "growth": growth.main,
    "commit-gap": commit_gap.main,
}


def main(names: list[str]) -> int:
    """Run them in turn. Returns the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        print(f"{name} …", flush=True)
        BENCHMARKS[name]()
        print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
