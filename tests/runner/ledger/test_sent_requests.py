"""What may have made something in the tenant."""

from __future__ import annotations

from runner.ledger import open_writable
from runner.ledger.sent_requests import labels, operations_sent, sent_requests
from runner.zuora.operations import BOOKING
from tests.runner.ledger.test_queries import settled


def test_what_may_have_made_something_is_known_by_operation(tmp_path):
    """What was refused and what never left has made nothing in the tenant."""
    with open_writable(settled(tmp_path / "ledger.db")) as store:
        assert operations_sent(store) == {BOOKING.name: 2}
        assert len(list(sent_requests(store, BOOKING.name))) == 2
        assert list(sent_requests(store, "billing-transaction")) == []
        assert labels(store, [2, 3]) == {2: "Subscription object 2", 3: "Subscription object 3"}
