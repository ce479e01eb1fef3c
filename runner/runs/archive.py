"""`regen prune --archive`: a run folder packed into one zip file, read again before the folder may go."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from runner.domain.errors import Refused
from runner.runs.folder import RunFolder
from runner.runs.seal import sha256_of
from runner.system.atomic_file import make_private, replacing, sync_folder

CHUNK = 1 << 20


def archive_of(archives: Path, run: str) -> Path:
    """The file that a run is packed into."""
    return archives / f"{run}.zip"


def pack(folder: RunFolder, source: Path, archives: Path) -> Path:
    """Pack the files under `source` into the archive of a run. Returns it once it was read again.

    Raises Refused if an archive of this name holds something else, OSError if it cannot be written.
    """
    make_private(archives, parents=True)
    target = archive_of(archives, folder.id)
    if target.exists():
        if _holds(target, source, folder.id):
            return target
        raise Refused(f"{target} holds another run of this id; move it away, or choose another --archive")
    with replacing(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as packed:
        for path in _files(source):
            packed.write(path, f"{folder.id}/{path.relative_to(source).as_posix()}")
    sync_folder(archives)
    if not _holds(target, source, folder.id):
        raise OSError(f"{target}: what was written is not what is read")
    return target


def _files(source: Path) -> list[Path]:
    return sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink())


def _holds(target: Path, source: Path, run: str) -> bool:
    """Whether an archive holds exactly these files, byte for byte."""
    expected = {f"{run}/{path.relative_to(source).as_posix()}": path for path in _files(source)}
    try:
        with zipfile.ZipFile(target) as packed:
            if set(packed.namelist()) != set(expected):
                return False
            return all(_digest(packed, name) == sha256_of(path) for name, path in expected.items())
    except (zipfile.BadZipFile, EOFError):
        return False


def _digest(packed: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with packed.open(name) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
