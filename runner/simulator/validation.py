"""Whether the body and the query of a regenerate call are as the API wants them.

Source: "Regenerate booking transactions", "Regenerate billing transactions", "Regenerate revenue recognition events".
A check returns (category, message) of the first problem, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runner.simulator.options import Options
from runner.simulator.responses import (
    INVALID_PARAMETER,
    INVALID_VALUE,
    MALFORMED_REQUEST,
    MISSING_FIELD,
    MISSING_PARAMETER,
    RULE,
    UNKNOWN_FIELD,
)

Complaint = tuple[int, str] | None
Validate = Callable[[Any, Mapping[str, str], Options], Complaint]  # of a body and a query
Ways = Sequence[tuple[str, ...]]  # each way to name an object: the fields that together do

BOOKING_TYPES: Mapping[str, Ways] = {
    "Subscription": (("subscriptionId",), ("subscriptionName", "subscriptionVersion")),
    "OrderLineItem": (("orderLineItemId",), ("orderNumber", "itemNumber")),
    "DynamicUsageCharge": (("ratePlanChargeId",), ("chargeNumber",)),
}
BILLING_TYPES = ("Invoice", "CreditMemo", "DebitMemo", "InvoiceItemAdjustment")
BILLING_IDS = {"id": ("id",), "documentId": ("documentId",), "either": ("id", "documentId")}
INTEGERS = ("subscriptionVersion",)


def objects_problem(types: Mapping[str, Ways]) -> Validate:
    """What is wrong with a call that takes the flags and whose body names an object of one of the types."""
    return lambda body, query, options: flags_problem(query) or object_problem(body, types)


booking_problem = objects_problem(BOOKING_TYPES)  # of "Regenerate booking transactions"


def billing_problem(body: Any, query: Mapping[str, str], options: Options) -> Complaint:
    """What is wrong with a call of "Regenerate billing transactions"."""
    ways = [*((name,) for name in BILLING_IDS[options.billing_id_field]), ("number",)]
    return flags_problem(query) or object_problem(body, dict.fromkeys(BILLING_TYPES, ways))


def flags_problem(query: Mapping[str, str]) -> Complaint:
    """`onlyReSend` and `reMigrate` are booleans, and not both true."""
    wrong = boolean_problem(query, "onlyReSend", "reMigrate")
    if wrong is None and query.get("onlyReSend") == query.get("reMigrate") == "true":
        return RULE, "onlyReSend and reMigrate must not both be true"
    return wrong


def boolean_problem(query: Mapping[str, str], *names: str) -> Complaint:
    """The named parameters are true, false or left out."""
    for name in names:
        if query.get(name, "true") not in ("true", "false"):
            return INVALID_PARAMETER, f"Invalid value for parameter {name}: {query[name]}"
    return None


def object_problem(body: Any, types: Mapping[str, Ways]) -> Complaint:
    """The body names one object of a known type in one way."""
    if not isinstance(body, dict):
        return MALFORMED_REQUEST, "Request body is not a JSON object"
    type_ = body.get("type")
    if type_ is None:
        return MISSING_FIELD, "Missing required field: type"
    if not isinstance(type_, str) or type_ not in types:
        return INVALID_VALUE, f"Invalid value for field type: {type_}"
    return unknown_problem(body, types) or value_problem(body) or way_problem(body, types[type_])


def unknown_problem(body: Mapping[str, Any], types: Mapping[str, Ways]) -> Complaint:
    """Every field is one that some type has."""
    known = {"type"} | {name for ways in types.values() for way in ways for name in way}
    for name in body:
        if name not in known:
            return UNKNOWN_FIELD, f"Unknown field: {name}"
    return None


def value_problem(body: Mapping[str, Any]) -> Complaint:
    """Every identifier is text that is not empty, or an integer where one is required."""
    for name, value in body.items():
        good = positive_integer(value) if name in INTEGERS else isinstance(value, str) and value.strip()
        if not good:
            return INVALID_VALUE, f"Invalid value for field {name}"
    return None


def positive_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def way_problem(body: Mapping[str, Any], ways: Ways) -> Complaint:
    """One way to name the object is there, whole, and nothing else."""
    named = set(body) - {"type"}
    complete = [way for way in ways if named.issuperset(way)]
    if not complete:
        wanted = " or ".join(" with ".join(way) for way in ways)
        return MISSING_FIELD, f"Missing required field: {wanted}"
    if named != set(complete[0]):
        return INVALID_VALUE, f"Fields that exclude each other: {', '.join(sorted(named))}"
    return None


def events_problem(body: Any, query: Mapping[str, str], options: Options) -> Complaint:
    """What is wrong with a call of "Regenerate revenue recognition events (delivery schedule)"."""
    if not query.get("subscriptionNumber"):
        return MISSING_PARAMETER, "Missing required parameter: subscriptionNumber"
    if query.get("mode", "Full") not in ("Incremental", "Full"):
        return INVALID_PARAMETER, f"Invalid value for parameter mode: {query['mode']}"
    return boolean_problem(query, "forRevenueRecollect")


def consumption_problem(body: Any, query: Mapping[str, str], options: Options) -> Complaint:
    """What is wrong with a call of "Regenerate revenue recognition events (daily consumption)"."""
    if not isinstance(body, dict):
        return MALFORMED_REQUEST, "Request body is not a JSON object"
    if body.get("originalChargeId") is None:
        return MISSING_FIELD, "Missing required field: originalChargeId"
    for name, value in body.items():
        if name not in ("originalChargeId", "chargeSegmentNumber", "fundId"):
            return UNKNOWN_FIELD, f"Unknown field: {name}"
        if not isinstance(value, str) or not value.strip():
            return INVALID_VALUE, f"Invalid value for field {name}"
    return boolean_problem(query, "forRevenueRecollect")
