"""The one pen: a thread that writes to the ledger, in batches, for the event loop.

```
record, give_back, note ─▶ batch ─ BATCH_SECONDS, or a claim ─▶ thread: one transaction, fsync ─▶ `written`
```

While a batch is being written the next one gathers, so that what arrives meanwhile shares a commit. A claim takes
all that waits with it: what was answered before is on disk before anything more is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runner.ledger.journal import Claim, Event, Journal, Record

T = TypeVar("T")
Written = asyncio.Future[BaseException | None]  # done once it is on disk, or with the error that kept it from there
BATCH_SECONDS = 0.05


@dataclass(slots=True)
class _Batch:
    """What one transaction writes, and who is waiting for it."""

    records: list[Record] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    returned: list[Claim] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    written: Written | None = None  # if somebody waits for it

    def __bool__(self) -> bool:
        return bool(self.records or self.claims or self.returned or self.events)

    def take_back(self, failed: _Batch) -> None:
        """What could not be written is written with this one, but for claims: those are not sent."""
        self.records[:0] = failed.records
        self.returned[:0] = failed.returned
        self.events[:0] = failed.events


class Pen:
    """Writes a journal from an event loop. `failure` is set once the ledger cannot be written any more."""

    def __init__(self, journal: Journal, thread: Executor | None = None) -> None:
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._thread = thread or ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._batch = _Batch()
        self._writing: asyncio.Task[None] | None = None
        self._due = False  # the batch's time is over
        self._timer: asyncio.TimerHandle | None = None
        self.failure: asyncio.Future[BaseException] = self._loop.create_future()

    def record(self, record: Record) -> None:
        """Have a record written within the batch's time."""
        self._batch.records.append(record)
        self._soon()

    def give_back(self, claim: Claim) -> None:
        """Have a claim that was never sent taken back within the batch's time."""
        self._batch.returned.append(claim)
        self._soon()

    def note(self, event: Event) -> None:
        """Have an event of the run written within the batch's time."""
        self._batch.events.append(event)
        self._soon()

    def claim(self, claims: Sequence[Claim]) -> Written:
        """Have claims written as soon as may be."""
        self._batch.claims.extend(claims)
        return self._at_once()

    async def flush(self) -> None:
        """Returns once everything handed over is on disk. Raises LedgerError if it cannot be."""
        if not self._batch and self._writing is not None:
            await asyncio.wait([self._writing])  # if that fails, what it writes is in the batch again
        if self._batch and (error := await self._at_once()) is not None:
            raise error

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
            self._timer = self._loop.call_later(BATCH_SECONDS, self._time_is_over)

    def _time_is_over(self) -> None:
        self._timer = None
        self._due = True
        self._write()

    def _at_once(self) -> Written:
        if self._batch.written is None:
            self._batch.written = self._loop.create_future()
        written = self._batch.written
        self._write()
        return written

    def _write(self) -> None:
        """Have the batch written; if one is being written, this is the next."""
        if self._batch and (self._writing is None or self._writing.done()):
            self._writing = self._loop.create_task(self._write_due())

    async def _write_due(self) -> None:
        """Write batch after batch, until there is none whose time is over or that somebody waits for."""
        while self._batch and (self._due or self._batch.written is not None):
            batch, self._batch, self._due = self._batch, _Batch(), False
            rows = batch.records, batch.claims, batch.returned, batch.events
            writing = self._loop.run_in_executor(self._thread, self._journal.write, *rows)
            await asyncio.wait([writing])
            self._wrote(batch, writing.exception())

    def _wrote(self, batch: _Batch, error: BaseException | None) -> None:
        if error is not None:
            self._batch.take_back(batch)  # the next write may find room again
            if not self.failure.done():
                self.failure.set_result(error)
        if batch.written is not None and not batch.written.done():
            batch.written.set_result(error)
