"""A stage of a plan file: how it ended, and what it needs of the command that runs it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from runner.domain.errors import ExitCode
from runner.runs.folder import RunFolder
from runner.session.run_request import RunRequest
from runner.system.counting import counted


@dataclass(frozen=True)
class StageEnd:
    """How a stage ended; `folder` is None where there was nothing to run."""

    exit_code: ExitCode
    folder: RunFolder | None = None
    reason: str = ""


Note = Callable[[StageEnd], None]


def never() -> bool:
    """Nobody asks to stop."""
    return False


@contextlib.contextmanager
def unwatched() -> Iterator[Note]:
    """Nobody wants to know how a stage ends."""
    yield lambda end: None


@dataclass(frozen=True)
class Stops:
    """What ends a wait early: the command's deadline, in seconds since the epoch, or somebody who asks to stop."""

    until: float | None = None
    stopped: Callable[[], bool] = never


@dataclass(frozen=True)
class Hands:
    """How a command sends a stage as a run, and goes on with a run that has something left."""

    send: Callable[[RunRequest], StageEnd]
    resume: Callable[[RunFolder], StageEnd]
    stops: Stops = Stops()
    watched: Callable[[], AbstractContextManager[Note]] = unwatched  # around what is no run; takes note of its end


NAP_SECONDS = 0.2  # how soon somebody who wants to stop is heard


def pause(seconds: float, stops: Stops) -> StageEnd | None:
    """Wait; how the stage ends if the deadline of the command comes first, or somebody stops it."""
    end = time.time() + seconds
    while (left := end - time.time()) > 0:
        if stops.stopped():
            return StageEnd(ExitCode.INTERRUPTED, reason="interrupted")
        if stops.until is not None and time.time() >= stops.until:
            return StageEnd(ExitCode.PAUSED, reason="the deadline came while waiting; the same command goes on")
        time.sleep(min(NAP_SECONDS, left))
    return None


def last_sent(run: RunFolder) -> float:
    """When a run had its last answer, in seconds since the epoch; 0 if it sent nothing."""
    document = run.document()
    last = None if document is None else document.last_answered_at or document.ended_at
    return 0.0 if last is None else datetime.fromisoformat(last).timestamp()


def in_words(seconds: float) -> str:
    """A wait, for people."""
    return f"{seconds:.0f} s" if seconds < 120 else counted(round(seconds / 60), "minute")
