"""Which column of an extract holds the ids."""

from __future__ import annotations

import pytest

from runner.audit.extract_columns import columns_of
from runner.domain.errors import Refused


@pytest.mark.parametrize(
    ("headers", "named", "columns"),
    [
        (["Id", "Name"], None, "Id"),
        (["Booking Transaction: ID", "Name"], None, "Booking Transaction: ID"),
        (["BillingTransaction.Id", "x"], None, "BillingTransaction.Id"),
        (["RC_ID", "Name"], "RC_ID", "RC_ID"),
    ],
)
def test_the_id_column_is_recognized_or_named(headers, named, columns):
    """Whatever its case and the object before it."""
    assert columns_of(headers, "x.csv", named, None).id == columns


@pytest.mark.parametrize(
    ("headers", "named"),
    [(["Name", "Amount"], None), (["Id", "transaction_id"], None), (["Id"], "RC_ID")],
)
def test_an_id_column_that_could_be_another_is_not_guessed(headers, named):
    """It is refused, and the columns are told."""
    with pytest.raises(Refused, match="it has: "):
        columns_of(headers, "x.csv", named, None)
