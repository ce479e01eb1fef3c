"""Work in a thread of its own, so that a call serves where a loop is running already, as in a notebook."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

Result = TypeVar("Result")
Stoppable = Callable[[Callable[[], bool]], Result]  # work that is handed a question: is it to stop?
POLL_SECONDS = 0.2


def in_thread(work: Stoppable[Result]) -> Result:
    """Do the work and wait for it.

    Ctrl-C (the interrupt of a notebook), and whatever a host's signal handler raises meanwhile (Airflow's for SIGTERM
    and time-outs), first ends the work gracefully and is then raised.
    """
    stop = threading.Event()
    future = _started(work, stop)
    try:
        while not future.done():
            wait([future], POLL_SECONDS)
    except BaseException:
        stop.set()
        wait([future])
        raise
    return future.result()


async def in_thread_async(work: Stoppable[Result]) -> Result:
    """The same for a running loop, which stays free; a cancelled task ends the work gracefully first."""
    stop = threading.Event()
    future = asyncio.wrap_future(_started(work, stop))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([future])
        raise


def _started(work: Stoppable[Result], stop: threading.Event) -> Future[Result]:
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(stop.is_set))
        except BaseException as error:  # noqa: BLE001 - raised where the result is waited for
            future.set_exception(error)

    threading.Thread(target=run, name="regen").start()
    return future
