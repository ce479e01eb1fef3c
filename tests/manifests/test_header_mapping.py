"""Headers: matched whatever their dress; what could be two things is an error and not a guess."""

from __future__ import annotations

import pytest

from manifests import ManifestError, checker
from manifests.header_mapping import Headers, meanings


@pytest.mark.parametrize(
    ("header", "type", "wire"),
    [
        ("subscriptionName", "Subscription", "subscriptionName"),
        ("Subscription Name", "Subscription", "subscriptionName"),
        ("subscription_name", "Subscription", "subscriptionName"),
        ("SUBSCRIPTION-NAME", "Subscription", "subscriptionName"),
        (" Subscription\u00a0Name ", "Subscription", "subscriptionName"),
        ("Subscription: Name", "Subscription", "subscriptionName"),
        ("Subscription: Subscription Name", "Subscription", "subscriptionName"),
        ("Subscription.Name", "Subscription", "subscriptionName"),
        ("Subscription: Version", "Subscription", "subscriptionVersion"),
        ("Subscription: ID", "Subscription", "subscriptionId"),
        ("Order: Order Number", "OrderLineItem", "orderNumber"),
        ("Order Line Item: Item Number", "OrderLineItem", "itemNumber"),
        ("Order Line Item: ID", "OrderLineItem", "orderLineItemId"),
        ("Rate Plan Charge: Charge Number", "DynamicUsageCharge", "chargeNumber"),
        ("Rate Plan Charge: ID", "DynamicUsageCharge", "ratePlanChargeId"),
        ("Invoice: Invoice Number", "Invoice", "number"),
        ("Invoice ID", "Invoice", "id"),
        ("Credit Memo: Memo Number", "CreditMemo", "number"),
        ("debit_memo_number", "DebitMemo", "number"),
        ("Invoice Item Adjustment: Adjustment Number", "InvoiceItemAdjustment", "number"),
        ("invoice-item-adjustment-id", "InvoiceItemAdjustment", "id"),
    ],
)
def test_headers_that_tell_the_type(header: str, type: str, wire: str) -> None:
    """Case, spaces, `_`, `-` and the object's own prefix do not matter."""
    assert [(m.type, m.wire, m.specific) for m in meanings(header)] == [(type, wire, True)]


@pytest.mark.parametrize(
    "header", ["id", "documentId", "number", "name", "version", "memo number", "subscriptionNumber"]
)
def test_headers_that_need_a_type(header: str) -> None:
    """Words of several types tell nothing by themselves."""
    assert meanings(header) and not any(m.specific for m in meanings(header))


@pytest.mark.parametrize(
    "header", ["Account: Name", "Order: ID", "Account Number", "Parent: Number", "subscription", "Note: ", ":", "#id"]
)
def test_headers_that_mean_nothing(header: str) -> None:
    """Another object's name or id is carried along untouched."""
    assert meanings(header) == []


@pytest.mark.parametrize(
    ("columns", "type", "words"),
    [
        (["a"], None, "m.csv: no identifying column; add for example subscriptionName and subscriptionVersion"),
        ([], None, "(the columns: nothing"),
        ([f"c{n}" for n in range(9)], None, "'c7', …; if the header is in another row, name it with --header-row)"),
        (["type", "a"], None, "no identifying column"),
        (
            ["id"],
            None,
            "'id' could be that of several types; choose one with --type, FILE:TYPE or with a column named type",
        ),
        (
            ["version", "name"],
            None,
            "'name', 'version' could be that of a Subscription only if you confirm it; give --type",
        ),
        (["memoNumber"], None, "'memoNumber' could be that of CreditMemo or DebitMemo; choose one"),
        (["invoiceNumber"], "Subscripton", "there is no type 'Subscripton'; did you mean Subscription?"),
        (["invoiceNumber"], "xyz", "there is no type 'xyz'; use one of Subscription, OrderLineItem, "),
        (
            ["invoiceNumber"],
            "credit memo",
            "no column identifies rows of type CreditMemo; add creditMemoNumber, or creditMemoId",
        ),
        (["id", "documentId"], "Invoice", "the columns 'id' and 'documentId' both mean id of Invoice; rename or"),
        (["name", "subscriptionName"], "Subscription", "'name' and 'subscriptionName' both mean subscriptionName"),
        (["Invoice Number", "invoiceNumber"], None, "'Invoice Number' and 'invoiceNumber' both mean number of Invoice"),
        (["invoiceNumber", "Type", "type"], None, "the columns 'Type' and 'type' both mean the type; rename"),
    ],
)
def test_headers_that_cannot_serve(columns: list[str], type: str | None, words: str) -> None:
    """Refused at once, with the file, the columns and the remedy."""
    with pytest.raises(ManifestError) as caught:
        checker(columns, path="m.csv", type=type)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "type"),
    [
        (["id"], "Invoice"),
        (["type", "id"], None),
        (["id", "documentId", "type"], None),
        (["Invoice Number", "invoice_number", "creditMemoNumber"], "CreditMemo"),
        (Headers(["id", "regen_run", "regen_state", "regen_type"]), None),
        (Headers(["Invoice Number", "invoiceNumber", "regen_run", "regen_state"]), None),
    ],
)
def test_headers_that_can(columns: list[str], type: str | None) -> None:
    """With a type `id` is enough; the results of several manifests may hold two columns for one thing."""
    assert checker(columns, path="m.csv", type=type)
