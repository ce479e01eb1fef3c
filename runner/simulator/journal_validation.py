"""Whether the body of "Create a journal run" is as the API wants it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from runner.simulator.responses import INVALID_VALUE, MALFORMED_REQUEST, MISSING_FIELD, RULE, UNKNOWN_FIELD
from runner.simulator.validation import Complaint

_APPLICATIONS = (
    "Electronic Payment Application",
    "External Payment Application",
    "Electronic Refund Application",
    "External Refund Application",
)
TRANSACTION_TYPES = frozenset(
    {
        "Invoice Item",
        "Taxation Item",
        "Invoice Item Adjustment (Invoice)",
        "Invoice Item Adjustment (Tax)",
        "Invoice Adjustment",
        "Electronic Payment",
        "External Payment",
        "Electronic Refund",
        "External Refund",
        "Electronic Credit Balance Payment",
        "External Credit Balance Payment",
        "Electronic Credit Balance Refund",
        "External Credit Balance Refund",
        "Credit Balance Adjustment (Applied from Credit Balance)",
        "Credit Balance Adjustment (Transferred to Credit Balance)",
        "Revenue Event Item",
        "Debit Memo Item (Charge)",
        "Debit Memo Item (Tax)",
        "Credit Memo Item (Charge)",
        "Credit Memo Item (Tax)",
        "Credit Memo Application Item",
        *_APPLICATIONS,
        *(f"{name} Item" for name in _APPLICATIONS),
    }
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PERIOD, _START, _END, _ENTRY = "accountingPeriodName", "targetStartDate", "targetEndDate", "journalEntryDate"
_FIELDS = (_PERIOD, _START, _END, _ENTRY, "transactionTypes", "organizationLabels")


def journal_problem(body: Any) -> Complaint:
    """The first thing that is wrong with the body, or None."""
    if not isinstance(body, dict):
        return MALFORMED_REQUEST, "Request body is not a JSON object"
    for name in body:
        if name not in _FIELDS:
            return UNKNOWN_FIELD, f"Unknown field: {name}"
    return _missing(body) or _dates(body) or _period(body) or _types(body["transactionTypes"]) or _labels(body)


def _missing(body: Mapping[str, Any]) -> Complaint:
    for name in (_ENTRY, "transactionTypes"):
        if body.get(name) is None:
            return MISSING_FIELD, f"Missing required field: {name}"
    return None


def _dates(body: Mapping[str, Any]) -> Complaint:
    for name in (_ENTRY, _START, _END):
        if body.get(name) is not None and not is_date(body[name]):
            return INVALID_VALUE, f"Invalid value for field {name}: not a date as in 2026-11-30"
    return None


def is_date(value: object) -> bool:
    """Text of the form 2026-11-30 that is a day of the calendar."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False  # `fromisoformat` would take 2026-W48-1, too
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _period(body: Mapping[str, Any]) -> Complaint:
    """Either the accounting period, or both target dates."""
    period, start, end = body.get(_PERIOD), body.get(_START), body.get(_END)
    if period is not None:
        return _named_period(period, start, end)
    if start is None or end is None:
        return MISSING_FIELD, f"Missing required field: {_PERIOD}, or both {_START} and {_END}"
    if start > end:
        return RULE, f"{_START} must not be after {_END}"
    return None


def _named_period(period: object, start: object, end: object) -> Complaint:
    if not isinstance(period, str) or not period.strip():
        return INVALID_VALUE, f"Invalid value for field {_PERIOD}"
    if start is not None or end is not None:
        return INVALID_VALUE, f"Fields that exclude each other: {_PERIOD} and target dates"
    return None


def _types(types: Any) -> Complaint:
    if not isinstance(types, list) or not types:
        return INVALID_VALUE, "Invalid value for field transactionTypes: not a list with items"
    for item in types:
        if not isinstance(item, dict) or set(item) != {"type"}:
            return INVALID_VALUE, 'Invalid value for field transactionTypes: each must be {"type": …}'
        if not isinstance(item["type"], str) or item["type"] not in TRANSACTION_TYPES:
            return INVALID_VALUE, f"Invalid transaction type: {item['type']}"
    return None


def _labels(body: Mapping[str, Any]) -> Complaint:
    labels = body.get("organizationLabels", [])
    if not isinstance(labels, list) or not all(isinstance(label, dict) for label in labels):
        return INVALID_VALUE, "Invalid value for field organizationLabels"
    return None
