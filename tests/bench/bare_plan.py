"""What a plan is compared with: csv, JSON, SHA-256 and one table of SQLite, filled by executemany, and nothing else.

`python -m tests.bench.bare_plan MANIFEST DATABASE json|msgspec` puts a request for each row into one table that has
what the ledger has of it in two: cells, canonical body, identity, lane. It checks no cell, finds no duplicate and makes
no digest of the table; but all is on disk at the end, as a plan is. Canonical JSON is by the standard library, or by
msgspec as in the runner.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

BATCH = 10_000
_TABLE = """
CREATE TABLE request (
    request INTEGER PRIMARY KEY, manifest INTEGER NOT NULL, row INTEGER NOT NULL, cells TEXT NOT NULL,
    operation TEXT, type TEXT, object TEXT, step INTEGER NOT NULL, query TEXT NOT NULL, body TEXT,
    digest BLOB NOT NULL, lane INTEGER NOT NULL
) STRICT
"""
_INSERT = f"INSERT INTO request VALUES ({','.join('?' * 12)})"

Row = tuple[Any, ...]


def encoder(name: str) -> Callable[[Any], bytes]:
    """Canonical JSON: keys sorted, no spaces."""
    if name == "msgspec":
        import msgspec

        return msgspec.json.Encoder(order="sorted").encode
    return lambda value: json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def requests(manifest: Path, encode: Callable[[Any], bytes]) -> Iterator[Row]:
    """A row of the table for each row of the manifest."""
    with manifest.open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for number, (name, version) in enumerate(rows, 1):
            body = encode({"type": "Subscription", "subscriptionName": name, "subscriptionVersion": int(version)})
            digest = sha256(b"booking-transaction\n" + body).digest()[:20]
            lane = int.from_bytes(sha256(name.encode()).digest()[:7])
            cells, text = encode([name, version]).decode(), body.decode()
            yield number, 1, number, cells, "booking-transaction", "Subscription", name, 1, "", text, digest, lane


def main(manifest: Path, database: Path, encode: Callable[[Any], bytes]) -> None:
    """Fill the table, a transaction a batch."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_TABLE}")
    rows = requests(manifest, encode)
    while batch := list(islice(rows, BATCH)):
        connection.execute("BEGIN")
        connection.executemany(_INSERT, batch)
        connection.execute("COMMIT")
    connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), encoder(sys.argv[3]))
