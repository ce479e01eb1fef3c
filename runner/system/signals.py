"""Signals: one exception from the first line of the program on, handlers of the loop while a loop runs.

As process 1 of a container a process gets no signal that it has no handler for, so the handlers come first.
"""

from __future__ import annotations

import atexit
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

_ENDS = ("SIGTERM", "SIGHUP", "SIGBREAK")  # SIGBREAK is Windows' SIGTERM
_HARMLESS = ("SIGUSR1",)  # asks a run for its progress, and must not kill where there is none


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived. Like KeyboardInterrupt no `except Exception` stops it."""


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(signal.Signals(number).name)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing. Unlike SIG_IGN it is not inherited by the commands that a run starts."""


def install() -> dict[int, Any]:
    """Let SIGTERM and SIGHUP raise Terminated from now on; returns the handlers before. For the main thread.

    What whoever started the program had ignored stays ignored: nohup does that with SIGHUP.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {}
    for handler, names in ((_terminate, _ENDS), (_ignore, _HARMLESS)):
        for number in _numbers(names):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    return before


def ignore_at_exit() -> None:
    """Let no signal change the exit code once the interpreter ends: what there was to do is done.

    Python puts the system's own handlers back then, which kill, also for a signal that only asks for progress. Called
    first, it comes last of what is registered so.
    """
    atexit.register(_ignore_all)


def _ignore_all() -> None:
    for number in _numbers((*_ENDS, *_HARMLESS, "SIGINT")):
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP raise Terminated."""
    before = install()
    try:
        yield
    finally:
        _postponed.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _numbers(names: tuple[str, ...]) -> list[int]:
    """The numbers of signals, without those that the system lacks."""
    return [number for name in names if (number := getattr(signal, name, None)) is not None]


_postponed: list[int] = []


@contextlib.contextmanager
def finishing() -> Iterator[None]:
    """Within, the first signal is postponed, for what goes on ends by itself and is better ended; a second one raises.

    A postponed signal stops the next loop that handles it gracefully; a program that ends anyway ends as it would.
    """
    before: dict[int, Any] = {}

    def postpone(number: int, frame: FrameType | None) -> None:
        if not _postponed:
            _postponed.append(number)
        elif callable(handler := before[number]):
            handler(number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in _numbers((*_ENDS, "SIGINT")):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, postpone)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def handled(handlers: Mapping[str, Callable[[], None]]) -> Iterator[None]:
    """Call these in the running loop when the signals of these names arrive; afterwards all is as it was.

    Signals that the system lacks never arrive; those that whoever started the program had ignored stay ignored.
    Outside the main thread, where Python has no handlers, nothing is installed.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for name in handlers for number in _numbers((name,))}
    mine = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in mine:
        call = handlers[signal.Signals(number).name]
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:  # Windows
            signal.signal(number, _into(loop, call))
    for number in [number for number in _postponed if number in mine]:
        loop.call_soon(handlers[signal.Signals(number).name])
    try:
        yield
    finally:
        for number in mine:
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, before[number])


def _into(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    def handler(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)

    return handler
