"""What each kind of request does to existing data, in words."""

from __future__ import annotations

from runner.zuora import operations
from runner.zuora.effects import consequence, overwrites


def test_every_kind_of_request_has_its_words():
    """And what overwrites is known; what Zuora does not document counts as overwriting."""
    assert (
        consequence("data-backfill", "", 2)
        == "2 data backfill jobs: the records in the files are OVERWRITTEN in Billing"
    )
    assert consequence("journal-run", "", 1) == "1 journal run: journal entries are made"
    assert consequence("rev-rec-events", "", 1).startswith("revenue recognition events of 1 object: may be OVERWRITTEN")
    assert "does not know" in consequence("of-a-later-version", "", 1)
    assert overwrites("booking-transaction", "") and not overwrites("billing-transaction", "")
    assert overwrites("rev-rec-events", "") and overwrites("of-a-later-version", "")
    assert not overwrites("booking-transaction", "onlyReSend=true") and not overwrites("journal-run", "")


def test_every_operation_says_what_it_does_to_existing_data():
    """No request may reach the production question without saying whether data is overwritten."""
    for name, operation in operations.OPERATIONS.items():
        line = consequence(name, "", 2)
        assert line.startswith(("2 ", f"{operation.noun}s of 2 objects: ")), line
        assert ("OVERWRITTEN" in line) is overwrites(name, ""), line
