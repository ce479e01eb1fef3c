"""The pen: what it says is on disk is on disk; what comes while it writes shares the next commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from runner.domain.errors import LedgerFull
from runner.ledger import Claim, Event, Journal, Pen, Store, open_read_only, open_writable
from tests.harness.virtual import enrolled


class Slow(Executor):
    """An executor whose work waits until the test lets it go on."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - as an executor does
                future.set_exception(error)

        self.waiting.append(work)
        return future

    async def go_on(self) -> None:
        """Do what waits, and let the loop hear of it."""
        await asyncio.sleep(0)
        works, self.waiting = self.waiting, []
        for work in works:
            work()
        for _ in range(5):
            await asyncio.sleep(0)


def claimed(store: Store) -> list[int]:
    """The requests whose claims another process can see."""
    with open_read_only(store.path) as seen:
        return [request for (request,) in seen.rows("SELECT request FROM attempt ORDER BY request")]


async def test_claims_made_while_it_writes_share_a_commit(tmp_path):
    """One transaction for the first, one for all that came meanwhile; done is what is on disk, and nothing else."""
    with open_writable(enrolled(tmp_path / "ledger.db", 3)) as store:
        thread = Slow()
        pen = Pen(Journal(store), thread)
        done: list[int] = []
        for number in (1, 2, 3):
            pen.claim([Claim(number, 1, 0, 1)]).add_done_callback(lambda _, number=number: done.append(number))
            await asyncio.sleep(0)
        assert (len(thread.waiting), done) == (1, [])
        await thread.go_on()
        assert (claimed(store), done) == ([1], [1])
        assert len(thread.waiting) == 1
        await thread.go_on()
        assert (claimed(store), done) == ([1, 2, 3], [1, 2, 3])
        assert not thread.waiting


async def test_a_flush_waits_for_what_is_under_way_and_what_waits(tmp_path):
    """Also while a batch is being written."""
    with open_writable(enrolled(tmp_path / "ledger.db", 2)) as store:
        thread = Slow()
        pen = Pen(Journal(store), thread)
        claim = Claim(1, 1, 0, 1)
        pen.claim([claim])
        await thread.go_on()
        pen.claim([Claim(2, 1, 0, 1)])
        await asyncio.sleep(0)
        pen.give_back(claim)
        flushing = asyncio.create_task(pen.flush())
        await asyncio.sleep(0)
        await thread.go_on()
        assert not flushing.done()
        await thread.go_on()
        await flushing
        assert claimed(store) == [2]


async def test_a_flush_tells_of_what_fails_under_way(tmp_path):
    """What it waited for is kept, and tried once more."""
    with open_writable(enrolled(tmp_path / "ledger.db", 2)) as store:
        (pages,) = store.row("PRAGMA page_count") or (0,)
        thread = Slow()
        pen = Pen(Journal(store), thread)
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        pen.note(Event(1, "paused", "x" * 100_000))
        pen.claim([])
        flushing = asyncio.create_task(pen.flush())
        await asyncio.sleep(0)
        for _ in range(3):
            await thread.go_on()
        with pytest.raises(LedgerFull):
            await flushing


async def test_what_cannot_be_written_is_reported_and_kept_but_for_claims(tmp_path):
    """A claim that failed was not made; an answer is written as soon as there is room again."""
    with open_writable(enrolled(tmp_path / "ledger.db", 2000)) as store:
        (pages,) = store.row("PRAGMA page_count") or (0,)
        thread = Slow()
        pen = Pen(Journal(store), thread)
        pen.claim([Claim(1, 1, 0, 1)])
        await thread.go_on()
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        pen.give_back(Claim(1, 1, 0, 1))
        written = pen.claim([Claim(number, 1, 0, 1) for number in range(2, 2000)])
        await thread.go_on()
        assert [type(error) for error in (written.result(), pen.failure.result())] == [LedgerFull, LedgerFull]
        assert claimed(store) == [1]
        store.connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
        await asyncio.gather(pen.flush(), thread.go_on())
        assert claimed(store) == []
