"""The index of a runs folder: a brief of each run.json, so that a question over fifty thousand runs need not read them.

run.json stays the truth. What is kept of one is used only while the file's size, inode and times are what they were
when it was read, and it is kept only once the file had been at rest for some seconds by the disk's own clock: later
changes have later times, however fast they follow each other. So a folder that is copied in, removed, renamed or edited
by whatever program needs no notice, and to remove the index is always safe.

`.index` has a line for each run.json: a checksum, the folder's name, and the entry as JSON; of two for a folder the
later one counts. Lines are appended, by several processes at once if it happens so; a line that is damaged, or was
written by another version, is as good as missing. Where the folder cannot be written to, nothing is kept.
"""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from runner.runs.brief import RunBrief, brief_of
from runner.runs.run_json import parsed
from runner.system.atomic_file import replacing
from runner.system.filesystem import is_doubtful, is_network, kind_of_disk

INDEX = ".index"
FORMAT = 1  # to be counted up when `parsed` or `brief_of` make something else of the same file
AT_REST_NS = 5_000_000_000  # more than the coarsest times that a disk keeps: two seconds, on FAT
SPARE_LINES = 1000  # so many useless lines, and as many as useful ones, may the index have before it is written anew
_DOCUMENT = "run.json"


class _State(NamedTuple):
    """What changes when a file is replaced or its content changes. Times in ns."""

    size: int
    modified: int
    changed: int  # by whatever means, which no program can set; on Windows, when it was made
    inode: int


class _Entry(Struct, frozen=True, array_like=True, gc=False):
    """What a file was when it was read, and the brief of it; None for a file that is no run.json."""

    state: _State
    brief: RunBrief | None


_LINE = re.compile(rb"^[0-9a-f]{8} ([^ \n]+) .*$", re.MULTILINE)
_CHECKSUM = 8  # hexadecimal characters

# Made under the lock of the import: see `runner.runs.run_json`.
_DECODER, _ENCODER = msgspec.json.Decoder(_Entry), msgspec.json.Encoder()
_VERSION = zlib.crc32(repr((FORMAT, RunBrief.__struct_fields__)).encode())


class Index:
    """One pass over the folders of these `names`. A context manager: what was read is kept at its end."""

    def __init__(self, runs: Path, names: Sequence[str]) -> None:
        self._runs, self._names, self._path = runs, names, runs / INDEX
        self._content = b""
        self._lines: dict[bytes, int] = {}  # by the folder's name, where its last line begins; not yet checked
        self._new: dict[bytes, bytes] = {}
        self._begun: int | None = None
        self._state: Callable[[str], _State] = _state_by_path

    def __enter__(self) -> Index:
        if self._names:
            self._load()
            self._state = _state_by_path if _is_local(self._runs) else _state_by_opening
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # an index only saves time
            if self._content.count(b"\n") > 2 * len(self._names) + SPARE_LINES:
                self._rewrite()
            elif self._new:
                self._append()

    def brief(self, name: str) -> RunBrief | None:
        """The brief of a folder's run.json; None for one that cannot be read. Raises OSError where there is none."""
        path = f"{self._runs}/{name}/{_DOCUMENT}"
        state, entry = self._state(path), self._entry(name)
        if entry is not None and entry.state == state:
            return entry.brief
        try:
            return self._read(name, Path(path))
        except OSError:
            return None

    def _entry(self, name: str) -> _Entry | None:
        encoded = os.fsencode(name)
        line = self._line(encoded)
        if line is None or int(line[:_CHECKSUM], 16) != zlib.crc32(line[_CHECKSUM:], _VERSION):
            return None
        return _DECODER.decode(line[_CHECKSUM + len(encoded) + 2 :])

    def _line(self, name: bytes) -> bytes | None:
        begin = self._lines.get(name)
        return None if begin is None else self._content[begin : self._content.find(b"\n", begin)]

    def _read(self, name: str, path: Path) -> RunBrief | None:
        begun = self._disk_time()
        with path.open("rb") as file:
            state = _state_of(os.fstat(file.fileno()))
            document = parsed(file.read())
            unchanged = state == _state_of(os.fstat(file.fileno()))
        brief = None if document is None else brief_of(document)
        at_rest = max(state.modified, state.changed) < begun - AT_REST_NS
        if unchanged and at_rest and _fits_a_line(name):
            content = b" %b %b" % (os.fsencode(name), _ENCODER.encode(_Entry(state, brief)))
            self._new[os.fsencode(name)] = b"%08x%b\n" % (zlib.crc32(content, _VERSION), content)
        return brief

    def _disk_time(self) -> int:
        """The time on the disk before this pass read its first file, in ns; 0 if nothing can be written."""
        if self._begun is None:
            self._begun = 0
            with contextlib.suppress(OSError):
                os.close(self._open())
                self._begun = touched(self._path)
        return self._begun

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.open(self._path, flags, 0o600)

    def _load(self) -> None:
        with contextlib.suppress(OSError):
            self._content = self._path.read_bytes()
        self._lines = {match[1]: match.start() for match in _LINE.finditer(self._content)}

    def _append(self) -> None:
        """In one write, after an end of line: a line that an earlier one was cut off in must not spoil this one."""
        handle = self._open()
        try:
            os.write(handle, b"".join((b"\n", *self._new.values())))
        finally:
            os.close(handle)

    def _rewrite(self) -> None:
        with replacing(self._path) as file:
            for name in map(os.fsencode, self._names):
                if name in self._new:
                    file.write(self._new[name])
                elif (line := self._line(name)) is not None:
                    file.write(line + b"\n")


def touched(path: Path) -> int:
    """Set a file's times to now, by the clock of the disk that it is on. Returns that time in ns."""
    os.utime(path)
    return path.stat().st_mtime_ns


def _is_local(folder: Path) -> bool:
    kind = kind_of_disk(folder)
    return kind is not None and not is_network(kind) and not is_doubtful(kind)


def _state_by_path(path: str) -> _State:
    return _state_of(os.stat(path))  # noqa: PTH116 - a Path takes three times as long


def _state_by_opening(path: str) -> _State:
    """What a file's times are is remembered here for up to a minute; only opening it asks the machine that has it."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        return _state_by_path(path)
    try:
        return _state_of(os.fstat(handle))
    finally:
        os.close(handle)


def _state_of(status: os.stat_result) -> _State:
    return _State(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _fits_a_line(name: str) -> bool:
    return " " not in name and "\n" not in name
