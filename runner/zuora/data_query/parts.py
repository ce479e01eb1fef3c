"""Queries in parts that fit Data Query's limits: one that is too large is halved until it is answered.

```
parts ─▶ at most 5 at once ─┬─ answered ─▶ appended to the extract
                            └─ failed   ─▶ halved, or the whole inquiry fails with the tenant's reason
```
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.literals import quoted, timestamp

AT_ONCE = 5  # queries of a tenant that run at the same time
ROWS_OUT = 500_000  # a query with more of them fails
SECOND = 1_000_000
TEXTS_A_QUERY = 5_000  # far under the 1,000,000 characters of a query


class Part(Protocol):
    """A query that can be halved."""

    @property
    def sql(self) -> str:
        """The query."""

    def halves(self) -> Sequence[Part]:
        """Two smaller ones that give the same rows together; none if it cannot be halved."""


@dataclass(frozen=True)
class TimeWindow:
    """The rows that were updated from `since` until before `until`, in microseconds."""

    select: str
    since: int
    until: int

    @property
    def sql(self) -> str:
        """The query, with the times as Data Query takes them."""
        since, until = timestamp(self.since), timestamp(self.until)
        return f"{self.select} WHERE updateddate >= {since} AND updateddate < {until}"

    def halves(self) -> Sequence[TimeWindow]:
        """Two windows of whole seconds."""
        middle = (self.since + self.until) // 2 // SECOND * SECOND
        if not self.since < middle < self.until:
            return ()
        return TimeWindow(self.select, self.since, middle), TimeWindow(self.select, middle, self.until)


def halved(texts: tuple[str, ...]) -> Sequence[tuple[str, ...]]:
    """Two halves of a list; none of one that cannot be halved."""
    middle = len(texts) // 2
    return (texts[:middle], texts[middle:]) if middle else ()


@dataclass(frozen=True)
class Texts:
    """The rows with one of these texts in a column."""

    select: str
    column: str
    texts: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The query."""
        return f"{self.select} WHERE {self.column} IN ({quoted(self.texts)})"

    def halves(self) -> Sequence[Texts]:
        """Two halves of the texts."""
        return tuple(replace(self, texts=half) for half in halved(self.texts))


@dataclass(frozen=True)
class _Again:
    """A part that cannot be halved and failed for a reason that may pass."""

    part: Part
    left: int = 3  # tries after this one

    @property
    def sql(self) -> str:
        """The query."""
        return self.part.sql

    def halves(self) -> Sequence[Part]:
        """Another try."""
        return (_Again(self.part, self.left - 1),) if self.left else ()


def windows(select: str, since: int, until: int, rows: int, most_rows: int) -> list[TimeWindow]:
    """A time in as many windows as the expected number of rows needs; whole seconds."""
    since, until = since // SECOND * SECOND, -(-until // SECOND) * SECOND
    count = max(1, min(-(-rows * 2 // most_rows), (until - since) // SECOND))
    bounds = [since + (until - since) * at // count // SECOND * SECOND for at in range(count)] + [until]
    return [TimeWindow(select, begin, end) for begin, end in pairwise(bounds) if begin < end]


def texts(select: str, column: str, wanted: Sequence[str]) -> list[Texts]:
    """A list of texts in queries of some thousands."""
    steps = range(0, len(wanted), TEXTS_A_QUERY)
    return [Texts(select, column, tuple(wanted[at : at + TEXTS_A_QUERY])) for at in steps]


async def answer_all(parts: Sequence[Part], answer: Callable[[str], Awaitable[None]]) -> None:
    """Have every part answered, at most `AT_ONCE` at a time. Raises the QueryFailedError of one that cannot be."""
    stack, running = list(reversed(parts)), dict[asyncio.Task[None], Part]()
    try:
        while stack or running:
            while stack and len(running) < AT_ONCE:
                part = stack.pop()
                running[asyncio.ensure_future(_started(answer, part))] = part
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                stack += reversed(_left(task, running.pop(task)))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _started(answer: Callable[[str], Awaitable[None]], part: Part) -> None:
    await answer(part.sql)


def _left(task: asyncio.Task[None], part: Part) -> Sequence[Part]:
    """What is left to ask after a part: nothing, its halves, or itself again where it cannot be halved."""
    error = task.exception()
    if error is None:
        return ()
    if not isinstance(error, QueryFailedError):
        raise error
    left = part.halves() if error.divisible else ()
    if not left and error.may_pass and not isinstance(part, _Again):
        left = (_Again(part),)
    if not left:
        raise error
    return left
