"""What a run reports about its restorations: its ledger comes from a copy, and lacks what was sent after that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runner.ledger.facts import Restoration
from runner.system.counting import counted


def restored_lines(restorations: Iterable[Restoration]) -> Iterator[str]:
    """A sentence for each restoration: when, from which copy, and what follows from it."""
    for restoration in restorations:
        by = f" by {restoration.restored_by}" if restoration.restored_by else ""
        machine = restoration.machine or "another machine"
        if restoration.copied_at is None:
            source = f"planned again{by}, since nothing was left of its ledger on {machine}"
        else:
            source = f"restored{by} from the copy of {restoration.copied_at[:19]}Z that {machine} had made"
        doubt = (
            f"{counted(restoration.assumed, 'request')} without an outcome counted as sent since then"
            if restoration.assumed
            else "nothing was sent since then"
        )
        yield f"{source}, at {restoration.at[:19]}Z; {doubt}"
