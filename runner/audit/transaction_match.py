"""The transactions in extracts, matched with the rows of a run by id and by object; never by counts.

```
extract ─ a million rows at a time ─┬─ id is of an idList ──▶ when it was last updated
                                    └─ names a row's object ─▶ candidates: that row's, or another's
```
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.audit.extract_diff import SLACK_SECONDS, moments
from runner.audit.sent_rows import SEPARATOR, Keys, SentRows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BLOCK_BYTES = 16 << 20
ROWS_AT_ONCE = 500_000
NEVER = -(2**62)  # a time before all others


class Transaction(NamedTuple):
    """A transaction of an object of the run that no idList of the run holds. `updated` in microseconds."""

    id: str
    updated: int
    user: str | None  # who updated it last, where the tenant shows that
    row: int  # the index of the first row that names the object


@dataclass
class Matches:
    """What extracts hold of a run's rows."""

    rows: SentRows
    id_updated: np.ndarray[Any, Any]  # of each of the rows' ids: when it was last updated; NEVER: not there
    object_updated: list[np.ndarray[Any, Any]]  # of each object, by the index of its keys
    object_seen_by: list[np.ndarray[Any, Any]]  # whether a transaction with an id of the run named the object
    users: set[str] = field(default_factory=set)  # who updated the transactions with an id of the run
    others: dict[tuple[str, int], Transaction] = field(default_factory=dict)  # by id and index of the keys
    unrelated: int = 0  # transactions of objects that the run does not name
    earliest: int | None = None  # the smallest time from a row's first attempt to the update of its transaction

    @classmethod
    def of(cls, rows: SentRows) -> Matches:
        """Nothing seen yet."""
        import numpy as np

        updated = [np.full(len(keys.objects), NEVER, np.int64) for keys in rows.keys]
        seen = [np.zeros(len(keys.objects), bool) for keys in rows.keys]
        return cls(rows, np.full(len(rows.ids), NEVER, np.int64), updated, seen)

    @property
    def id_present(self) -> np.ndarray[Any, Any]:
        """Of each of the rows' ids, whether it is there."""
        positions: np.ndarray[Any, Any] = self.id_updated > NEVER
        return positions

    def read(self, extract: Path, *, of_the_time: bool = True) -> None:
        """Match an extract. `of_the_time`: it holds what was updated in the run's time, so that it tells of others."""
        for table in _tables(extract):
            self._match(table, of_the_time=of_the_time)

    def _match(self, table: pa.Table, *, of_the_time: bool) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        ids = pc.replace_substring(table["id"].combine_chunks(), "-", "")
        position = _positions(ids, self.rows.ids)
        ours = position >= 0
        named = np.zeros(len(ids), bool)
        by_keys = []
        for keys in self.rows.keys:
            positions = _positions(_key(table, keys.columns), keys.objects)
            by_keys.append(positions)
            named |= positions >= 0
        relevant = ours | named
        if of_the_time:
            self.unrelated += int((~relevant).sum())
        chosen = np.flatnonzero(relevant)
        updated, known = moments(pc.take(table["updateddate"], pa.array(chosen)).to_pandas())
        times = np.full(len(ids), NEVER, np.int64)
        times[chosen] = np.where(known, updated, NEVER)
        np.maximum.at(self.id_updated, position[ours], times[ours])
        user = table["updatedbyid"] if "updatedbyid" in table.column_names else None
        if user is not None and of_the_time:
            self.users.update(filter(None, pc.unique(user.filter(pa.array(ours))).to_pylist()))
        for at, positions in enumerate(by_keys):
            self._note_objects(at, positions, ours, times)
        if of_the_time:
            self._note_delays(position, ours, times)
            self._note_others(ids, user, by_keys, ours, times)

    def _note_objects(self, at: int, positions: Any, ours: Any, times: Any) -> None:
        import numpy as np

        named = positions >= 0
        np.maximum.at(self.object_updated[at], positions[named], times[named])
        self.object_seen_by[at][positions[named & ours]] = True

    def _note_delays(self, position: Any, ours: Any, times: Any) -> None:
        """How long after the row's first attempt: a tenant whose clock is behind ours shows a negative time."""
        if not ours.any():
            return
        row = self._row_of_id[position[ours]]
        delays = (times[ours] - self.rows.first_at[row])[self._overwriting[self.rows.kinds[row]]]
        if len(delays):
            smallest = max(-SLACK_SECONDS * 1_000_000, int(delays.min()))
            self.earliest = smallest if self.earliest is None else min(self.earliest, smallest)

    @property
    def _overwriting(self) -> np.ndarray[Any, Any]:
        """Of each kind of row, whether its mode may write transactions."""
        import numpy as np

        return np.array([mode != "only-resend" for _, mode in self.rows.kind_names], bool)

    @property
    def _row_of_id(self) -> np.ndarray[Any, Any]:
        """Of each unique id, the index of a row that made it."""
        import numpy as np

        row = np.zeros(len(self.rows.ids), np.int64)
        row[self.rows.id_of] = self.rows.id_row
        return row

    def _note_others(self, ids: Any, user: Any, by_keys: Sequence[Any], ours: Any, times: Any) -> None:
        for at, positions in enumerate(by_keys):
            row_of_object = _first_rows(self.rows.keys[at])
            for index in ((positions >= 0) & ~ours).nonzero()[0].tolist():
                text = ids[index].as_py()
                name = user[index].as_py() if user is not None else None
                row = int(row_of_object[positions[index]])
                self.others[text, at] = Transaction(text, int(times[index]), name or None, row)


def _first_rows(keys: Keys) -> Any:
    """Of each object, the index of the first row that names it."""
    import numpy as np

    first = np.zeros(len(keys.objects), np.int64)
    first[keys.object_of[::-1]] = keys.rows[::-1]
    return first


def _positions(texts: Any, wanted: Any) -> Any:
    """Of each text, its index among the wanted ones; -1 if it is none of them."""
    import numpy as np
    import pyarrow.compute as pc

    if not len(wanted):
        return np.full(len(texts), -1, np.int64)
    return pc.fill_null(pc.index_in(texts, value_set=wanted), -1).to_numpy(zero_copy_only=False).astype(np.int64)


def _key(table: pa.Table, columns: Sequence[str]) -> Any:
    """The texts that name the objects of transactions by these columns; null where one of them is empty or missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not set(columns) <= set(table.column_names):
        return pa.nulls(len(table), pa.string())
    parts = []
    for name in columns:
        texts = table[name].combine_chunks()
        texts = pc.if_else(pc.equal(texts, ""), None, texts)
        parts.append(pc.replace_substring(texts, "-", "") if name.endswith("id") else texts)
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, SEPARATOR)


def _tables(extract: Path) -> Iterator[pa.Table]:
    """An extract as tables of texts."""
    import pyarrow as pa
    from pyarrow import csv

    with extract.open("rb") as file:
        names = file.readline().decode().strip().split(",")
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    reading = csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False)
    parsing = csv.ParseOptions(newlines_in_values=True)
    with csv.open_csv(extract, reading, parsing, convert) as reader:
        waiting: list[pa.RecordBatch] = []
        for batch in reader:
            waiting.append(batch)
            if sum(len(rows) for rows in waiting) >= ROWS_AT_ONCE:
                yield pa.Table.from_batches(waiting)
                waiting = []
        if waiting:
            yield pa.Table.from_batches(waiting)
