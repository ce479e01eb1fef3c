"""What is to be sent next: fresh requests in manifest order, retries when they are due, one a lane at a time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable

from runner.domain.model import History, Request
from runner.ledger import Claim


class Job:
    """A request on its way: with its history, and the claim under which it is sent."""

    __slots__ = ("claim", "first_sent_at", "history", "request", "unsent")

    def __init__(self, request: Request, history: History | None = None, first_sent_at: int | None = None) -> None:
        self.request = request
        self.history = history or History()
        self.first_sent_at = first_sent_at
        self.claim: Claim | None = None
        self.unsent = 0  # times in a row that nothing could be sent

    def __lt__(self, other: Job) -> bool:
        return self.request.number < other.request.number


class Backlog:
    """Holds few requests: those loaded and not yet sent, and those that wait to be tried again.

    A lane is busy from the moment one of its requests is taken until that one is settled, also while it waits
    for its next try: requests of a lane keep their order. Of those that wait for a busy lane one alone is made ready
    when it is free, so that a long lane costs no more a request than a short one.
    """

    def __init__(self) -> None:
        self._later: list[tuple[float, int, Job]] = []
        self._ready: list[Job] = []
        self._fresh: deque[Job] = deque()
        self._busy: set[int] = set()  # lanes
        self._waiting: dict[int, list[Job]] = {}  # in which lane who waits, the first in front

    def load(self, requests: Iterable[Request]) -> None:
        """Take in fresh requests, in manifest order."""
        self._fresh.extend(Job(request) for request in requests)

    def push(self, job: Job) -> None:
        """Take in a request that is to be sent as soon as may be."""
        heapq.heappush(self._ready, job)

    def later(self, job: Job, due: float) -> None:
        """Have a request that was taken tried again at `due` (loop time); its lane stays busy."""
        heapq.heappush(self._later, (due, job.request.number, job))

    def take(self, most: int, now: float) -> list[Job]:
        """The next requests to send, at most `most`."""
        jobs: list[Job] = []
        while self._later and self._later[0][0] <= now and len(jobs) < most:
            jobs.append(heapq.heappop(self._later)[2])
        while len(jobs) < most:
            job = self._next()
            if job is None:
                break
            if self._enter(job):
                jobs.append(job)
        return jobs

    def settled(self, job: Job) -> bool:
        """Free a settled request's lane; True if one that waited in it is now ready."""
        lane = job.request.lane
        self._busy.discard(lane)
        waiting = self._waiting.get(lane)
        if not waiting:
            return False
        self.push(heapq.heappop(waiting))
        if not waiting:
            del self._waiting[lane]
        return True

    @property
    def fresh(self) -> int:
        """How many are loaded and were never taken."""
        return len(self._fresh) + len(self._ready)

    @property
    def waiting(self) -> int:
        """How many wait to be tried again."""
        return len(self._later)

    @property
    def next_due(self) -> float | None:
        """When the next one is due; None if none waits."""
        return self._later[0][0] if self._later else None

    def __len__(self) -> int:
        waiting = sum(map(len, self._waiting.values()))
        return len(self._later) + len(self._ready) + len(self._fresh) + waiting

    def __bool__(self) -> bool:
        return bool(self._later or self._ready or self._fresh)

    def _next(self) -> Job | None:
        if self._ready and (not self._fresh or self._ready[0] < self._fresh[0]):
            return heapq.heappop(self._ready)
        return self._fresh.popleft() if self._fresh else None

    def _enter(self, job: Job) -> bool:
        lane = job.request.lane
        if lane in self._busy:
            heapq.heappush(self._waiting.setdefault(lane, []), job)
            return False
        self._busy.add(lane)
        return True
