"""What to ask before a plan is sent whose order, or whose place, Zuora's guidance warns of.

Source: Zuora product documentation, "Data backfill": configure, backfill, then regenerate, then validate; after go-live
a backfill can make Billing and Revenue disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.ledger import open_read_only, views


def warnings(ledger: Path, *, production: bool) -> list[str]:
    """What a person must confirm of the run in a ledger, a sentence each."""
    with open_read_only(ledger) as store:
        steps = views.steps(store)
        left = {step for step, states in views.counts(store).items() if states.get("pending")}
    return list(_warnings(steps, left, production))


def _warnings(steps: list[dict[str, Any]], left: set[int], production: bool) -> Iterator[str]:
    """A step of which nothing is left to be sent needs no word."""
    regenerated = 0
    for step in steps:
        if step["do"] == "regenerate":
            regenerated = regenerated or step["step"]
        if step["do"] != "backfill" or step["step"] not in left:
            continue
        if regenerated:
            yield (
                f"step {step['step']} backfills after step {regenerated} has regenerated: Zuora's order is backfill "
                "first, and what is regenerated before does not show the change"
            )
        if production:
            yield f"step {step['step']} is a backfill on production: it can make Billing and Revenue disagree"
