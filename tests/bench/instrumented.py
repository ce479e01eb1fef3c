"""`regen run` with a measuring instrument inside: `python -m tests.bench.instrumented gap|profile FILE run …`.

- `gap`: writes the milliseconds between each answer and the commit that put it on disk, as JSON;
- `profile`: writes a profile of the event loop's thread while it sends (`cProfile`).
"""

from __future__ import annotations

import atexit
import cProfile
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.cli import main
from runner.dispatch.dispatcher import Dispatch
from runner.ledger import Journal, Record


def watch_gap(path: Path) -> None:
    """Note, after every commit, how long its answers had waited for it."""
    gaps: list[float] = []
    write = Journal.write

    def watched(self: Journal, records: Sequence[Record], *more: Any) -> None:
        write(self, records, *more)
        now = time.time() * 1e6
        gaps.extend(now - record.answered_at for record in records)

    Journal.write = watched  # type: ignore[method-assign, assignment]
    atexit.register(lambda: path.write_text(json.dumps([gap / 1e3 for gap in gaps])))


def watch_profile(path: Path) -> None:
    """Profile `Dispatch.run`."""
    run = Dispatch.run

    async def profiled(self: Dispatch) -> Any:
        profile = cProfile.Profile()
        profile.enable()
        try:
            return await run(self)
        finally:
            profile.disable()
            profile.dump_stats(path)

    Dispatch.run = profiled  # type: ignore[method-assign]


def watch_cpu(path: Path) -> None:
    """Note the seconds of `Dispatch.run`: on the clock, of the event loop's thread, of the whole process."""
    run = Dispatch.run

    async def watched(self: Dispatch) -> Any:
        begun = time.perf_counter(), time.thread_time(), time.process_time()
        try:
            return await run(self)
        finally:
            ended = time.perf_counter(), time.thread_time(), time.process_time()
            path.write_text(json.dumps([end - begin for begin, end in zip(begun, ended, strict=True)]))

    Dispatch.run = watched  # type: ignore[method-assign]


if __name__ == "__main__":
    kind, target = sys.argv[1], Path(sys.argv[2])
    {"gap": watch_gap, "profile": watch_profile, "cpu": watch_cpu}[kind](target)
    sys.argv[1:3] = []
    main()
