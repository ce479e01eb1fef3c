"""Exports go in as their screen or query makes them: what the topic *manifest* claims, and their neighbours."""

from __future__ import annotations

import pytest

from manifests import checker, open_manifest

ID = "2c92c0f86a5d3d1e016a5f1a2b3c4d5e"
S1, INV, ITEM = "Subscription: A-S1 v1", "Invoice: INV1", "OrderLineItem: O-1 / 1"
EXPORTS = {
    f"Subscription: ID,Subscription: Name,Subscription: Version,Account: Name\n{ID},A-S1,1,x": (None, S1),
    f"Invoice: ID,Invoice: Invoice Number,Invoice: Amount\n{ID},INV1,3.0": (None, INV),
    f"Invoice Item: ID,Invoice: ID,Invoice: Invoice Number,Subscription: Name\n{ID},{ID},INV1,A-S1": ("Invoice", INV),
    f"Credit Memo: ID,Credit Memo: Memo Number\n{ID},CM1": (None, "CreditMemo: CM1"),
    f"Order: Order Number,Order Line Item: ID,Order Line Item: Item Number\nO-1,{ID},1": (None, ITEM),
    f"Subscription.Name,Subscription.Version,Subscription.Id\nA-S1,1,{ID}": (None, S1),
    "name,version\nA-S1,1": ("Subscription", S1),
    f"id,accountid,name,originalid,status,version\n{ID},{ID},A-S1,{ID},Active,1": ("Subscription", S1),
    f"id,accountid,amount,invoicenumber,status\n{ID},{ID},1.0,INV1,Posted": (None, INV),
    f"id,memotype,memonumber,status\n{ID},Credit,CM1,Posted": (None, "CreditMemo: CM1"),
    f"id,orderid,itemnumber,ordernumber\n{ID},{ID},1,O-1": ("OrderLineItem", ITEM),
    f"Account: ID,Subscription: SubscriptionId\n{ID},{ID}": ("Subscription", f"Subscription: {ID}"),
    "Subscription Number,Version,Status\nA-S1,1,Active": ("Subscription", S1),
    "Invoice #,Account\nINV1,x": (None, INV),
    "Invoice No.,Account\nINV1,x": (None, INV),
    "Name*,Version*\nA-S1,1": ("Subscription", S1),
    "Subscription Name (required),Subscription Version [Required]\nA-S1,1": (None, S1),
    "Transaction ID,Sales Order Number,Invoice Number\n1,O-1,INV1": ("Invoice", INV),
    "Subscription Name,Subscription Version,Error Code,Error Message\nA-S1,1,50000,bad": (None, S1),
    f'"ID","NAME","VERSION"\n{ID},A-S1,1': ("Subscription", S1),
}


@pytest.mark.parametrize("text", EXPORTS)
def test_an_export_goes_in_unchanged(write, text: str) -> None:
    """With the type where the columns do not say it."""
    type, label = EXPORTS[text]
    with open_manifest(write("export.csv", f"{text}\n")) as source:
        checked = checker(source.columns, path=source.path, type=type).check(next(source.batches()))
    assert (checked.problems, [f"{checked.types[0]}: {checked.objects[0]}"]) == ([None], [label])


def test_problems_use_the_headings_of_the_file(checked, write) -> None:
    """The person knows no other names."""
    path = write("m.csv", "Subscription: Name,Subscription: Version\nA-S1,v1\nA-S2,\n#N/A,1\n")
    first, second, third = checked(path).problems
    assert first == (
        "subscription-version-not-an-integer: Subscription: Version is 'v1', write a whole number such as 1"
    )
    assert second.startswith(
        "half-of-a-pair: Subscription: Version is missing, fill it in, since Subscription: Name and"
    )
    assert third.startswith("error-value: Subscription: Name is '#N/A', which is an error of a spreadsheet")
