"""What comes from outside cannot steer the terminal, nor forge a line of ours; JSON keeps its value."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.dispatch.run_limits import Tally
from runner.domain.blackout import Blackouts
from runner.session.progress import Progress
from runner.system.console import harmless, is_terminal, printable, say, say_json
from tests import ROOT
from tests.harness import forks
from tests.harness.program import folders, simulated

ENVIRONMENT = {"PYTHONPATH": str(ROOT), "ZUORA_CLIENT_ID": "test-id", "ZUORA_CLIENT_SECRET": "test-secret"}

STEERING = [
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x9b31m",
    "\x00",
    "\x08",
    "\r",
    "\x7f",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u061c",
    "\ufeff",
    "\U000e0041",
]


@pytest.mark.parametrize("text", STEERING, ids=ascii)
def test_none_of_it_is_shown(text, capsys):
    """On neither stream, nor in JSON; what stands around it is."""
    say(f"before {text} after")
    say(f"before {text} after", err=True)
    say_json({text: [text]})
    shown = capsys.readouterr()
    assert text[0] not in shown.out + shown.err
    assert shown.err.startswith("before �")
    assert shown.err.endswith(" after\n")
    assert json.loads(shown.out.partition("\n")[2]) == {text: [text]}


@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_the_text(text):
    """No control character but tab and line feed is left; in a piece of a line not even these; JSON is the same."""
    kinds = {category(character) for character in harmless(text).replace("\t", "").replace("\n", "")}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert len(printable(text).splitlines()) <= 1
    harmless(text).encode()


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_says_the_same_value(value):
    """Escapes in place of the characters."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdout", out)
        say_json(value)
    assert json.loads(out.getvalue()) == value
    assert harmless(out.getvalue()) == out.getvalue()


def test_a_line_cannot_be_forged():
    """A line end in what a server says stays within the line."""
    assert printable("no\nrun X: finished") == "no run X: finished"
    assert printable("no\r\x1b[A forged") == "no�[A forged"


def test_a_terminal_with_another_encoding(monkeypatch):
    """What it cannot show is a question mark, and no fault."""
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, "ascii"))
    say("naïve → 1")
    assert raw.getvalue() == b"na?ve ? 1\n"


def test_whether_anybody_listens_decides_nothing(monkeypatch):
    """A stream that is closed, or whose reader has gone: the run ends as it ends."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        monkeypatch.setattr(sys, "stderr", None)
        for text in ("one", "two"):
            say(text)
            say_json(text)
            say(text, err=True)
            Progress(1, Tally(), Blackouts(), quiet=False).tell(text)


FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")  # noqa: PTH110
OUTPUTS = {
    "stdout full": ">/dev/full",
    "stderr full": "2>/dev/full",
    "both full": ">/dev/full 2>&1",
    "stdout closed": ">&-",
    "stderr closed": "2>&-",
    "all closed": "<&- >&- 2>&-",
    "reader gone": "| true",
}


@FULL
@pytest.mark.parametrize("redirection", OUTPUTS.values(), ids=OUTPUTS.keys())
@pytest.mark.parametrize("bad", [False, True], ids=["all succeed", "one fails"])
def test_what_output_can_take_decides_nothing(tmp_path, regen, redirection, bad):
    """Everything is sent, and the exit code is the run's own, of `run` and of `resume`."""
    names = ["A-1", "A-2", "MISSING-1" if bad else "A-3"]
    manifest = tmp_path / "s.csv"
    manifest.write_text("subscriptionName,subscriptionVersion\n" + "".join(f"{name},1\n" for name in names))
    with simulated() as server:
        words = ["run", str(manifest), "--base-url", server.url]
        if not bad:
            assert regen("plan", *words[1:], "--run-id", "it").code == 0
            words = ["resume", "it"]
        program = [*forks.regen(), *words, "--runs-dir", str(tmp_path / "runs")]
        command = f"{shlex.join(program)} {redirection}"
        shell = ["bash", "-o", "pipefail", "-c", command]
        code = subprocess.run(shell, env=os.environ | ENVIRONMENT, check=False, capture_output=True).returncode
        assert server.arrivals() == 3
    assert code == (3 if bad else 0)
    (folder,) = folders(tmp_path / "runs")
    assert json.loads((folder / "run.json").read_text())["exit_code"] == code
    assert (folder / "SHA256SUMS").exists()


@FULL
@pytest.mark.parametrize(
    ("words", "code"),
    [("runs", 0), ("config", 0), ("template Subscription", 1), ("run no-such.csv", 2), ("run --no-such-option", 2)],
)
def test_other_commands_on_a_full_disk(tmp_path, words, code):
    """The exit code is the command's own; only what prints data that is incomplete has failed."""
    command = f"{shlex.join([*forks.regen(), *words.split()])} >/dev/full"
    shell = ["bash", "-c", command]
    done = subprocess.run(
        shell, env=os.environ | ENVIRONMENT, check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    if code < 2:
        assert "output could not be written: No space left on device" in done.stderr


def test_a_stream_of_every_kind_of_failure():
    """Full, gone, closed: the text is dropped."""
    for error in (OSError(28, "No space left on device"), OSError(5, "Input/output error"), ValueError("closed")):

        class Failing(io.StringIO):
            fault = error

            def write(self, text: str) -> int:
                raise self.fault

            def isatty(self) -> bool:
                raise self.fault

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("sys.stdout", Failing())
            say("text")
            say_json({"a": 1})
            assert not is_terminal(sys.stdout)
