"""The bar fits its terminal: one without a size, a narrow one, one that is gone."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import sys
import termios
from datetime import UTC, datetime, timedelta

import pytest

from runner.dispatch.run_limits import Tally
from runner.domain.blackout import ALWAYS_OPEN, Blackouts
from runner.session.progress import Progress, bar_shape
from runner.system import console
from tests.flows.test_flows import subscriptions
from tests.harness.program import folders

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


def test_a_terminal_that_is_gone_does_not_end_the_run(tmp_path, regen, simulator, monkeypatch):
    """Its owner went home; the log has all of it."""
    manifest = subscriptions(tmp_path / "s.csv", 20)
    write = console._write

    def gone(text, file, lacking="replace"):
        if file is sys.stderr and text.startswith(("concurrency ", "pausing ")):
            raise OSError(5, "Input/output error")
        write(text, file, lacking)

    monkeypatch.setattr(console, "_write", gone)
    with simulator(faults={"429": 0.3}, seed=1, retry_after=0) as server:
        assert regen("run", manifest, "--base-url", server.url).code == 0
    (folder,) = folders(tmp_path / "runs")
    assert '"event": "concurrency"' in (folder / "run.log").read_text()


def test_a_bar_on_a_terminal_that_is_gone():
    """It is given up, and nothing is told any more."""

    class Bar:
        n = 0

        def gone(self, *_, **__):
            raise OSError(5, "Input/output error")

        write = update = close = set_postfix_str = gone

    progress = Progress(10, Tally(), ALWAYS_OPEN, quiet=False)
    progress._bar = Bar()
    progress.tell("pausing")
    progress.tell_now()
    progress.close()
    progress = Progress(10, Tally(), ALWAYS_OPEN, quiet=False)
    progress._bar = Bar()
    progress.close()


def test_progress_tells_of_it(capsys):
    """On the line of a run that goes on."""
    now = datetime.now(UTC)
    texts = [f"{now - timedelta(minutes=2):%H:%M}-{now + timedelta(hours=3):%H:%M} UTC"]
    Progress(10, Tally(), Blackouts.parsed(texts), quiet=False).tell_now()
    assert ", blackout until " in capsys.readouterr().err
