"""The transaction types of journal runs."""

from __future__ import annotations

from runner.simulator.journal_validation import TRANSACTION_TYPES as SIMULATED
from runner.zuora.transaction_types import TRANSACTION_TYPES


def test_each_is_there_once_and_as_the_official_client_has_it():
    """29 names; the simulator has its own copy of the list, from the same source."""
    assert len(set(TRANSACTION_TYPES)) == len(TRANSACTION_TYPES) == 29
    assert set(TRANSACTION_TYPES) == set(SIMULATED)
