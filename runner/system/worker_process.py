"""Long work done beside other work, in a process of its own: Python uses one processor at a time otherwise."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Result = TypeVar("Result")


@contextlib.contextmanager
def beside(work: Callable[..., Result], *arguments: Any, worth_it: bool = True) -> Iterator[Callable[[], Result]]:
    """Begin work that can be pickled, as can what it is given and its result; yields how to wait for that.

    The work is done on the spot, once it is waited for, if it is not worth the start of a process, if none can be
    started, or if that one came to no result. A process that nobody waits for is ended.
    """
    if not worth_it:
        yield lambda: work(*arguments)
        return
    receiver, sender = multiprocessing.Pipe(duplex=False)
    # a process from nothing: a copy of this one would share its open ledger, which SQLite forbids
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(sender, work, arguments), daemon=True)
    with receiver:
        with sender, contextlib.suppress(OSError):
            process.start()

        def wait() -> Result:
            try:
                result: Result = receiver.recv()
            except EOFError:
                return work(*arguments)
            return result

        try:
            yield wait
        finally:
            if process.pid is not None:
                process.terminate()
                process.join()


def _work(sender: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever waits hears it, and ends this process
    sender.send(work(*arguments))
