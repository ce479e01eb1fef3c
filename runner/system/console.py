"""What the program says to people: the one door to the terminal. What comes from outside cannot steer it.

Manifests, servers and file names may hold escape sequences, characters that turn the direction of writing, and line
ends that forge a line of ours. None of them is shown as it is; the files keep them.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from pathlib import Path
from typing import IO, Any

# C0 but tab and line feed, DEL, C1; what is invisible or turns the direction; halves of a character; tags
_STEERING = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff"
)
_STEERS = re.compile(f"[{_STEERING}]")
_STEERS_OR_BREAKS = re.compile(f"[\t\n{_STEERING}]+")


def harmless(text: str) -> str:
    """Text of several lines without the characters that steer a terminal."""
    return _STEERS.sub("�", text)


def printable(text: str) -> str:
    """A piece of text from a server or a file, as part of one line of ours."""
    return _STEERS_OR_BREAKS.sub(_one_line, text)


def _one_line(found: re.Match[str]) -> str:
    return " " if not found[0].strip("\t\n\r ") else "�"


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Say it on standard output, or on standard error."""
    _write(harmless(text) + end, sys.stderr if err else sys.stdout)


def say_json(value: Any) -> None:
    """Say a value as JSON."""
    _write(json_text(value, indent=2) + "\n", sys.stdout, lacking="as-json")


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON, the same value whatever is in it; what would steer a terminal is written as an escape."""
    return _STEERS.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if ord(found[0]) != 0x7F else r"\u007f"


def _write(text: str, file: IO[str] | None, lacking: str = "replace") -> None:
    """Write it, in whatever encoding the terminal has. Whether anybody is there to read it decides nothing."""
    if file is None:  # closed by whoever started us
        return
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        file.write(text.encode(encoding, lacking).decode(encoding))
        file.flush()
    except BrokenPipeError:
        _let_go(file)


def _let_go(file: IO[str]) -> None:
    """The reader has gone: the rest goes nowhere, also what is flushed at the end of the process."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), file.fileno())


def _as_json(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, as JSON escapes it, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error("as-json", _as_json)
