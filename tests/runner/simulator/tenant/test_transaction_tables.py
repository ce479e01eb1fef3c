"""The transaction tables have the columns of the published exports."""

from __future__ import annotations

from runner.simulator.tenant.columns import AMOUNT, DAY, FLAG, TEXT, TIME, WHOLE
from runner.simulator.tenant.transaction_tables import BILLING, BOOKING


def test_as_many_as_published():
    """171 and ValidityPeriodNumber; 126, without `deleted`; names differ between the two as published."""
    assert (len(BOOKING.columns), len(BILLING.columns)) == (172, 126)
    assert (BOOKING.deletable, BILLING.deletable) == (True, False)
    assert "subscriptionnumber" in BOOKING.by_key.keys() - BILLING.by_key.keys()
    assert "subscriptionname" in BILLING.by_key.keys() - BOOKING.by_key.keys()
    types = {"id": TEXT, "updateddate": TIME, "transactiondate": DAY, "currentccv": AMOUNT, "isdoneflag": FLAG}
    assert {name: BOOKING.by_key[name].type for name in types} == types
    assert BILLING.by_key["bookingsubscriptionversion"].type == WHOLE
