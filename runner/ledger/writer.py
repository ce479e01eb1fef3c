"""The one pen: a thread that writes to the ledger, in batches, for the event loop.

```
record, give_back, note ─▶ batch ─ BATCH_SECONDS, or a claim ─▶ thread: one transaction, fsync ─▶ `then`
```

While a batch is being written the next one gathers, so that what arrives meanwhile shares a commit. A claim takes
all that waits with it: what was answered before is on disk before anything more is sent. Who claimed is called back in
the loop's very next turn: under load a turn is long, and a future's callbacks would take three.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runner.ledger.journal import Claim, Event, Journal, Record

T = TypeVar("T")
Then = Callable[[BaseException | None], None]  # called when it is on disk, or with the error that kept it from there
BATCH_SECONDS = 0.05


@dataclass(slots=True)
class _Batch:
    """What one transaction writes, and who is waiting for it."""

    records: list[Record] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    returned: list[Claim] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    then: list[Then] = field(default_factory=list)

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
        self._writing = False
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

    def claim(self, claims: Sequence[Claim], then: Then) -> None:
        """Have claims written as soon as may be; `then` hears when they are on disk, or why they cannot be."""
        self._batch.claims.extend(claims)
        self._at_once(then)

    async def flush(self) -> None:
        """Returns once everything handed over is on disk. Raises LedgerError if it cannot be."""
        if not self._batch:
            await self.call(int)  # whatever is under way comes before it; if that failed, it is here again
        if not self._batch:
            return
        done: asyncio.Future[BaseException | None] = self._loop.create_future()
        self._at_once(lambda error: None if done.done() else done.set_result(error))
        if (error := await done) is not None:
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

    def _at_once(self, then: Then) -> None:
        self._batch.then.append(then)
        self._write()

    def _write(self) -> None:
        """Hand the batch to the thread, unless it is busy: then `_wrote` does."""
        if self._writing:
            return
        batch, self._batch, self._due = self._batch, _Batch(), False
        if not batch:
            return
        self._writing = True
        write = self._thread.submit(self._journal.write, batch.records, batch.claims, batch.returned, batch.events)
        write.add_done_callback(  # in the thread
            lambda write: self._loop.call_soon_threadsafe(self._wrote, batch, write.exception())
        )

    def _wrote(self, batch: _Batch, error: BaseException | None) -> None:
        self._writing = False
        if error is not None:
            self._batch.take_back(batch)  # the next write may find room again
            if not self.failure.done():
                self.failure.set_result(error)
        for then in batch.then:
            then(error)
        if self._due or self._batch.then:
            self._write()
