"""Object storage through fsspec: s3://, gs://, abfs:// and what else creates objects exclusively.

`pipe_file(mode="create")` is the exclusive write: s3fs sends `If-None-Match: *` (since 2024.12), gcsfs
`ifGenerationMatch=0`, adlfs `overwrite=False`. fsspec's own default looks first and writes then, which two machines can
do at once; a file system that has nothing better is refused. `open(…, "xb")` is not used: s3fs before 2025.7 overwrote
small objects with it (fsspec/s3fs#973).
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runner.domain.errors import Refused, RemoteUnusable

INSTALL = "`remote` needs fsspec: pip install 'regeneration-runner[remote]'"
PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
}
WITHOUT_CONDITIONS = ("http", "https")  # a PUT there replaces what it meets
CONFLICT_ATTEMPTS = 3  # S3 answers 409 where two conditional writes meet: https://docs.aws.amazon.com/AmazonS3
CONFLICT_SECONDS = 0.2
# What the storages' own libraries raise, where they raise no OSError.
_FOREIGN = {
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "google.auth.exceptions": ("GoogleAuthError",),
    "gcsfs.retry": ("HttpError",),
    "azure.core.exceptions": ("AzureError",),
    "aiohttp": ("ClientError",),
}


def opened(url: str) -> ObjectStorage:
    """The storage of a URL. Raises Refused where a package is missing, or it cannot create objects exclusively."""
    try:
        import fsspec
    except ImportError:
        raise Refused(INSTALL) from None
    scheme = urlsplit(url).scheme
    try:
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        package = PACKAGES.get(scheme)
        remedy = f"pip install {package}" if package else "install the fsspec file system for it"
        raise Refused(f"remote {url}: {scheme}:// needs a package that is not installed: {remedy}") from error
    except (ValueError, TypeError) as error:
        raise Refused(f"remote {url}: {error}") from error
    if scheme in WITHOUT_CONDITIONS or not _creates_exclusively(files):
        raise Refused(
            f"remote {url}: {scheme}:// cannot create an object only if there is none, so that two machines could "
            "begin the same run; use s3://, gs://, abfs:// or a folder (file://)"
        )
    return ObjectStorage(url, files, root.rstrip("/"))


def _creates_exclusively(files: Any) -> bool:
    """Whether the file system has an exclusive write of its own, instead of fsspec's look-then-write."""
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    if isinstance(files, AsyncFileSystem):
        own = type(files)._pipe_file is not AsyncFileSystem._pipe_file
        return own and "mode" in inspect.signature(type(files)._pipe_file).parameters
    return type(files).pipe_file is not AbstractFileSystem.pipe_file


class ObjectStorage:
    """Objects under the root of a URL."""

    def __init__(self, url: str, files: Any, root: str) -> None:
        self.url, self.files, self._root = url, files, root

    def path(self, name: str) -> str:
        """The path of an object in the file system."""
        return f"{self._root}/{name}" if name else self._root

    def create(self, name: str, content: bytes) -> bool:
        """Contents are unique to whoever creates, so that an object with the same content is the one created here:
        a request that was repeated, because its response was lost, is refused by the storage though it succeeded."""
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                self.files.pipe_file(self.path(name), content, mode="create")
                return True
            except FileExistsError:
                return self.read(name) == content
            except storage_errors() as error:
                if (existing := self.read(name)) is not None:
                    return existing == content
                if attempt + 1 == CONFLICT_ATTEMPTS:
                    raise self._unusable("create", name, error) from error
            time.sleep(CONFLICT_SECONDS)
        return False

    def read(self, name: str) -> bytes | None:
        """The content of the object."""
        with self._translated("read", name):
            try:
                return bytes(self.files.cat_file(self.path(name)))
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """The objects of a folder."""
        return self._entries(folder, "file")

    def folders(self, folder: str) -> list[str]:
        """The prefixes that end in a slash."""
        return self._entries(folder, "directory")

    def modified(self, name: str) -> datetime | None:
        """By the storage's clock (`LastModified`)."""
        with self._translated("read", name):
            try:
                moment: datetime = self.files.modified(self.path(name))
            except FileNotFoundError:
                return None
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def put(self, path: Path, name: str) -> None:
        """Upload a file."""
        with self._translated("write", name):
            self.files.put_file(str(path), self.path(name))

    def fetch(self, name: str, path: Path) -> None:
        """Download an object."""
        with self._translated("read", name):
            self.files.get_file(self.path(name), str(path))

    def remove(self, name: str) -> None:
        """Remove an object."""
        with self._translated("remove", name), contextlib.suppress(FileNotFoundError):
            self.files.rm_file(self.path(name))

    def _entries(self, folder: str, kind: str) -> list[str]:
        with self._translated("list", folder):
            try:
                entries = self.files.ls(self.path(folder), detail=True)
            except FileNotFoundError:
                return []
            names = [entry["name"].rstrip("/").rpartition("/")[2] for entry in entries if entry["type"] == kind]
            return sorted(name for name in names if name)

    @contextlib.contextmanager
    def _translated(self, verb: str, name: str) -> Iterator[None]:
        try:
            yield
        except storage_errors() as error:
            raise self._unusable(verb, name, error) from error

    def _unusable(self, verb: str, name: str, error: BaseException) -> RemoteUnusable:
        reason = str(error).strip() or type(error).__name__
        return RemoteUnusable(f"remote {self.url}: could not {verb} {name}: {reason}")


def storage_errors() -> tuple[type[BaseException], ...]:
    """What storage raises when it gives out; of the libraries that are loaded."""
    loaded = [(sys.modules[module], names) for module, names in _FOREIGN.items() if module in sys.modules]
    foreign = [getattr(module, name) for module, names in loaded for name in names if hasattr(module, name)]
    return (OSError, ValueError, RuntimeError, *foreign)
