"""The one pen: a thread that writes to the ledger, in batches, for the event loop.

Records wait at most `BATCH_SECONDS`; a claim takes all records that wait with it into its transaction, so that
what was answered before is on disk before anything more is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, TypeVar

from runner.errors import RunnerError
from runner.ledger.journal import Claim, Event, Journal, Record

T = TypeVar("T")
BATCH_SECONDS = 0.05


class Pen:
    """Writes a journal from an event loop. `failure` is set once the ledger cannot be written any more."""

    def __init__(self, journal: Journal, thread: Executor | None = None) -> None:
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._thread = thread or ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._records: list[Record] = []
        self._returned: list[Claim] = []
        self._events: list[Event] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self.failure: asyncio.Future[RunnerError] = self._loop.create_future()

    def record(self, record: Record) -> None:
        """Have a record written within the batch's time."""
        self._records.append(record)
        self._soon()

    def give_back(self, claim: Claim) -> None:
        """Have a claim that was never sent taken back within the batch's time."""
        self._returned.append(claim)
        self._soon()

    def note(self, event: Event) -> None:
        """Have an event of the run written within the batch's time."""
        self._events.append(event)
        self._soon()

    async def claim(self, claims: Sequence[Claim]) -> None:
        """Returns once the claims are on disk. Raises LedgerError if they cannot be."""
        await self._write(claims)

    async def flush(self) -> None:
        """Returns once everything handed over is on disk."""
        if self._records or self._returned or self._events:
            await self._write(())
        else:
            await self.call(int)  # whatever is under way comes before it

    async def call(self, function: Callable[..., T], *values: Any) -> T:
        """Run a function of the journal on the pen's thread."""
        return await self._loop.run_in_executor(self._thread, function, *values)

    async def close(self) -> None:
        """Write what waits and end the thread."""
        try:
            await self.flush()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._thread.shutdown(wait=True)

    def _soon(self) -> None:
        if self._timer is None and not self.failure.done():
            self._timer = self._loop.call_later(BATCH_SECONDS, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._flushing = self._loop.create_task(self._flush_quietly())

    async def _flush_quietly(self) -> None:
        with contextlib.suppress(RunnerError):  # told by `failure`
            await self._write(())

    async def _write(self, claims: Sequence[Claim]) -> None:
        records, self._records = self._records, []
        returned, self._returned = self._returned, []
        events, self._events = self._events, []
        if not (records or claims or returned or events):
            return
        try:
            await self.call(self._journal.write, records, claims, returned, events)
        except RunnerError as error:
            self._records[:0] = records  # kept: the next write may find room again
            self._returned[:0] = returned
            if not self.failure.done():
                self.failure.set_result(error)
            raise
