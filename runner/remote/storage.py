"""The one door to object storage: what the rest of the package needs of it, and which kind of storage a URL names.

A folder of this machine (`file://…`, or a path) needs no library. Every other URL goes through fsspec, with the file
system that the user installs for it: s3fs, gcsfs, adlfs.
"""

from __future__ import annotations

import contextlib
import secrets
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from runner.domain.errors import Refused, RemoteUnusable

CLOCK = "clock"


class Storage(Protocol):
    """Objects by name, `/` between its parts. Every method raises RemoteUnusable where the storage gives out."""

    url: str

    def create(self, name: str, content: bytes) -> bool:
        """Create an object whole; False if there is one of that name, which stays as it is. Atomic among machines."""

    def read(self, name: str) -> bytes | None:
        """The content; None if there is no such object."""

    def names(self, folder: str) -> list[str]:
        """The names of the objects directly in a folder, without the folder; empty if there are none."""

    def folders(self, folder: str) -> list[str]:
        """The names of the folders directly in a folder, without that folder."""

    def modified(self, name: str) -> datetime | None:
        """When the object was last written, by the storage's own clock; None if there is no such object."""

    def put(self, path: Path, name: str) -> None:
        """Upload a file; an object of that name is replaced as a whole."""

    def fetch(self, name: str, path: Path) -> None:
        """Download an object into a file that does not exist yet."""

    def remove(self, name: str) -> None:
        """Remove an object; nothing happens where there is none."""


def open_storage(url: str) -> Storage:
    """The storage that a URL or a path names. Raises Refused for one that cannot serve, with what to install."""
    if url != url.strip() or not url:
        raise Refused(f"remote {url!r}: expected a URL such as s3://bucket/regen")
    if (folder := local_folder(url)) is not None:
        from runner.remote.local_storage import LocalStorage

        return LocalStorage(url, folder)
    parts = urlsplit(url)
    if ("@" in parts.netloc and parts.scheme not in ("abfs", "abfss")) or parts.query or parts.fragment:
        raise Refused(
            "remote: its URL must not contain a user, password, query or fragment; storage has its own settings"
        )
    from runner.remote.object_storage import opened

    return opened(url)


def local_folder(url: str) -> Path | None:
    """The folder that a URL or path names on this machine; None for object storage."""
    if url.startswith(("file://", "local://")):
        path = unquote(urlsplit(url).path)
    elif "://" in url:
        return None
    else:
        path = url
    folder = Path(path.lstrip("/") if path[2:3] == ":" else path).expanduser()  # file:///C:/…
    return folder.absolute()


def storage_time(storage: Storage) -> datetime:
    """What the storage's own clock shows now. Raises RemoteUnusable if it does not create objects exclusively."""
    name = f"{CLOCK}/{secrets.token_hex(8)}"
    try:
        created, again = storage.create(name, b"1"), storage.create(name, b"2")
        now = storage.modified(name)
    finally:
        with contextlib.suppress(RemoteUnusable):  # a probe that stays disturbs nobody
            storage.remove(name)
    if not created or again or now is None:
        raise RemoteUnusable(
            f"{storage.url}: creates an object though there is one of the same name, so that two machines could begin "
            "the same run; use a storage with conditional writes (If-None-Match), such as Amazon S3"
        )
    return now
