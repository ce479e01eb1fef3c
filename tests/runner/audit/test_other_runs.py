"""Transactions of other runs."""

from __future__ import annotations

from tests.harness.tenant_books import Books
from tests.runner.audit.test_transaction_match import (
    SECOND,
    STARTED,
    World,
    manifest_of,
)


def test_others_are_recognized(tmp_path):
    """Another user's transactions, another run's, other objects': none is extra; one of ours that none explains is."""
    books = Books()
    world = World(tmp_path / "runs/it", books, manifest_of("name and version")).settle()
    other = World(tmp_path / "runs/other", books, manifest_of("name and version", 2)).settle()
    names = {"subscriptionnumber": "A-S5", "subscriptionversion": "1"}
    at = {"createddate": STARTED, "updateddate": STARTED + 5 * SECOND}
    books.add("bookingtransaction", [{"id": "by-hand", "updatedbyid": "person", **names, **at}])
    books.add("bookingtransaction", [{"id": "elsewhere", "updatedbyid": "person", "subscriptionnumber": "B", **at}])
    missing, extra = world.inquire().checks
    assert (missing.count, extra.count) == (0, 0), extra.lines()
    assert "4 transactions of the run's objects made by run other" in extra.notes
    assert "1 transactions of the run's objects last updated by another user" in extra.notes
    assert "1 transactions of the run's time are of objects not in the run" in extra.notes
    books.add("bookingtransaction", [{"id": "doubled", "updatedbyid": "api", **names, **at}])
    _, extra = world.inquire().checks
    assert extra.count == 1
    assert [row["transaction_id"] for row in world.rows("reconcile-BookingTransaction-extra.csv")] == ["doubled"]
    assert other.folder.exists()
