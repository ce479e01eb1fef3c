"""What the tenant shows of rows whose outcome is unknown."""

from __future__ import annotations

from tests.harness.tenant_books import Books
from tests.runner.audit.test_transaction_match import (
    STARTED,
    World,
    manifest_of,
)


def test_not_done_is_never_reported_where_it_could_not_be_seen(tmp_path):
    """No row of that kind was seen, or one was seen by its id only, or the object was updated by somebody since."""
    alone = World(tmp_path / "1/it", Books(), manifest_of("invoice id", 2))
    alone.settle(unknown=frozenset({1, 2}), undone=frozenset({1, 2}))
    alone.inquire()
    assert alone.answers() == {1: "cannot tell", 2: "cannot tell"}

    books = Books()
    blind = World(tmp_path / "2/it", books, manifest_of("invoice number", 4))
    blind.settle(unknown=frozenset({1}), undone=frozenset({1}))
    books._base.execute("UPDATE billingtransaction SET documentnumber = NULL")
    blind.inquire()
    assert blind.answers() == {1: "cannot tell"}

    books = Books()
    later = World(tmp_path / "3/it", books, manifest_of("invoice number", 4))
    later.settle(unknown=frozenset({1}), undone=frozenset({1}))
    row = {"id": "x", "updateddate": STARTED + 10**12, "createddate": STARTED, "documentnumber": "INV1"}
    books.add("billingtransaction", [row])
    later.inquire()
    assert later.answers() == {1: "cannot tell"}
