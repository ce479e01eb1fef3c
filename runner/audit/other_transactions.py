"""Transactions of the run's objects that no idList of the run holds: on disk, for there may be millions of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from runner.audit.digests import DigestSet

if TYPE_CHECKING:
    import numpy as np


class Transaction(NamedTuple):
    """One of them. `updated` in microseconds."""

    id: str
    updated: int
    user: str | None  # who updated it last, where the tenant shows that
    at: int  # the index of the keys that name its object
    object: int  # the object's index among theirs
    named_twice: bool = False  # whether rows of the run name its object by different columns
    made_by: str | None = None  # the other run that made it


@dataclass(frozen=True)
class Batch:
    """Some of them, in columns."""

    ids: Any  # texts
    users: Any  # texts; null where the tenant shows nobody
    digests: np.ndarray[Any, Any]
    updated: np.ndarray[Any, Any]
    at: np.ndarray[Any, Any]
    object: np.ndarray[Any, Any]
    named_twice: np.ndarray[Any, Any]

    def transaction(self, index: int, made_by: str | None = None) -> Transaction:
        """One of them, by its index."""
        return Transaction(
            self.ids[index].as_py(),
            int(self.updated[index]),
            self.users[index].as_py() or None,
            int(self.at[index]),
            int(self.object[index]),
            bool(self.named_twice[index]),
            made_by,
        )


class OtherTransactions:
    """They are added while extracts are read, then read as often as needed, until they are closed."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._batches: list[int] = []  # where each begins
        self.count = 0

    def add(self, ids: Any, users: Any, digests: Any, times: Any, by_keys: Sequence[Any], ours: Any) -> None:
        """Those of a table's rows that name an object of the run (`by_keys`: its index, or -1) and are not ours."""
        import numpy as np
        import pyarrow as pa

        named = np.stack([positions >= 0 for positions in by_keys]) if by_keys else np.zeros((0, len(ours)), bool)
        twice = named.sum(axis=0) > 1
        for at, positions in enumerate(by_keys):
            chosen = np.flatnonzero(named[at] & ~ours)
            if not len(chosen):
                continue
            taken = pa.array(chosen)
            columns = {
                "id": ids.take(taken),
                "user": pa.nulls(len(chosen), pa.string()) if users is None else users.take(taken),
                "first": digests[chosen, 0],
                "second": digests[chosen, 1],
                "updated": times[chosen],
                "at": np.full(len(chosen), at, np.int8),
                "object": positions[chosen].astype(np.int32),
                "twice": twice[chosen],
            }
            self._write(pa.record_batch(columns))
            self.count += len(chosen)

    def batches(self) -> Iterator[Batch]:
        """All of them, some at a time."""
        import numpy as np
        import pyarrow as pa

        for begin in self._batches:
            assert self._file is not None
            self._file.seek(begin)
            rows = pa.ipc.open_stream(self._file).read_next_batch()
            columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.schema.names[2:]}
            yield Batch(
                rows["id"],
                rows["user"],
                np.stack((columns["first"], columns["second"]), axis=1),
                *(columns[name] for name in ("updated", "at", "object", "twice")),
            )

    def known(self) -> DigestSet:
        """The digests of their ids."""
        import numpy as np

        parts = [batch.digests for batch in self.batches()]
        return DigestSet.of(np.concatenate(parts) if parts else np.zeros((0, 2), np.uint64))[0]

    def close(self) -> None:
        """They are of no use any more."""
        if self._file is not None:
            self._file.close()

    def _write(self, rows: Any) -> None:
        import pyarrow as pa

        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives until `close`
        self._file.seek(0, 2)
        self._batches.append(self._file.tell())
        with pa.ipc.new_stream(self._file, rows.schema) as stream:
            stream.write_batch(rows)
