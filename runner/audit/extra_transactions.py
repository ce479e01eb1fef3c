"""Transactions of the run's objects, of its time, that nothing in the run explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from runner.audit.check import LISTED, Check
from runner.audit.extract_diff import SLACK_SECONDS
from runner.audit.other_transactions import Batch, Transaction
from runner.audit.sent_rows import ObjectsOfRows
from runner.audit.transaction_match import UNTIMED, Matches
from runner.audit.unknown_rows import Others
from runner.ledger import Store
from runner.ledger.sent_requests import labels
from runner.system.atomic_file import replacing
from runner.system.csv_dialect import csv_text, safe
from runner.system.timestamps import iso
from runner.zuora.data_query.parts import SECOND

if TYPE_CHECKING:
    import numpy as np

HEADER = ["transaction_id", "updateddate", "updatedbyid", "regen_line"]
OF_A_RUN, OF_A_USER, UNTIMED_, LATE = 1, 2, 3, 4
REASONS = {
    OF_A_USER: "last updated by another user",
    UNTIMED_: "whose time of update cannot be read",
    LATE: "updated when nothing was sent for their object",
}


class ExtraTransactions:
    """They are written to a file; the first ones are listed. `mine`: ids of transactions of unknown rows' objects."""

    def __init__(self, store: Store, matches: Matches, others: Others, mine: Collection[str]) -> None:
        self._store, self._matches, self._others, self._mine = store, matches, others, mine
        self._objects = [ObjectsOfRows.of(keys, matches.rows) for keys in matches.rows.keys]
        self._tally: Counter[str] = Counter()
        self._first: list[Transaction] = []
        self._seen: set[tuple[int, int]] = set()

    def judged(self, path: Path, table: str, explained: int, *, strict: bool) -> Check:
        """Write them; returns the check. Unless `strict`, ids are no transactions' ids: then nothing is extra."""
        with replacing(path) as file:
            file.write(csv_text([HEADER]).encode())
            for batch in self._matches.others.batches() if strict else ():
                self._judge(batch, file)
        names = labels(self._store, [self._row_of(other) for other in self._first])
        listed = [f"id {other.id}: {self._about(other, names)}" for other in self._first]
        notes = [f"{count:,} transactions of the run's objects {reason}" for reason, count in self._tally.items()]
        if self._matches.unrelated:
            notes.append(f"{self._matches.unrelated:,} transactions of the run's time are of objects not in the run")
        if explained:
            notes.append(f"{explained:,} transactions are those of rows whose outcome is unknown")
        description = f"no {table} of the run's objects and time is unexplained"
        return Check("extra", description, tuple(listed), len(self._seen), tuple(notes))

    def _judge(self, batch: Batch, file: IO[bytes]) -> None:
        import numpy as np

        makers = self._others.runs.makers(batch.digests)
        reasons = self._reasons(batch, makers)
        mine = self._is_mine(batch)
        for code, reason in REASONS.items():
            self._count(reason, int(((reasons == code) & ~mine).sum()))
        for maker in np.unique(makers[(reasons == OF_A_RUN) & ~mine]).tolist():
            count = int(((makers == maker) & ~mine).sum())
            self._count(f"made by run {self._others.runs.names[maker]}", count)
        rows = [self._cells(batch, index) for index in np.flatnonzero((reasons == 0) & ~mine).tolist()]
        file.write(csv_text([row for row in rows if row]).encode())

    def _reasons(self, batch: Batch, makers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Of each transaction why it is not of the run; 0 where nothing explains it."""
        import numpy as np

        outside = np.zeros(len(makers), bool)
        for at, objects in enumerate(self._objects):
            of_it = batch.at == at
            names, updated = batch.object[of_it], batch.updated[of_it]
            early = updated < objects.first_at[names] - SLACK_SECONDS * SECOND
            outside[of_it] = early | (updated > objects.last_at[names] + SLACK_SECONDS * SECOND)
        conditions = [makers >= 0, self._others.of_other_users(batch.users), batch.updated == UNTIMED, outside]
        return np.select(conditions, [OF_A_RUN, OF_A_USER, UNTIMED_, LATE], 0)

    def _is_mine(self, batch: Batch) -> np.ndarray[Any, Any]:
        """Of each transaction whether it is of an unknown row's object."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self._mine:
            return np.zeros(len(batch.ids), bool)
        return np.asarray(pc.is_in(batch.ids, value_set=pa.array(sorted(self._mine), pa.string())))

    def _count(self, reason: str, count: int) -> None:
        if count:
            self._tally[reason] += count

    def _cells(self, batch: Batch, index: int) -> list[str]:
        """A line of the file; empty for a transaction that is there already."""
        digest = (int(batch.digests[index, 0]), int(batch.digests[index, 1]))
        if digest in self._seen:
            return []
        self._seen.add(digest)
        other = batch.transaction(index)
        if len(self._first) < LISTED:
            self._first.append(other)
        return [safe(cell) for cell in (other.id, iso(other.updated), other.user or "", str(self._row_of(other)))]

    def _row_of(self, transaction: Transaction) -> int:
        """The number of the first row that names the object of a transaction."""
        row = self._objects[transaction.at].first_row[transaction.object]
        return int(self._matches.rows.numbers[row])

    def _about(self, transaction: Transaction, names: dict[int, str]) -> str:
        row = self._row_of(transaction)
        return f"updated {iso(transaction.updated)}, of the object of row {row}, {names[row]}"


def of_unknown_rows(matches: Matches, others: Others) -> Sequence[Transaction]:
    """The transactions of unknown rows' objects."""
    import numpy as np

    objects = [ObjectsOfRows.of(keys, matches.rows).unknown for keys in matches.rows.keys]
    if not any(unknown.any() for unknown in objects):
        return []
    transactions: dict[tuple[str, int], Transaction] = {}
    for batch in matches.others.batches():
        wanted = np.zeros(len(batch.at), bool)
        for at, unknown in enumerate(objects):
            wanted[batch.at == at] = unknown[batch.object[batch.at == at]]
        makers = others.runs.makers(batch.digests)
        for index in np.flatnonzero(wanted).tolist():
            made_by = others.runs.names[makers[index]] if makers[index] >= 0 else None
            transaction = batch.transaction(index, made_by)
            transactions[transaction.id, transaction.at] = transaction
    return list(transactions.values())
