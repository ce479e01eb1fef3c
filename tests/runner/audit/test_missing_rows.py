"""The rows whose transactions are missing, as a manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from runner.domain.run_status import RunStatus
from runner.domain.steps import Regenerate, Step
from runner.ledger import Facts, open_read_only
from runner.plan.open_manifests import OpenManifests
from runner.plan.planner import Opened
from tests.harness.tenant_books import Books
from tests.runner.audit.test_transaction_match import TARGET, World


def test_the_missing_rows_are_a_manifest(tmp_path):
    """Exactly those rows, with their own columns; the file of ids is refused by name."""
    books = Books()
    text = "Subscription Name,Subscription Version,Note\n" + "".join(f"A-S{at},1,n{at}\n" for at in range(1, 6))
    world = World(tmp_path / "runs/it", books, text, re_migrate=True).settle()
    for row in (2, 4):
        books.remove("bookingtransaction", world.ids(row)[1])
    world.inquire()
    path = str(world.folder / "reconcile-BookingTransaction-missing.csv")
    again = Step(1, Regenerate(manifests=(path,), re_migrate=True))
    (tmp_path / "again").mkdir()
    with OpenManifests() as manifests:
        opened = Opened([again], TARGET, manifests)
        opened.enrol(tmp_path / "again/ledger.db", "again", Facts(run_id="again", status=RunStatus.PLANNED))
    with open_read_only(tmp_path / "again/ledger.db") as store:
        assert list(_names(store)) == ["A-S2", "A-S4"]


def _names(store: Any) -> Iterator[str]:
    for (body,) in store.rows("SELECT body FROM request ORDER BY request"):
        yield json.loads(body)["subscriptionName"]
