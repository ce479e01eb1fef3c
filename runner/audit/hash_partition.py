"""Ids in files by their hash, so that two long lists can be compared a part at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

PARTS = 64


class Partition:
    """Ids with their ordinals, in files by the hash of the id."""

    def __init__(self, folder: Path, name: str, stack: ExitStack) -> None:
        import pyarrow as pa

        self._schema = pa.schema([("id", pa.string()), ("at", pa.int64())])
        self._paths = [folder / f"{name}-{part}" for part in range(PARTS)]
        self._files = [stack.enter_context(pa.ipc.new_file(str(path), self._schema)) for path in self._paths]
        self.count = 0

    def add(self, ids: Sequence[str], ordinals: Sequence[int]) -> None:
        """Add ids, each with its ordinal."""
        import numpy as np
        import pyarrow as pa
        from pandas.util import hash_array

        if not len(ids):
            return
        hashes = hash_array(np.asarray(ids, dtype=object), categorize=False) % np.uint64(PARTS)
        order = np.argsort(hashes, kind="stable")
        bounds = np.searchsorted(hashes[order], np.arange(PARTS + 1))
        whole = pa.record_batch([pa.array(ids, pa.string()), pa.array(ordinals, pa.int64())], schema=self._schema)
        whole = whole.take(pa.array(order))
        for part, file in enumerate(self._files):
            if bounds[part] < bounds[part + 1]:
                file.write_batch(whole.slice(bounds[part], bounds[part + 1] - bounds[part]))

    def close(self) -> None:
        """Make the files readable."""
        for file in self._files:
            file.close()

    def read(self, part: int) -> Any:
        """One part as a table."""
        import pyarrow as pa

        with pa.OSFile(str(self._paths[part])) as file:
            return pa.ipc.open_file(file).read_all()
