"""Terminal output. All printing goes through here, so that untrusted text cannot control the terminal.

Manifests, servers and file names may hold escape sequences, characters that turn the direction of writing, and line
ends that forge a line of ours. None of them is shown as it is; the files keep them. Output that cannot be written
(full disk, closed stream, terminal gone) is dropped and never ends a run.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

# C0 but tab and line feed, DEL, C1; what is invisible or turns the direction; halves of a character; tags
_CONTROL = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff"
)
_CONTROLS = re.compile(f"[{_CONTROL}]")
_CONTROL_OR_BREAK = re.compile(f"[\t\n{_CONTROL}]+")


def harmless(text: str) -> str:
    """Text of several lines without the characters that control a terminal."""
    return _CONTROLS.sub("�", text)


def printable(text: str) -> str:
    """A piece of text from a server or a file, as part of one line of ours."""
    return _CONTROL_OR_BREAK.sub(_in_one_line, text)


def _in_one_line(match: re.Match[str]) -> str:
    return " " if not match[0].strip("\t\n\r ") else "�"


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Print text to standard output, or to standard error."""
    _write(harmless(text) + end, sys.stderr if err else sys.stdout)


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    _write(json_text(value, indent=2) + "\n", sys.stdout, lacking="as-json")


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON, the same value whatever is in it; what would control a terminal is written as an escape."""
    return _CONTROLS.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if ord(match[0]) != 0x7F else r"\u007f"


def _write(text: str, file: IO[str] | None, lacking: str = "replace") -> None:
    """Write text in the encoding that the terminal has. That nobody can read it never ends a run."""
    if file is None:  # closed by whoever started us
        return
    encoding = getattr(file, "encoding", None) or "utf-8"
    shield = file if isinstance(file, _Shield) else _Shield(file)
    shield.write(text.encode(encoding, lacking).decode(encoding))
    shield.flush()


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream is a terminal. One that is closed or missing is not."""
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False


class _Shield:
    """A stream whose failures end nothing: a full disk, a reader or a terminal that has gone."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:
            _discard(self._stream, error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            _discard(self._stream, error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_lost: list[str] = []


def lost_output() -> str | None:
    """Why output could not be written, if any was lost otherwise than by a reader who had seen enough."""
    return _lost[0] if _lost else None


def _discard(stream: IO[str], error: OSError | ValueError) -> None:
    """Send the rest nowhere, also what Python flushes at the end of the process, which would change the exit code."""
    if not isinstance(error, BrokenPipeError):
        _lost.append(getattr(error, "strerror", None) or str(error))
    with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
    with contextlib.suppress(OSError, ValueError):
        stream.flush()


def open_standard_streams() -> None:
    """Open what is closed of the descriptors 0, 1 and 2, so that no file of a run gets one of these numbers: what
    others write to standard output or error would end up in it."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Within, nothing that writes to standard output or error can fail: click, tqdm, warnings, tracebacks."""
    streams = sys.stdout, sys.stderr
    _lost.clear()
    sys.stdout, sys.stderr = (stream and _Shield(stream) for stream in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def _as_json(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, as JSON escapes it, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error("as-json", _as_json)
