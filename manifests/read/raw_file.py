"""The bytes of a manifest: where they come from, what they are packed in, and that they stay what they were."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from manifests.errors import ManifestError, UnreadableManifest, location

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_HEAD_BYTES = 64 * 1024
_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Digest:
    """SHA-256 (hexadecimal) and size of a file as it stands on the disk, packed or not."""

    sha256: str
    bytes: int


def digest(path: str) -> Digest:
    """The digest of a file, read in pieces. Raises ManifestError if it is missing, a directory or not readable."""
    with _translated(path):
        _require_file(path)
        with Path(path).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return Digest(sha256, file.tell())


def _require_file(path: str) -> os.stat_result:
    if "\0" in path:
        raise UnreadableManifest(f"{location(path)}: no file can have such a name; check the path")
    if _HALVES.search(path):  # bytes that are no UTF-8, as Python spells them: no ledger could hold them
        shown = _HALVES.sub("\N{REPLACEMENT CHARACTER}", path)
        raise UnreadableManifest(f"{location(shown)}: its name is not UTF-8; rename it, or a folder above it")
    status = Path(path).stat()
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableManifest(f"{location(path)}: {_folder(Path(path))}")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableManifest(
            f"{location(path)}: this is a pipe or a device; give the path as - and pipe the manifest to standard input"
        )
    return status


def _folder(path: Path) -> str:
    if (path / "_delta_log").is_dir():
        return (
            "this is a Delta table; export its current rows, for example with deltalake's to_pandas, since its Parquet "
            "files also have rows that were deleted"
        )
    if (path / "metadata").is_dir() and (path / "data").is_dir():
        return "this is an Iceberg table; export its current rows as Parquet or CSV"
    if any("=" in entry.name and entry.is_dir() for entry in path.iterdir()):
        return "this is a partitioned data set, whose folder names are values; write it as one Parquet file"
    return "this is a folder; name the files in it"


class Origin:
    """One manifest's bytes: a file, or the temporary copy of standard input. Close it when done."""

    def __init__(self, path: str, stdin: BinaryIO | None) -> None:
        self.path = path
        self._spool = _spooled(stdin) if stdin else None
        self.file = Path(self._spool.name, "stdin") if self._spool else Path(path)
        try:
            with self.translated():
                self._fingerprint = _fingerprint(_require_file(str(self.file)))
                self.digest = digest(str(self.file))
                with self.file.open("rb") as file:
                    self.magic = file.read(8)
        except ManifestError:
            self.close()
            raise

    @property
    def suffix(self) -> str:
        """The last suffix of the name, lower case, under any `.gz`; empty for standard input."""
        name = Path(self.path.lower().removesuffix(".gz"))
        return name.suffix

    @contextmanager
    def raw(self) -> Iterator[BinaryIO]:
        """The bytes as they stand on the disk. Everything that can go wrong becomes an UnreadableManifest."""
        with self.translated(), self.file.open("rb") as file:
            yield file

    @contextmanager
    def content(self) -> Iterator[BinaryIO]:
        """The bytes, unpacked if they are packed."""
        with self.raw() as file:
            if self.magic.startswith(GZIP):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield cast(BinaryIO, unpacked)
            elif self.magic.startswith(ZIP):
                with zipfile.ZipFile(file) as archive, archive.open(self._member(archive)) as member:
                    yield cast(BinaryIO, member)
            else:
                yield file

    def head(self) -> bytes:
        """The first bytes of the content."""
        with self.content() as stream:
            return stream.read(_HEAD_BYTES)

    def _member(self, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
        """The one file in a zip; what macOS adds does not count."""
        members = [
            m
            for m in archive.infolist()
            if not (m.is_dir() or m.filename.startswith("__MACOSX/") or _of_macos(m.filename))
        ]
        if len(members) != 1:
            names = ", ".join(m.filename for m in members[:5]) or "nothing"
            raise UnreadableManifest(
                f"{location(self.path)}: a zip must hold exactly one file, this one holds {names}; unpack it"
            )
        if members[0].flag_bits & 0x1:
            raise UnreadableManifest(f"{location(self.path)}: the zip is locked with a password; unpack it first")
        return members[0]

    def verify_unchanged(self) -> None:
        """That the file is still the one whose digest was taken."""
        with self.translated():
            if _fingerprint(self.file.stat()) != self._fingerprint:
                raise UnreadableManifest(
                    f"{location(self.path)}: the file changed while it was read; run again once nothing writes to it"
                )

    def translated(self) -> AbstractContextManager[None]:
        """A context in which the errors of files and packers become errors about this manifest."""
        return _translated(self.path)

    def close(self) -> None:
        """Removes the temporary copy of standard input, if there is one."""
        if self._spool:
            self._spool.cleanup()


def _of_macos(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last == ".DS_Store" or last.startswith("._")


def _spooled(stdin: BinaryIO) -> TemporaryDirectory[str]:
    """Standard input, copied to a file of its own that can be read twice. Only we may read it."""
    folder = TemporaryDirectory(prefix="manifest-")
    try:
        with _translated("-"), Path(folder.name, "stdin").open("wb") as copy:
            shutil.copyfileobj(stdin, copy, 1024 * 1024)
    except BaseException:
        folder.cleanup()
        raise
    return folder


def _fingerprint(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise UnreadableManifest(f"{location(path)}: there is no such file; check the path") from None
    except PermissionError:
        raise UnreadableManifest(f"{location(path)}: no permission to read it; ask its owner, or chmod +r") from None
    except EOFError:
        raise UnreadableManifest(f"{location(path)}: the compressed file breaks off; fetch or pack it again") from None
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        raise UnreadableManifest(f"{location(path)}: damaged ({error}); fetch or pack it again") from None
    except NotImplementedError as error:
        raise UnreadableManifest(f"{location(path)}: packed in an unusual way ({error}); unpack it first") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnreadableManifest(f"{location(path)}: cannot be read ({reason}); check the disk and the path") from None
