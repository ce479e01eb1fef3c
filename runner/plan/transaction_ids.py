"""Manifests that hold ids of transactions: regenerate calls name subscriptions, order line items and documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from runner.domain.errors import Refused

_TRANSACTION_IDS = frozenset({"transactionid", "bookingtransactionid", "billingtransactionid"})
_OF_TRANSACTIONS = frozenset(  # beside a column `id`
    {"extractrow", "salesorderlineid", "transactiontype", "documentlineid", "documentlinenumber", "businesstype"}
)
_OBJECTS = frozenset(
    f"{object_}{name}"
    for object_ in ("", "subscription", "document", "invoice", "creditmemo", "debitmemo", "memo", "adjustment", "order")
    for name in ("name", "number")
) | {
    *("subscriptionid", "orderlineitemid", "rateplanchargeid", "chargenumber", "documentid", "invoiceid"),
    *("creditmemoid", "debitmemoid", "invoiceitemadjustmentid", "invoiceitemadjustmentnumber"),
}
_RECONCILED = re.compile(r"reconcile-.*(missing|missing-ids|extra)\.csv")


def refuse_transaction_ids(columns: Sequence[str], path: str) -> None:
    """Raises Refused for a manifest that names transactions and no objects, or whose column `id` is a transaction's: it
    would be read as that of an object."""
    names = {re.sub(r"[\W_]", "", column).lower() for column in columns}
    is_table = "id" in names and bool(names & _OF_TRANSACTIONS)
    by_name = names == {"id"} and _RECONCILED.fullmatch(PurePath(path).name) is not None
    if is_table and names & _OBJECTS:
        raise Refused(
            f"{path} is a table of transactions: its column id holds ids of transactions, which cannot be regenerated; "
            "remove that column, and keep those that name the objects"
        )
    if (names & _TRANSACTION_IDS or is_table or by_name) and not names & _OBJECTS:
        raise Refused(
            f"{path} holds ids of transactions, which cannot be regenerated; send the rows that made them: "
            "`regen reconcile RUN --query` writes them to reconcile-…-missing.csv, with their own columns"
        )
