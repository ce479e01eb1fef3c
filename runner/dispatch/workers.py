"""The tasks that send: each takes one claimed request at a time, waits for its turn and sends it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from runner.dispatch.queue import Job
from runner.dispatch.throttle import Pace


class Employer(Protocol):
    """What workers serve."""

    def is_ending(self) -> bool:
        """Whether nothing more is to be sent."""
        ...

    def claim_more(self) -> None:
        """Claim ahead of the workers."""
        ...

    def give_back(self, job: Job) -> None:
        """Take a claim back that was not sent."""
        ...

    def failed(self, error: BaseException) -> None:
        """A worker ended by a fault of the program."""
        ...

    async def attempt(self, job: Job) -> None:
        """Send a claimed request and act upon the answer."""
        ...


class Workers:
    """As many tasks as requests may be under way at most."""

    def __init__(self, employer: Employer, pace: Pace) -> None:
        self._employer, self._pace = employer, pace
        self.queue: deque[Job] = deque()  # claimed, not yet sent
        self._idle: deque[asyncio.Future[None]] = deque()  # workers with nothing to do
        self._sending: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def sending(self) -> int:
        """How many requests are under way."""
        return len(self._sending)

    def start(self) -> None:
        """Start the tasks."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._pace.ceiling)]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def add(self, jobs: Sequence[Job]) -> None:
        """Queue claimed requests."""
        self.queue.extend(jobs)
        for _ in range(min(len(jobs), len(self._idle))):
            self._wake_one()

    async def drain(self, seconds: float, hurry: asyncio.Event) -> list[BaseException | None]:
        """Let what is under way finish, for so long or until `hurry`; returns how the tasks ended."""
        for task in self._tasks:
            if task not in self._sending:
                task.cancel()
        hurried = asyncio.create_task(hurry.wait())
        drained = asyncio.create_task(self._drained())
        await asyncio.wait({hurried, drained}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        tasks: list[asyncio.Task[Any]] = [hurried, drained, *self._tasks]
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        return [end if isinstance(end, BaseException) else None for end in ends]

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        sender, pace = self._employer, self._pace
        while not sender.is_ending():
            while not self.queue:
                await self._wait_for_work()
                if sender.is_ending():
                    return
            job = self.queue.popleft()
            sender.claim_more()
            if not pace.enter_at_once() and not await self._enter(job):
                return
            self._sending.add(me)
            try:
                await sender.attempt(job)
            finally:
                self._sending.discard(me)
                pace.leave()

    async def _enter(self, job: Job) -> bool:
        """Wait for a turn to send; False if the run ends meanwhile and the request was given back."""
        try:
            await self._pace.enter()
        except asyncio.CancelledError:
            self._employer.give_back(job)
            raise
        if self._employer.is_ending():
            self._pace.leave()
            self._employer.give_back(job)
            return False
        return True

    async def _wait_for_work(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._idle.append(waiter)
        await waiter

    def _wake_one(self) -> None:
        while self._idle:
            waiter = self._idle.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _drained(self) -> None:
        while self._sending:
            await asyncio.wait(set(self._sending), return_when=asyncio.FIRST_COMPLETED)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._employer.failed(error)
