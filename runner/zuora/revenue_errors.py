"""Error codes of Zuora Revenue, and what to do about them. Source: "Error messages in Zuora Revenue".

A line with an error stays in Inbound until it is deleted there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SEND_AGAIN = "delete the line from Inbound, correct the source, send it again"
_DUPLICATE = (
    "the line was processed before: delete the duplicate from Inbound; do not send it again without `--re-migrate`"
)
_BOOKING_FIRST = "its booking is not in Revenue: send and collect the booking first, then this line"
_RATES = "correct the exchange rates in Revenue, delete the line from Inbound, send it again"
_ACCOUNTS = "correct the accounting codes, delete the line from Inbound, send it again"
REMEDIES: Mapping[str, str] = {
    "RPRO-00647": _DUPLICATE,
    "RPRO-00646": _DUPLICATE,
    "RPRO-00648": _BOOKING_FIRST + " (or its date is in the future)",
    "RPRO-00600": _BOOKING_FIRST,
    "RPRO-00609": "its parent charge is excluded or failed: fix that, then collect both again",
    "RPRO-76": _RATES,
    "RPRO-77": _RATES,
    "RPRO-00011": _RATES,
    "RPRO-00012": _RATES,
    "RPRO-00021": _ACCOUNTS,
    "RPRO-00023": _ACCOUNTS,
    "RPRO-00622": "the invoice exceeds the booking: set ALLOW_OVERSTATED_INVOICE to Yes, or correct the booking",
    "RPRO-10000": "its sales order line is of another organization: correct the organization mapping",
}
CUSTOM_RULE = "a validation rule of your own Revenue refuses it: see the rule, " + SEND_AGAIN

_CODE = re.compile(r"\b(?:(?i:RPRO-\d+)|CUST(?:[-_]\w|\d)[\w-]*)")


def code_of(message: str) -> str | None:
    """The code in a message of Revenue; None if it has none."""
    match = _CODE.search(message)
    return match.group().upper() if match else None


def remedy_for(code: str | None) -> str:
    """What to do about an error. Codes are compared without leading zeros."""
    if code is not None and code.startswith("CUST"):
        return CUSTOM_RULE
    return _BY_NUMBER.get(_plain(code), SEND_AGAIN) if code else SEND_AGAIN


def _plain(code: str) -> str:
    prefix, _, number = code.partition("-")
    return f"{prefix}-{number.lstrip('0')}"


_BY_NUMBER = {_plain(code): remedy for code, remedy in REMEDIES.items()}
