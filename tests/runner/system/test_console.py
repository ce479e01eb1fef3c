"""What comes from outside cannot steer the terminal, nor forge a line of ours; JSON keeps its value."""

from __future__ import annotations

import io
import json
import os
import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.dispatch.run_limits import Tally
from runner.domain.blackout import Blackouts
from runner.session.progress import Progress
from runner.system.console import harmless, printable, say, say_json

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
def test_none_of_it_is_said(text, capsys):
    """On neither stream, nor in JSON; what stands around it is."""
    say(f"before {text} after")
    say(f"before {text} after", err=True)
    say_json({text: [text]})
    said = capsys.readouterr()
    assert text[0] not in said.out + said.err
    assert said.err.startswith("before �")
    assert said.err.endswith(" after\n")
    assert json.loads(said.out.partition("\n")[2]) == {text: [text]}


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
