"""What the other runs of a folder explain: the ids that they made, and requests of theirs without a known outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.audit.digests import DigestSet, digests
from runner.audit.other_transactions import OtherTransactions
from runner.audit.sent_rows import CHUNK, plain_id
from runner.domain.errors import LedgerError
from runner.ledger import Store, open_read_only, queries
from runner.ledger.sent_requests import sent_requests
from runner.runs.folder import all_runs

if TYPE_CHECKING:
    import numpy as np


@dataclass
class OtherRuns:
    """By body, the run that left such a request unknown, and until when that may have been at work (microseconds); of
    the transactions, which run made them."""

    known: DigestSet
    maker: np.ndarray[Any, Any]  # of each of the known ones, the index of its run; -1 if none made it
    names: list[str] = field(default_factory=list)
    unknown: dict[str, tuple[str, int]] = field(default_factory=dict)

    def makers(self, digests: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Of each of these transactions, the index of the run that made it; -1 if none did."""
        import numpy as np

        positions = self.known.positions(digests)
        return np.where(positions >= 0, self.maker[positions], -1) if len(self.known) else positions


def other_runs(
    store: Store, transactions: OtherTransactions, operation: str, bodies: Collection[str] = ()
) -> OtherRuns:
    """What the other runs of the same tenant explain of these transactions, and of requests with these bodies.

    Runs are those beside the ledger's own folder. One that cannot be read explains nothing.
    """
    import numpy as np

    ledgers = list(_ledgers(store)) if transactions.count or bodies else []
    known = transactions.known() if ledgers else OtherTransactions().known()
    runs = OtherRuns(known, np.full(len(known), -1, np.int32))
    for run, ledger in ledgers:
        try:
            with open_read_only(ledger) as other:
                if other.facts().tenant == store.facts().tenant:
                    _note(runs, other, run, operation, bodies)
        except (LedgerError, OSError):
            continue
    return runs


def ids_of_other_runs(store: Store) -> Iterator[list[str]]:
    """The ids that the other runs of the same tenant made, as they wrote them, many at a time. A run that cannot be
    read has none."""
    tenant = store.facts().tenant
    for _, ledger in _ledgers(store):
        try:
            with open_read_only(ledger) as other:
                if other.facts().tenant == tenant:
                    yield from _ids_made(other)
        except (LedgerError, OSError):
            continue


def _ledgers(store: Store) -> Iterator[tuple[str, Path]]:
    """The other runs beside this one, and their ledgers."""
    own = store.path.absolute().parent
    for folder in all_runs(own.parent):
        if folder.path.absolute() != own and folder.ledger.exists():
            yield folder.id, folder.ledger


def _note(runs: OtherRuns, other: Store, run: str, operation: str, bodies: Collection[str]) -> None:
    for texts in _ids_made(other) if len(runs.known) else ():
        positions = runs.known.positions(digests([plain_id(text) for text in texts]))
        runs.maker[positions[positions >= 0]] = len(runs.names)
    runs.names.append(run)
    runs.unknown |= _unknown(other, run, operation, bodies)


def _ids_made(other: Store) -> Iterator[list[str]]:
    """The ids that a run made, many at a time."""
    texts = (text for made in queries.made(other) for text in made.ids)
    while many := list(islice(texts, CHUNK)):
        yield many


def _unknown(other: Store, run: str, operation: str, bodies: Collection[str]) -> dict[str, tuple[str, int]]:
    sent = sent_requests(other, operation) if bodies else ()
    return {
        body: (run, each.last_at) for each in sent if each.state == "unknown" and (body := each.body or "") in bodies
    }
