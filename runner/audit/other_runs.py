"""The ids that the other runs of a folder made: transactions that they explain are no one else's."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from runner.domain.errors import LedgerError
from runner.ledger import Store, open_read_only, queries
from runner.runs.folder import all_runs


def made_by_other_runs(store: Store, ids: Collection[str]) -> dict[str, str]:
    """Those of the ids, without hyphens, that another run of the same tenant made, and the run's id.

    Runs are those beside the ledger's own folder. One that cannot be read explains nothing.
    """
    runs: dict[str, str] = {}
    own = store.path.absolute().parent
    tenant = store.facts().tenant
    for folder in all_runs(own.parent) if ids else ():
        if folder.path.absolute() == own or not folder.ledger.exists():
            continue
        try:
            runs |= _made(folder.ledger, folder.id, tenant, ids)
        except (LedgerError, OSError):
            continue
    return runs


def _made(ledger: Path, run: str, tenant: str, ids: Collection[str]) -> dict[str, str]:
    with open_read_only(ledger) as store:
        if store.facts().tenant != tenant:
            return {}
        plain = (text.replace("-", "") for made in queries.made(store) for text in made.ids)
        return {text: run for text in plain if text in ids}
