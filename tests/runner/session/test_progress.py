"""The bar fits its terminal: one without a size, a narrow one, one that is gone."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import sys
import termios

import pytest

from runner.dispatch.run_limits import Tally
from runner.domain.blackout import Blackouts
from runner.session.progress import Progress, bar_shape

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")


def shown(rows: int, columns: int, monkeypatch) -> str:
    """The last state of the bar on a terminal of this size."""
    far, near = os.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    with os.fdopen(near, "w", buffering=1) as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        tally = Tally()
        progress = Progress(80_000, tally, Blackouts(), quiet=False)
        tally.succeeded, tally.failed = 79_000, 1_000
        progress.close()
        terminal.write("END")
        terminal.flush()
        text = ""
        while "END" not in text:  # a terminal hands over what is there by then
            text += os.read(far, 65_536).decode()
    os.close(far)
    return text.replace("END", "").rstrip("\r\n").rpartition("\r")[2]


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 80), (24, 0), (1, 1), (24, 40), (24, 60), (24, 200)])
def test_the_counts_are_always_shown(monkeypatch, rows, columns):
    """Whatever the size; within the width where there is one."""
    line = shown(rows, columns, monkeypatch)
    assert "100%" in line and "ok 79000, failed 1000" in line
    assert len(line) <= (columns if columns >= 40 else 80)


def test_what_is_no_terminal():
    assert bar_shape(io.StringIO()) == {"ncols": 80, "nrows": 24}
