"""What outlives the simulator: one SQLite file of named values, or nothing at all.

Whatever one request changes is committed at once, before it is answered: an effect and the result saved under
its key are never apart, even if the process is killed between two requests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
    kind  TEXT NOT NULL,  -- key, entry, job, file, token, serial
    name  TEXT NOT NULL,
    value BLOB NOT NULL,  -- JSON, or the bytes of a file
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""


class Store:
    """Values by kind and name. Without a file it keeps nothing: the parts hold their own in memory."""

    def __init__(self, path: Path | None) -> None:
        self._base: sqlite3.Connection | None = None
        if path is not None:
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = OFF")  # a killed process loses nothing, only a dead machine
            self._base.executescript(_SCHEMA)

    def put(self, kind: str, name: str, value: Any) -> None:
        """Keep a value that JSON can hold, or bytes, as part of the present change."""
        if self._base is None:
            return
        blob = value if isinstance(value, bytes) else msgspec.json.encode(value)
        self._begin()
        self._base.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (kind, name, blob))

    def drop(self, kind: str, name: str) -> None:
        """Forget one value, as part of the present change."""
        if self._base is not None:
            self._begin()
            self._base.execute("DELETE FROM kept WHERE kind = ? AND name = ?", (kind, name))

    def commit(self) -> None:
        """End the present change: from here on it survives."""
        if self._base is not None and self._base.in_transaction:
            self._base.execute("COMMIT")

    def values(self, kind: str) -> Iterator[tuple[str, Any]]:
        """All JSON values of a kind, by name."""
        for name, blob in self.blobs(kind):
            yield name, msgspec.json.decode(blob)

    def blobs(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """All values of a kind as bytes."""
        if self._base is not None:
            yield from self._base.execute("SELECT name, value FROM kept WHERE kind = ? ORDER BY name", (kind,))

    def clear(self) -> None:
        """Forget everything."""
        if self._base is not None:
            self._begin()
            self._base.execute("DELETE FROM kept")
            self.commit()

    def close(self) -> None:
        """Commit and let go of the file."""
        self.commit()
        if self._base is not None:
            self._base.close()
            self._base = None

    def _begin(self) -> None:
        if self._base is not None and not self._base.in_transaction:
            self._base.execute("BEGIN IMMEDIATE")
