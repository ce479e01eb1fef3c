"""Ledgers changed by hand, and closed again as the program closes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.ledger import Journal, open_writable
from runner.runs.folder import RunFolder


def with_facts(path: Path, **changes: Any) -> None:
    """Change facts of a run, such as when it was started, as if they had been so: closed, documented, sealed anew."""
    folder = RunFolder(path)
    sealed = folder.sealed
    with open_writable(folder.ledger) as store:
        if store.facts().status.ended:
            Journal(store).close(0, **changes)
        else:
            store.set_facts(**changes)
        folder.write_document(store)
        store.settle_down()
    if sealed:
        folder.seal()
