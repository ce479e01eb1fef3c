"""Unknown rows in the light of the tenant's transactions: done, not done, or impossible to tell.

The outcome in the ledger stays `unknown`; the answer is written beside it. *Not done* is said only where the query
would have shown the work: a false one invites a doubled effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.audit.extract_diff import SLACK_SECONDS
from runner.audit.other_runs import OtherRuns
from runner.audit.other_transactions import Transaction
from runner.audit.sent_rows import SentRows
from runner.audit.transaction_match import UNTIMED, Matches
from runner.runs.annotations import HEADER
from runner.system.atomic_file import replacing
from runner.system.csv_dialect import csv_text, safe
from runner.system.timestamps import iso

DONE, NOT_DONE, CANNOT_TELL = "done", "not done", "cannot tell"
SETTLED_SECONDS = 900  # after its last attempt no work of a request goes on behind the scenes
CLOCK_SECONDS = 1  # times are cut off to the second


@dataclass(frozen=True)
class Annotation:
    """What the tenant shows of one unknown row."""

    row: int
    label: str
    answer: str
    reason: str
    ids: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Others:
    """Whose transactions are not the unknown rows': those of other runs, and of users that are not of this run."""

    runs: OtherRuns
    users: Collection[str]

    def has(self, transaction: Transaction) -> bool:
        """Whether a transaction was last updated by another run or another user."""
        other_user = bool(self.users) and transaction.user is not None and transaction.user not in self.users
        return transaction.made_by is not None or other_user

    def of_other_users(self, users: Any) -> Any:
        """Of each of these users (texts, null or empty where nobody is shown), whether it is another."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self.users:
            return np.zeros(len(users), bool)
        ours = pa.array([*self.users, "", None], pa.string())
        return ~np.asarray(pc.is_in(users, value_set=ours))

    def run_left_unknown(self, body: str, since: int) -> str | None:
        """The other run that sent such a request after a time (microseconds), and does not know what became of it."""
        run, last_at = self.runs.unknown.get(body, (None, 0))
        return run if last_at >= since else None


class UnknownRows:
    """Answers for the unknown rows of one operation: `bodies` and `labels` by row number, `transactions` those of their
    objects that are of no idList. `now` is when the tenant was asked, in microseconds."""

    def __init__(
        self,
        matches: Matches,
        transactions: Iterable[Transaction],
        bodies: Mapping[int, str],
        others: Others,
        now: int,
    ) -> None:
        self._matches, self._rows, self._others, self._now = matches, matches.rows, others, now
        self._bodies = bodies
        self._objects = _objects(self._rows)
        self._shared = Counter(self._objects.values())
        self._by_object: dict[tuple[int, int], list[Transaction]] = {}
        for transaction in transactions:
            self._by_object.setdefault((transaction.at, transaction.object), []).append(transaction)
        self._by_id = _rows_matched_by_id(matches)
        self._shift = min(0, matches.earliest or 0) - CLOCK_SECONDS * 1_000_000

    def answers(self, labels: Mapping[int, str]) -> list[Annotation]:
        """One for each unknown row, in order; `labels` by row number."""
        self._labels = labels
        return [self._answer(index) for index in self._rows.unknown.nonzero()[0].tolist()]

    def _answer(self, index: int) -> Annotation:
        object_key = self._objects.get(index)
        if object_key is None:
            return self._cannot(index, "no column of the tenant's table names such an object")
        since = int(self._rows.first_at[index]) + self._shift
        transactions = [each for each in self._by_object.get(object_key, ()) if each.updated >= since]
        candidates = [transaction for transaction in transactions if not self._others.has(transaction)]
        twice = any(transaction.named_twice for transaction in candidates)
        if twice or (self._shared[object_key] > 1 and (candidates or self._updated(object_key) >= since)):
            return self._cannot(index, "another row of the run names the same object")
        if candidates:
            return self._with_transactions(index, candidates, since)
        if transactions or self._updated(object_key) >= since:
            return self._cannot(index, "another run or user updated this object since: that would hide the work")
        if self._matches.objects[object_key[0]].untimed[object_key[1]]:
            return self._cannot(index, "when a transaction of this object was updated cannot be read")
        return self._without_transaction(index, object_key)

    def _with_transactions(self, index: int, candidates: Sequence[Transaction], since: int) -> Annotation:
        """Transactions of the object were updated, and no other row, run or user is known to have done that."""
        run = self._others.run_left_unknown(self._bodies.get(int(self._rows.numbers[index]), ""), since)
        if run is not None:
            return self._cannot(index, f"run {run} sent the same request, and its outcome is unknown there, too")
        times = tuple(dict.fromkeys(iso(transaction.updated) for transaction in candidates))
        reason = "transactions of this object were updated after the first attempt"
        return self._annotation(index, DONE, reason, tuple(each.id for each in candidates), times)

    def _without_transaction(self, index: int, object_key: tuple[int, int]) -> Annotation:
        """No transaction of the object was updated: whether one would have been seen."""
        if self._now - int(self._rows.last_at[index]) < SETTLED_SECONDS * 1_000_000:
            return self._cannot(index, "nothing was updated yet, but the work may still be going on; ask again later")
        shown = self._shown_alike(index, object_key[0])
        if shown:
            reason = (
                f"no transaction of this object was updated since the first attempt; {shown:,} other "
                f"row{' was' if shown == 1 else 's were'} found in the same way"
            )
            return self._annotation(index, NOT_DONE, reason)
        mode = self._rows.kind_names[self._rows.kinds[index]][1]
        long_before = int(self._rows.first_at[index]) - SLACK_SECONDS * 1_000_000
        if mode == "re-migrate" and UNTIMED < self._updated(object_key) < long_before:
            when = iso(self._updated(object_key))
            return self._annotation(index, NOT_DONE, f"its transactions were last updated at {when}, before the run")
        return self._cannot(index, "nothing shows that the tenant would have shown the work of such a row in this mode")

    def _shown_alike(self, index: int, at: int) -> int:
        """How many rows of the same type and mode, named by the same columns, the tenant showed as updated by the run;
        0 if it showed one of them by its id only, since then it would not have shown this one either."""
        keys, rows = self._rows.keys[at], self._rows
        alike = (rows.kinds[keys.rows] == rows.kinds[index]) & ~rows.unknown[keys.rows]
        by_object = self._matches.objects[at].by_id[keys.object_of]
        updated = self._matches.objects[at].updated[keys.object_of] >= rows.first_at[keys.rows] + self._shift
        by_id = self._by_id[keys.rows]
        if (alike & by_id & ~by_object).any():
            return 0
        return int((alike & by_object & updated).sum())

    def _updated(self, object_key: tuple[int, int]) -> int:
        return int(self._matches.objects[object_key[0]].updated[object_key[1]])

    def _annotation(
        self, index: int, answer: str, reason: str, ids: tuple[str, ...] = (), updated: tuple[str, ...] = ()
    ) -> Annotation:
        row = int(self._rows.numbers[index])
        return Annotation(row, self._labels.get(row, ""), answer, reason, ids, updated)

    def _cannot(self, index: int, reason: str) -> Annotation:
        return self._annotation(index, CANNOT_TELL, reason)


def _rows_matched_by_id(matches: Matches) -> Any:
    """Of each row, whether a transaction with one of its ids is there."""
    import numpy as np

    object_key = np.zeros(len(matches.rows), bool)
    object_key[matches.rows.id_row[matches.id_present[matches.rows.id_of]]] = True
    return object_key


def _objects(rows: SentRows) -> dict[int, tuple[int, int]]:
    """The objects of unknown rows, and of rows that name the same ones: which keys, which object; by row."""
    import numpy as np

    objects: dict[int, tuple[int, int]] = {}
    for at, keys in enumerate(rows.keys):
        wanted = np.unique(keys.object_of[rows.unknown[keys.rows]])
        for position in np.isin(keys.object_of, wanted).nonzero()[0].tolist():
            objects[int(keys.rows[position])] = (at, int(keys.object_of[position]))
    return objects


def written(path: Path, annotations: Sequence[Annotation]) -> Path:
    """Write annotations as CSV."""
    with replacing(path) as file:
        file.write(csv_text([HEADER, *map(_cells, annotations)]).encode())
    return path


def _cells(annotation: Annotation) -> Iterator[str]:
    cells = (
        str(annotation.row),
        annotation.label,
        "unknown",
        annotation.answer,
        " ".join(annotation.ids),
        " ".join(annotation.updated),
        annotation.reason,
    )
    return map(safe, cells)
