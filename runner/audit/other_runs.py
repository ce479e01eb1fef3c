"""What the other runs of a folder explain: the ids that they made, and requests of theirs without a known outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.domain.errors import LedgerError
from runner.ledger import Store, open_read_only, queries
from runner.ledger.sent_requests import sent_requests
from runner.runs.folder import all_runs


@dataclass(frozen=True)
class OtherRuns:
    """By id without hyphens, the run that made it; by body, the run that left such a request unknown, and until when
    that may have been at work (microseconds)."""

    made: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def other_runs(store: Store, ids: Collection[str], operation: str, bodies: Collection[str] = ()) -> OtherRuns:
    """What the other runs of the same tenant explain of these ids, and of requests with these bodies.

    Runs are those beside the ledger's own folder. One that cannot be read explains nothing.
    """
    made: dict[str, str] = {}
    unknown: dict[str, tuple[str, int]] = {}
    for run, ledger in _ledgers(store) if ids or bodies else ():
        try:
            with open_read_only(ledger) as other:
                if other.facts().tenant == store.facts().tenant:
                    made |= _made(other, run, ids)
                    unknown |= _unknown(other, run, operation, bodies)
        except (LedgerError, OSError):
            continue
    return OtherRuns(made, unknown)


def ids_of_other_runs(store: Store) -> Iterator[list[str]]:
    """The ids that each other run of the same tenant made, as it wrote them. One that cannot be read has none."""
    tenant = store.facts().tenant
    for _, ledger in _ledgers(store):
        try:
            with open_read_only(ledger) as other:
                if other.facts().tenant == tenant:
                    yield [text for made in queries.made(other) for text in made.ids]
        except (LedgerError, OSError):
            continue


def _ledgers(store: Store) -> Iterator[tuple[str, Path]]:
    """The other runs beside this one, and their ledgers."""
    own = store.path.absolute().parent
    for folder in all_runs(own.parent):
        if folder.path.absolute() != own and folder.ledger.exists():
            yield folder.id, folder.ledger


def _made(other: Store, run: str, ids: Collection[str]) -> dict[str, str]:
    plain = (text.replace("-", "") for made in queries.made(other) for text in made.ids)
    return {text: run for text in plain if text in ids}


def _unknown(other: Store, run: str, operation: str, bodies: Collection[str]) -> dict[str, tuple[str, int]]:
    sent = sent_requests(other, operation) if bodies else ()
    return {
        body: (run, each.last_at) for each in sent if each.state == "unknown" and (body := each.body or "") in bodies
    }
