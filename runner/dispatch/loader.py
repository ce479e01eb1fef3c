"""Loads what a step has left from the ledger into the backlog, in portions."""

from __future__ import annotations

from runner.dispatch.queue import Backlog, Job
from runner.ledger import Journal, Pen

MOST_WAITING = 10_000  # requests that wait for another try before nothing new is begun
CHUNK = 500


class Loader:
    """Fills a backlog with a step's pending requests; with a canary, with those of the canary alone."""

    def __init__(self, pen: Pen, journal: Journal, step: int, canary: frozenset[int]) -> None:
        self._pen, self._journal, self._step = pen, journal, step
        self._canary = canary
        self._cursor = 0
        self.backlog = Backlog()
        self.exhausted = False  # whether all requests are loaded

    async def begin(self) -> None:
        """Load what an earlier invocation began, then what no chunk will bring."""
        for begun in await self._pen.call(lambda: list(self._journal.begun(self._step))):
            if not self._canary or begun.request.number in self._canary:
                self.backlog.push(Job(begun.request, begun.history, begun.first_sent_at))
        if self._canary:
            await self._begin_canary()
            return
        for request in await self._pen.call(self._journal.released, self._step):
            self.backlog.push(Job(request))

    async def _begin_canary(self) -> None:
        """Load the requests of the canary that were never attempted; the backlog keeps the order of their lanes."""
        self.exhausted = True
        for number in sorted(self._canary):
            await self.load(number)

    async def refill(self) -> None:
        """Load the next chunk of new requests, once few are left."""
        if self.exhausted or self.backlog.fresh >= CHUNK // 2 or self.backlog.waiting > MOST_WAITING:
            return
        requests = await self._pen.call(self._journal.fresh, self._step, self._cursor, CHUNK)
        self.exhausted = len(requests) < CHUNK
        if requests:
            self._cursor = requests[-1].number
            self.backlog.load(requests)

    async def load(self, number: int) -> None:
        """Load one request: the next of a lane, say."""
        request = await self._pen.call(self._journal.request, number)
        if request is not None:
            self.backlog.push(Job(request))
