"""Work in a process of its own: done there, or here where that cannot be."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from runner.system.worker_process import beside


def here() -> int:
    return os.getpid()


def ends_silently(parent: int) -> int:
    if os.getpid() != parent:
        os._exit(9)
    return parent


def waits_for_ever(path: str) -> None:
    with Path(path).open("w") as file:
        file.write(str(os.getpid()))
    signal.pause()


def test_it_is_another_process():
    """And its result comes back."""
    with beside(here) as wait:
        assert wait() not in (0, os.getpid())


def test_it_is_done_on_the_spot_where_a_process_is_not_worth_it():
    """Once it is waited for."""
    with beside(here, worth_it=False) as wait:
        assert wait() == os.getpid()


def test_it_is_done_on_the_spot_if_the_process_is_killed():
    """For want of memory, say."""
    with beside(ends_silently, os.getpid()) as wait:
        assert wait() == os.getpid()


def test_it_is_done_on_the_spot_if_no_process_can_be_had(monkeypatch):
    """The system has no more of them."""

    def refused(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess._Popen", staticmethod(refused))
    with beside(here) as wait:
        assert wait() == os.getpid()


@pytest.mark.skipif(not hasattr(signal, "pause"), reason="POSIX signals")
def test_a_process_that_nobody_waits_for_is_ended(tmp_path):
    """Something else went wrong meanwhile."""
    path = tmp_path / "pid"
    with pytest.raises(ZeroDivisionError), beside(waits_for_ever, str(path)):
        while not (path.exists() and path.read_text()):
            time.sleep(0.01)
        raise ZeroDivisionError
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)
