"""The transactions in extracts, matched with the rows of a run by id and by object; never by counts.

```
extract ─ a million rows at a time ─┬─ id is of an idList ──▶ when it was last updated
                                    └─ names a row's object ─▶ candidates: that row's, or another's
```
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.audit.digests import DigestSet, digests
from runner.audit.extract_diff import SLACK_SECONDS
from runner.audit.other_transactions import OtherTransactions
from runner.audit.printed_times import moments
from runner.audit.sent_rows import SEPARATOR, Keys, SentRows
from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.parts import SECOND

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BLOCK_BYTES = 2 << 20  # the reader holds some thirty blocks
ROWS_AT_ONCE = 100_000
NEVER = -(2**62)  # a time before all others: it is not there
UNTIMED = NEVER + 1  # it is there, but when it was updated cannot be read


@dataclass
class SeenObjects:
    """What extracts show of the objects of some keys, by the objects' indices."""

    updated: np.ndarray[Any, Any]  # when a transaction of it was last updated
    by_id: np.ndarray[Any, Any]  # whether a transaction with an id of the run names it
    untimed: np.ndarray[Any, Any]  # whether the time of a transaction of it cannot be read

    @classmethod
    def of(cls, keys: Keys) -> SeenObjects:
        """Nothing seen yet."""
        import numpy as np

        count = len(keys.objects)
        return cls(np.full(count, NEVER, np.int64), np.zeros(count, bool), np.zeros(count, bool))

    def note(self, positions: Any, ours: Any, times: Any) -> None:
        """Transactions: the object of each (-1: none of them), whether its id is of the run, when it was updated."""
        import numpy as np

        named = positions >= 0
        np.maximum.at(self.updated, positions[named], times[named])
        self.by_id[positions[named & ours]] = True
        self.untimed[positions[named & (times == UNTIMED)]] = True


@dataclass
class Matches:
    """What extracts hold of a run's rows."""

    rows: SentRows
    id_updated: np.ndarray[Any, Any]  # of each of the rows' ids: when it was last updated
    objects: list[SeenObjects]  # by the index of the keys
    users: set[str] = field(default_factory=set)  # who updated the transactions with an id of the run
    seen_users: set[str] = field(default_factory=set)  # who updated any transaction of the run's objects
    others: OtherTransactions = field(default_factory=OtherTransactions)
    unrelated: int = 0  # transactions of objects that the run does not name
    doubtful_zone: bool = False  # whether printed times contradict the tenant's own choice by time
    earliest: int | None = None  # the smallest time from a row's first attempt to the update of its transaction

    @classmethod
    def of(cls, rows: SentRows) -> Matches:
        """Nothing seen yet."""
        import numpy as np

        return cls(rows, np.full(len(rows.ids), NEVER, np.int64), [SeenObjects.of(keys) for keys in rows.keys])

    @property
    def id_present(self) -> np.ndarray[Any, Any]:
        """Of each of the rows' ids, whether it is there."""
        positions: np.ndarray[Any, Any] = self.id_updated > NEVER
        return positions

    def read(self, extract: Path, within: tuple[int, int] | None = None) -> None:
        """Match an extract. `within`: it holds what was updated in this time (microseconds), whoever did it.

        Raises QueryFailedError if it is no CSV.
        """
        import pyarrow as pa

        columns = {"id", "updateddate", "updatedbyid", *(name for keys in self.rows.keys for name in keys.columns)}
        try:
            for table in _tables(extract, columns):
                self._match(table, within)
        except pa.ArrowInvalid as error:
            raise QueryFailedError(f"the rows of {extract.name} cannot be read ({error}): try again") from error

    def _match(self, table: pa.Table, within: tuple[int, int] | None) -> None:
        import numpy as np

        ids = _plain(table["id"])
        id_digests = digests(ids)
        position = self.rows.ids.positions(id_digests)
        ours = position >= 0
        by_keys = [_positions(_key(table, keys.columns), keys.objects) for keys in self.rows.keys]
        relevant = ours.copy()
        for positions in by_keys:
            relevant |= positions >= 0
        times = self._times(table["updateddate"], np.flatnonzero(relevant), within)
        np.maximum.at(self.id_updated, position[ours], times[ours])
        for seen, positions in zip(self.objects, by_keys, strict=True):
            seen.note(positions, ours, times)
        if within is not None:
            self.unrelated += int((~relevant).sum())
            user = _plain(table["updatedbyid"]) if "updatedbyid" in table.column_names else None
            self._note_users(user, ours, relevant)
            self._note_delays(position, ours & (times > UNTIMED), times)
            self.others.add(ids, user, id_digests, times, by_keys, ours)

    def _times(self, texts: Any, chosen: Any, within: tuple[int, int] | None) -> Any:
        """The times of the chosen rows in microseconds; `UNTIMED` where they cannot be read, or not be relied on: they
        are outside of the time by which the tenant chose them, so that it prints another zone than it says."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        times = np.full(len(texts), NEVER, np.int64)
        updated, readable = moments(pc.take(texts, pa.array(chosen)).to_pandas(), zone=None)
        if within is not None:
            since, until = within
            outside = readable & ((updated < since - SECOND) | (updated > until + SECOND))
            self.doubtful_zone |= bool(outside.any())
        times[chosen] = np.where(readable & (not self.doubtful_zone), updated, UNTIMED)
        return times

    def _note_users(self, user: Any, ours: Any, relevant: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        for users, chosen in ((self.users, ours), (self.seen_users, relevant)):
            if user is not None:
                users.update(filter(None, pc.unique(user.filter(pa.array(chosen))).to_pylist()))

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

        row = np.zeros(len(self.rows.ids), np.int32)
        row[self.rows.id_of] = self.rows.id_row
        return row


def lines_by_row(matches: Matches, extracts: Sequence[Path], column: str) -> dict[int, list[str]]:
    """By the index of each row that succeeded, what a column of its transactions holds: those with an id of the row, or
    of its object where no id of the run is a transaction's."""
    lines: dict[int, list[str]] = {}
    by_id = bool(matches.id_present.any())
    rows_of_ids = _rows_of(matches.rows.id_of, matches.rows.id_row)
    rows_of_objects = [_rows_of(keys.object_of, keys.rows) for keys in matches.rows.keys]
    columns = {"id", column, *(name for keys in matches.rows.keys for name in keys.columns)}
    for table in (table for extract in extracts for table in _tables(extract, columns)):
        if column not in table.column_names:
            continue
        texts = table[column].to_pylist()
        if by_id:
            matched = [(_positions(_plain(table["id"]), matches.rows.ids), rows_of_ids)]
        else:
            keys_ = zip(matches.rows.keys, rows_of_objects, strict=True)
            matched = [(_positions(_key(table, keys.columns), keys.objects), rows) for keys, rows in keys_]
        for positions, rows in matched:
            for at in (positions >= 0).nonzero()[0].tolist():
                for row in rows.get(int(positions[at]), ()) if texts[at] else ():
                    if not matches.rows.unknown[row]:
                        lines.setdefault(row, []).append(texts[at])
    return lines


def _rows_of(things: Any, rows: Any) -> dict[int, list[int]]:
    """By the index of each id or object, the indices of its rows."""
    by_thing: dict[int, list[int]] = {}
    for thing, row in zip(things.tolist(), rows.tolist(), strict=True):
        by_thing.setdefault(thing, []).append(row)
    return by_thing


def _plain(texts: Any) -> Any:
    """A column of ids as they are compared."""
    import pyarrow.compute as pc

    return pc.replace_substring(texts.combine_chunks(), "-", "")


def _positions(texts: Any, wanted: DigestSet) -> Any:
    """Of each text, its index among the wanted ones; -1 if it is none of them, or null."""
    import numpy as np

    if not len(wanted) or texts.null_count == len(texts):
        return np.full(len(texts), -1, np.int64)
    positions = wanted.positions(digests(texts))
    return np.where(texts.is_valid().to_numpy(zero_copy_only=False), positions, -1)


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
        if name.endswith("version"):  # a number may be printed with its decimals
            texts = pc.replace_substring_regex(texts, r"\.0+$", "")
        parts.append(pc.replace_substring(texts, "-", "") if name.endswith("id") else texts)
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, SEPARATOR)


def _tables(extract: Path, columns: Collection[str]) -> Iterator[pa.Table]:
    """These columns of an extract, as far as it has them, as tables of texts."""
    import pyarrow as pa
    from pyarrow import csv

    with extract.open("rb") as file:
        names = file.readline().decode().strip().split(",")
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=False,
        include_columns=[name for name in names if name in columns],
    )
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
