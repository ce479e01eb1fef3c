"""The rows of an extract: their ids into parts by hash, each with its number and when it was updated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from manifests import Batch, Source
from manifests.errors import NoRows
from runner.audit.extract_columns import Columns
from runner.audit.hash_partition import Partition
from runner.audit.printed_times import moments

if TYPE_CHECKING:
    import numpy as np

BATCH = 100_000
_BEFORE, _ELSEWHEN = 1, 2
_NUMBER_SHIFT = 2


@dataclass(frozen=True)
class CodedRows:
    """Rows of an extract, each as a whole number: its number from 0 on, and in the last bits when it was updated."""

    codes: np.ndarray[Any, Any]

    @property
    def ordinals(self) -> np.ndarray[Any, Any]:
        """The numbers of the rows."""
        return self.codes >> _NUMBER_SHIFT

    @property
    def before(self) -> np.ndarray[Any, Any]:
        """Whether each was last updated before the run."""
        return (self.codes & _BEFORE) > 0

    @property
    def elsewhen(self) -> np.ndarray[Any, Any]:
        """Whether each was last updated outside of the run's time."""
        return (self.codes & _ELSEWHEN) > 0


class Extract:
    """One extract, and what reading it shows. Times are microseconds; the run's are from `since` to `until`."""

    def __init__(self, source: Source, columns: Columns, since: int, until: int) -> None:
        self.path, self.columns = source.path, columns
        self._source, self._since, self._until = source, since, until
        self.rows = self.blank = self.untimed = self.elsewhen = 0

    def read(self, parts: Partition) -> None:
        """Read it once, its ids into parts with their `CodedRows`."""
        import numpy as np

        for batch in batches(self._source, self.columns.compared):
            ids = [(cell or "").strip() for cell in batch.frame[self.columns.id].tolist()]
            here = np.fromiter(map(bool, ids), bool, len(ids))
            codes = np.arange(self.rows, self.rows + len(ids)) << _NUMBER_SHIFT
            if self.columns.time is not None:
                codes |= self._when(batch.frame[self.columns.time])
            self.rows += len(ids)
            self.blank += int((~here).sum())
            kept = ids if here.all() else [cell for cell in ids if cell]
            parts.add(kept, codes[here])

    def _when(self, texts: Any) -> np.ndarray[Any, Any]:
        """The bits that say when each row was updated."""
        import pandas as pd

        numbers, each = pd.factorize(texts, use_na_sentinel=False)
        times, known = (values[numbers] for values in moments(pd.Series(each, dtype=object)))
        before = known & (times < self._since)
        elsewhen = before | (known & (times > self._until))
        self.untimed += len(texts) - int(known.sum())
        self.elsewhen += int(elsewhen.sum())
        bits: np.ndarray[Any, Any] = before * _BEFORE + elsewhen * _ELSEWHEN
        return bits


def batches(source: Source, columns: Sequence[str]) -> Iterator[Batch]:
    """The rows of an extract, of these columns; it may have none."""
    try:
        yield from source.batches_of(columns, BATCH)
    except NoRows:
        return
