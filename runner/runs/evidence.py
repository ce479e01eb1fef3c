"""Whether a run folder is still what its last invocation left, looked at before anything in it is touched.

A resumed run ends with a new seal and a new head, which would cover up what was changed in between. So whoever opens a
seal looks first: a changed ledger is refused, a changed view is recorded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from runner.domain.errors import Refused
from runner.ledger import Store, checkpoint, evidence, open_read_only
from runner.ledger.facts import Breach
from runner.runs import seal
from runner.runs.folder import LEDGER, RunFolder
from runner.system.timestamps import iso, now_microseconds
from runner.system.user import login

MOST_SHOWN = 5


@dataclass(frozen=True)
class Examined:
    """Changes of the ledger itself, and of the other files, which are made again from it."""

    ledger: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def breaches(self) -> tuple[Breach, ...]:
        """The findings as the ledger records them: every later `verify` reports them."""
        at, user = iso(now_microseconds()), login()
        kinds = (("ledger", True, self.ledger), ("files", False, self.files))
        return tuple(
            Breach(at=at, check=check, breaks=breaks, details=texts[:MOST_SHOWN], accepted_by=user)
            for check, breaks, texts in kinds
            if texts
        )


def examine(folder: RunFolder, *, ledger_is_older: bool = False, store: Store | None = None) -> Examined:
    """Compare a folder with its seal and its ledger with its last closing. Reads only. Raises LedgerError.

    A ledger that is known to be older than the seal is compared with itself alone. `store` is the ledger, if it is
    open.
    """
    files = [problem for problem in seal.problems(folder.path) if not problem.added] if folder.sealed else []
    opened = open_read_only(folder.ledger) if store is None else contextlib.nullcontext(store)
    with opened as store:
        changed = list(_changed(store))
        if ledger_is_older:
            return Examined(tuple(changed), tuple(problem.text for problem in files))
        if folder.sealed and not store.facts().status.ended:
            changed.append(f"its status is {store.facts().status}, though the folder is sealed")
        if any(problem.file == LEDGER for problem in files) and not _is_sealed_head(folder, store):
            changed.append(f"{LEDGER}: its SHA-256 is not the one in {seal.SEAL}, nor its head the one in run.json")
    return Examined(tuple(changed), tuple(problem.text for problem in files))


def refuse_changed(folder: RunFolder, *, ledger_is_older: bool = False, store: Store | None = None) -> Examined:
    """What was changed and can be made again. Raises Refused if the ledger itself is not what the run left."""
    examined = examine(folder, ledger_is_older=ledger_is_older, store=store)
    if not examined.ledger:
        return examined
    more = len(examined.ledger) - MOST_SHOWN
    lines = [f"  {text}" for text in examined.ledger[:MOST_SHOWN]] + ([f"  … and {more} more"] if more > 0 else [])
    raise Refused(
        "\n".join(
            [
                f"the ledger of run {folder.id} was changed since the run ended; nothing was sent or written:",
                *lines,
                f"restore {folder.path} from a copy. To close the run as it is: regen abandon {folder.id}",
            ]
        )
    )


def _changed(store: Store) -> Iterator[str]:
    yield from evidence.changed_plan(store)
    yield from evidence.changed_outcomes(store)
    if store.facts().status.ended:
        yield from evidence.changed_ending(store)
    else:
        yield from evidence.changed_closings(store)


def _is_sealed_head(folder: RunFolder, store: Store) -> bool:
    """Whether the ledger's content is the one that the sealed run.json names: only bytes without meaning differ."""
    document, closings = folder.document(), checkpoint.closings(store)
    return document is not None and bool(closings) and document.head == closings[-1].hash
