"""Ids of transactions are no manifest: whatever file they are in, it is refused by name."""

from __future__ import annotations

import pytest

from runner.domain.errors import Refused
from runner.plan.transaction_ids import refuse_transaction_ids


@pytest.mark.parametrize(
    ("columns", "path"),
    [
        (["transaction_id"], "ids.csv"),
        (["Booking Transaction: ID", "Amount"], "export.csv"),
        (["id", "createddate", "updateddate", "salesorderlineid"], "query-BookingTransaction.csv"),
        (["extract_row", "Id", "Amount"], "extra.csv"),
        (["id"], "runs/x/after/y/reconcile-BookingTransaction-missing.csv"),
        (["Id", "DocumentLineId"], "export.csv"),
        (["id", "documentid", "documentnumber", "documenttype", "documentlineid"], "query-BillingTransaction.csv"),
        (["ID", "Subscription Number", "Subscription Version", "Sales Order Line ID"], "booking.csv"),
        (["id", "documentnumber", "transactiontype"], "m.csv"),
    ],
)
def test_ids_of_transactions_are_refused(columns, path):
    """By their columns, beside those of objects, too, or as a file that 0.1.0 wrote."""
    with pytest.raises(Refused, match="holds ids of transactions"):
        refuse_transaction_ids(columns, path)


@pytest.mark.parametrize(
    "columns",
    [
        ["Subscription Name", "Subscription Version", "Transaction Id"],
        ["invoiceNumber", "transaction_id"],
        ["documentnumber", "transactiontype"],
        ["subscriptionnumber", "subscriptionversion", "salesorderlineid"],
        ["id", "documentnumber"],
        ["id"],
    ],
)
def test_other_manifests_are_not(columns):
    """A column of the person's own may hold a transaction's id."""
    refuse_transaction_ids(columns, "m.csv")


def test_the_command_refuses(tmp_path, regen):
    """Exit 2, before anything is sent, whatever --type says."""
    (tmp_path / "ids.csv").write_text("transaction_id,regen_line\n0123,1\n")
    done = regen("plan", "ids.csv", "--type", "Invoice", "--base-url", "http://127.0.0.1:1")
    assert done.code == 2
    assert "holds ids of transactions" in done.err
