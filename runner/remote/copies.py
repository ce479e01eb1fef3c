"""Copies of a run's ledger: `ledger/<run>/<epoch>-<n>.zst`, a SQLite file that `zstd -d` unpacks."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.domain.errors import LedgerError, RemoteUnusable
from runner.ledger import open_read_only
from runner.ledger.online_copy import copy_ledger
from runner.remote.storage import Storage
from runner.system.atomic_file import draft_of

LEDGERS = "ledger"
KEPT = 2  # the copies of a run that stay: the last one, and the one before


class CopyName(NamedTuple):
    """A copy of a ledger: the start that made it, and which of its copies it is, from 0."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}.zst"


def copies_of(storage: Storage, run: str) -> list[CopyName]:
    """The copies of a run, the first one first. Raises RemoteUnusable."""
    return sorted(name for text in storage.names(f"{LEDGERS}/{run}") if (name := _parsed(text)) is not None)


def put_copy(storage: Storage, run: str, name: CopyName, ledger: Path) -> None:
    """Copy a ledger as it is now. Raises LedgerError, RemoteUnusable, OSError where the disk is full."""
    with _drafts(ledger) as (plain, packed):
        copy_ledger(ledger, plain)
        _pack(plain, packed)
        storage.put(packed, f"{LEDGERS}/{run}/{name}")


def remove_old_copies(storage: Storage, run: str, kept: int = KEPT) -> None:
    """Remove all copies but the last ones; where the storage does not let anybody remove, they stay."""
    with contextlib.suppress(RemoteUnusable):
        for name in copies_of(storage, run)[:-kept]:
            storage.remove(f"{LEDGERS}/{run}/{name}")


def fetch_copy(storage: Storage, run: str, name: CopyName, ledger: Path) -> None:
    """Download a copy and make a ledger of it that does not exist yet. Raises LedgerError for a damaged one."""
    with _drafts(ledger) as (plain, packed):
        storage.fetch(f"{LEDGERS}/{run}/{name}", packed)
        _unpack(packed, plain)
        with open_read_only(plain) as store:
            store.check()
        plain.replace(ledger)


@contextlib.contextmanager
def _drafts(ledger: Path) -> Iterator[tuple[Path, Path]]:
    """Two private paths beside a ledger: of the copy, and of the copy packed."""
    plain, packed = draft_of(ledger), draft_of(ledger)
    try:
        yield plain, packed
    finally:
        plain.unlink(missing_ok=True)
        packed.unlink(missing_ok=True)


def _pack(source: Path, target: Path) -> None:
    import pyarrow as pa

    target.touch(mode=0o600, exist_ok=False)
    with source.open("rb") as plain, pa.CompressedOutputStream(str(target), "zstd") as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)


def _unpack(source: Path, target: Path) -> None:
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(str(source), "zstd") as packed, target.open("xb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (OSError, pa.ArrowException) as error:
        raise LedgerError(f"the copy is damaged: {error}") from error
    target.chmod(0o600)


def _parsed(text: str) -> CopyName | None:
    epoch, _, rest = text.partition("-")
    number, dot, suffix = rest.partition(".")
    if not (epoch.isdecimal() and number.isdecimal() and dot and suffix == "zst"):
        return None
    return CopyName(int(epoch), int(number))
