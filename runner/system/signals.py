"""Signals while a loop runs: handlers on the loop, or beside it where loops have none (Windows)."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping
from types import FrameType


@contextlib.contextmanager
def heard(handlers: Mapping[str, Callable[[], None]]) -> Iterator[None]:
    """Call these in the running loop when the signals of these names come. Those that the system lacks never come."""
    loop = asyncio.get_running_loop()
    numbers = {name: number for name in handlers if (number := getattr(signal, name, None)) is not None}
    before = {}
    for name, number in numbers.items():
        try:
            loop.add_signal_handler(number, handlers[name])
        except NotImplementedError:
            before[number] = signal.signal(number, _into(loop, handlers[name]))
    try:
        yield
    finally:
        for number in numbers.values():
            if number in before:
                signal.signal(number, before[number])
            else:
                loop.remove_signal_handler(number)


def _into(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    def told(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)

    return told
