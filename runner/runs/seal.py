"""SHA256SUMS: the checksums over a run folder that close it. They detect any changed file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.system.atomic_file import remove_stale_drafts, replacing, sync_folder

SEAL = "SHA256SUMS"
AFTER = "after"  # what later commands write
NOT_COVERED = frozenset({SEAL, "ledger.db-wal", "ledger.db-shm", "ledger.db-journal"})

_LINE = re.compile(r"([0-9a-f]{64})  ([^/\n]+)")


class Problem(NamedTuple):
    """A file that is not as the seal says, or the seal itself."""

    file: str
    text: str
    added: bool = False  # the seal does not know the file


def write(folder: Path) -> None:
    """Write SHA256SUMS over every file of the run; `sha256sum -c` reads it."""
    remove_stale_drafts(folder)
    names = sorted(file.name for file in folder.iterdir() if file.is_file() and file.name not in NOT_COVERED)
    sums = [f"{sha256_of(folder / name)}  {name}\n" for name in names if not name.startswith(".")]
    with replacing(folder / SEAL) as file:
        file.write("".join(sums).encode())
    sync_folder(folder)


def problems(folder: Path) -> Iterator[Problem]:
    """What is not as the folder's seal says. Raises OSError if a file cannot be read."""
    content = (folder / SEAL).read_bytes()
    sums: dict[str, str] = {}
    for number, line in enumerate(content.decode("utf-8", "replace").split("\n")[:-1], 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in sums:
            yield Problem(SEAL, f"{SEAL}, line {number}: changed; it is not a checksum, or names a file twice")
        else:
            sums[match[2]] = match[1]
    if not content.endswith(b"\n"):
        yield Problem(SEAL, f"{SEAL}: its last line is cut off")
    for name, expected in sums.items():
        if not (folder / name).is_file():
            yield Problem(name, f"{name}: missing")
        elif sha256_of(folder / name) != expected:
            yield Problem(name, f"{name}: changed; its SHA-256 is not the one in {SEAL}")
    yield from _added(folder, sums)


def _added(folder: Path, sums: dict[str, str]) -> Iterator[Problem]:
    for path in sorted(folder.iterdir()):
        if path.name in sums or path.name in (SEAL, AFTER):
            continue
        if path.name in NOT_COVERED:
            yield Problem(
                path.name, f"{path.name}: beside a ledger that is closed; it could change what the ledger says"
            )
        elif path.is_dir() or not path.name.startswith("."):
            yield Problem(path.name, f"{path.name}: added; it is not in {SEAL}", added=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
