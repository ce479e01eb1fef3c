"""Ids that replies to several requests had, as the ledger has them."""

from __future__ import annotations

from msgspec.structs import replace

from runner.domain.model import Outcome, State
from runner.ledger import Claim, Journal, open_writable
from runner.ledger.shared_reply_ids import shared_reply_ids
from tests.harness.virtual import enrolled
from tests.runner.ledger.test_pending import AT, answered


def test_ids_of_replies_to_several_requests(tmp_path):
    """As far as an unsettled request has them: two of the requests for each, also of one that is settled."""
    ids = {1: ("edge-0042", "own-0001"), 2: ("edge-0042",), 3: ("other-0007",), 4: ("other-0007",)}
    with open_writable(enrolled(tmp_path / "ledger.db", 4)) as store:
        journal = Journal(store)
        journal.write([], [Claim(request, 1, 0, AT) for request in ids])
        failed = Outcome(State.FAILED, code="53100340")
        outcomes = {1: None, 2: failed, 3: failed, 4: failed}
        journal.write([replace(answered(row, 1, outcomes[row]), reply_ids=ids[row]) for row in ids], [])
        assert list(shared_reply_ids(store)) == [(1, "edge-0042"), (2, "edge-0042")]
