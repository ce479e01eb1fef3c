"""Rows confirmed by the transactions of their objects, where the ids of an idList name no transactions.

A transaction that was there before confirms nothing in a mode that updates what exists, once another row of the same
type and mode shows that the tenant does update it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.audit.extract_diff import SLACK_SECONDS
from runner.audit.transaction_match import NEVER, UNTIMED, Matches
from runner.zuora.data_query.parts import SECOND
from runner.zuora.operations import Operation

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ObjectConfirmation:
    """Of each row, by its index."""

    named: np.ndarray[Any, Any]  # whether columns of the table name its object
    confirmed: np.ndarray[Any, Any]
    before: np.ndarray[Any, Any]  # confirmed by transactions that were last updated before the row was sent

    @classmethod
    def of(cls, matches: Matches, operation: Operation) -> ObjectConfirmation:
        """From the transactions that were seen."""
        import numpy as np

        rows = matches.rows
        named, present, before = (np.zeros(len(rows), bool) for _ in range(3))
        for keys, seen in zip(rows.keys, matches.objects, strict=True):
            updated = seen.updated[keys.object_of]
            named[keys.rows] = True
            present[keys.rows] = updated > NEVER
            early = (updated > UNTIMED) & (updated < rows.first_at[keys.rows] - SLACK_SECONDS * SECOND)
            before[keys.rows] = early & ~seen.untimed[keys.object_of]
        fresh = np.unique(rows.kinds[named & present & ~before])
        updating = np.array([_updates(operation, mode) for _, mode in rows.kind_names], bool)
        must_be_fresh = updating[rows.kinds] & np.isin(rows.kinds, fresh)
        return cls(named, present & ~(before & must_be_fresh), before & ~must_be_fresh)


def _updates(operation: Operation, mode: str) -> bool:
    return operation.overwrites.applies(only_resend=mode == "only-resend", re_migrate=mode == "re-migrate")
