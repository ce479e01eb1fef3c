"""A folder of this machine, or of a file server, as object storage."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from runner.domain.errors import RemoteUnusable
from runner.system.atomic_file import draft_of, make_private, replacing


class LocalStorage:
    """Objects are files, complete and on disk before they have their name."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self._folder = url, folder

    def create(self, name: str, content: bytes) -> bool:
        """A hard link takes the name in one step; where there are none, the name is taken before it has its content."""
        with self._translated("create", name):
            path = self._folder / name
            self._ensure(path.parent)
            draft = draft_of(path)
            try:
                _write_new(draft, content)
                try:
                    os.link(draft, path)
                except FileExistsError:
                    return False
                except (OSError, NotImplementedError):  # a file system without hard links
                    return _write_new(path, content)
            finally:
                draft.unlink(missing_ok=True)
            return True

    def read(self, name: str) -> bytes | None:
        """The content of the file."""
        with self._translated("read", name):
            try:
                return (self._folder / name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def names(self, folder: str) -> list[str]:
        """The files of a folder but drafts."""
        return self._entries(folder, folders=False)

    def folders(self, folder: str) -> list[str]:
        """The folders of a folder."""
        return self._entries(folder, folders=True)

    def modified(self, name: str) -> datetime | None:
        """As the file system says: of a file server, by its clock."""
        with self._translated("read", name):
            try:
                return datetime.fromtimestamp((self._folder / name).stat().st_mtime, UTC)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def put(self, path: Path, name: str) -> None:
        """Copy a file there."""
        with self._translated("write", name):
            self._ensure((self._folder / name).parent)
            with path.open("rb") as source, replacing(self._folder / name) as target:
                shutil.copyfileobj(source, target, 1 << 20)

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file from there."""
        with self._translated("read", name), (self._folder / name).open("rb") as source, path.open("xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)

    def remove(self, name: str) -> None:
        """Remove the file."""
        with self._translated("remove", name):
            (self._folder / name).unlink(missing_ok=True)

    def _ensure(self, folder: Path) -> None:
        """Make a folder that is not there yet for its owner alone; one that is there keeps its permissions."""
        if not folder.is_dir():
            if folder != self._folder:
                self._ensure(folder.parent)
            make_private(folder, parents=True)

    def _entries(self, folder: str, *, folders: bool) -> list[str]:
        with self._translated("list", folder):
            try:
                entries = list((self._folder / folder).iterdir())
            except (FileNotFoundError, NotADirectoryError):
                return []
            return sorted(path.name for path in entries if not path.name.startswith(".") and path.is_dir() == folders)

    @contextlib.contextmanager
    def _translated(self, verb: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RemoteUnusable(f"remote {self.url}: could not {verb} {name}: {error.strerror or error}") from error


def _write_new(path: Path, content: bytes) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return True
