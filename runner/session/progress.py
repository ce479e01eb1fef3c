"""How far the run is: a bar on a terminal, a line every ten seconds elsewhere, or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from runner.system.console import harmless, is_terminal, say
from runner.system.timestamps import duration

if TYPE_CHECKING:
    from runner.dispatch.run_limits import Tally
    from runner.dispatch.throttle import Pace
    from runner.domain.blackout import Blackouts

BAR_SECONDS = 0.2
LINE_SECONDS = 10.0
NARROW = 70  # columns


def bar_shape(stream: TextIO) -> dict[str, Any]:
    """How the bar fits the terminal: one without a size (0 by 0, of a container) counts as 80 columns wide; on a
    narrow one the counts matter more than the bar."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        columns = lines = 0
    if columns < 20 or lines < 2:
        return {"ncols": 80, "nrows": 24}
    narrow = {"bar_format": "{percentage:3.0f}%{postfix}"} if columns < NARROW else {}
    return {"dynamic_ncols": True, **narrow}


class Progress:
    """Shows a tally while a run goes on. `total` is the number of requests that were pending at the start."""

    def __init__(self, total: int, tally: Tally, blackouts: Blackouts, *, quiet: bool) -> None:
        self._total, self._tally, self._blackouts = total, tally, blackouts
        self._bar: Any = None
        self._pace: Pace | None = None
        self._jobs: Any = None
        self._records: dict[str, tuple[int, int]] = {}  # of each job: processed, all
        self._job_shown = 0.0
        self._quiet = quiet
        self._started = time.monotonic()
        if not quiet and is_terminal(sys.stderr):
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="req", smoothing=0.1, file=sys.stderr, **bar_shape(sys.stderr))

    def tell(self, text: str) -> None:
        """A line for the person, without disturbing the bar."""
        with self._listener():
            if self._bar is not None:
                self._bar.write(harmless(text), file=sys.stderr)
            elif not self._quiet:
                say(text, err=True)

    def paced(self, pace: Pace) -> None:
        """The pace to show."""
        self._pace = pace

    def tell_now(self) -> None:
        """The status line at once, also when quiet: for SIGUSR1."""
        with self._listener():
            say(self._line(), err=True)

    def job(self, name: str, done: int, total: int) -> None:
        """How many records of a job are processed: a second bar on a terminal, over all jobs so far; a line now and
        then elsewhere."""
        if self._quiet or not total:
            return
        self._records[name] = (done, total)
        if self._bar is not None:
            with self._listener():
                self._job_bar(name)
        elif time.monotonic() - self._job_shown >= LINE_SECONDS:
            self._job_shown = time.monotonic()
            self.tell(f"job {name}: {done:,} of {total:,} records")

    def _job_bar(self, name: str) -> None:
        from tqdm import tqdm

        if self._jobs is None:
            self._jobs = tqdm(unit="record", dynamic_ncols=True, position=1, leave=False, file=sys.stderr)
        self._jobs.set_description_str(name, refresh=False)
        self._jobs.n, self._jobs.total = map(sum, zip(*self._records.values(), strict=True))
        self._jobs.refresh()

    async def show(self) -> None:
        """Keep showing, until cancelled or nobody listens."""
        while not self._quiet:
            await asyncio.sleep(LINE_SECONDS if self._bar is None else BAR_SECONDS)
            with self._listener():
                self._update()

    def close(self) -> None:
        """Show the last state."""
        with self._listener():
            if self._jobs is not None:
                self._jobs.close()
            if self._bar is not None:
                self._update()
                self._bar.close()

    @contextlib.contextmanager
    def _listener(self) -> Iterator[None]:
        """The terminal may be gone: the run goes on, and its log has everything."""
        try:
            yield
        except OSError:
            self._quiet, self._bar, self._jobs = True, None, None

    def _update(self) -> None:
        tally = self._tally
        if self._bar is None:
            self.tell(self._line())
            return
        text = f"ok {tally.succeeded}, failed {tally.failed}, retries {tally.retries}{self._closed()}"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(tally.settled - self._bar.n)

    def _closed(self) -> str:
        """That a blackout holds the run, and until when by the local clock."""
        until = self._blackouts.closed_until(now := time.time())
        return f", blackout until {time.strftime('%H:%M %Z', time.localtime(until))}" if until > now else ""

    def _line(self) -> str:
        tally = self._tally
        rate = tally.settled / max(0.001, time.monotonic() - self._started - tally.rested_seconds)
        left = duration((self._total - tally.settled) / rate) if rate > 0 else "unknown"
        left = self._closed() or f", about {left} left"
        pace = f", {self._pace.active} of {self._pace.limit} at once" if self._pace is not None else ""
        return (
            f"{tally.settled} of {self._total} requests, {rate:.1f}/s, ok {tally.succeeded}, failed {tally.failed}, "
            f"unknown {tally.unknown}, retries {tally.retries}{pace}{left}"
        )
