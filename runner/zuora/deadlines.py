"""One time-out for many requests: all have the same time, so the oldest is due first and one timer serves them all.

A timer for every request, as aiohttp keeps, costs a tenth of what sending one costs.
"""

from __future__ import annotations

import asyncio


class Deadlines:
    """Cancels tasks whose request takes longer than `seconds`; a task reports when one begins and when it ends."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._due: dict[asyncio.Task[object], float] = {}  # loop time, the oldest first
        self._missed: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> asyncio.Task[object]:
        """The current task begins a request. Returns the task, for `end`."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        self._due[task] = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_later(self.seconds, self._look)
        return task

    def end(self, task: asyncio.Task[object]) -> None:
        """Its request is over."""
        self._due.pop(task, None)
        if task in self._missed:  # the cancellation was turned into an error of the network on its way
            self._missed.remove(task)
            task.uncancel()

    def missed(self, task: asyncio.Task[object]) -> bool:
        """Whether it was this that cancelled the task, and nobody else; then it goes on."""
        if task not in self._missed:
            return False
        self._missed.remove(task)
        return task.uncancel() == 0

    def close(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Cancel what is overdue, and look again when the next one may be."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._due:
            task, due = next(iter(self._due.items()))
            if due > loop.time():
                self._timer = loop.call_at(due, self._look)
                return
            del self._due[task]
            self._missed.add(task)
            task.cancel()
