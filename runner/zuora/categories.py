"""Error categories: the last two digits of a Zuora error code."""

from __future__ import annotations

# Knowledge Center, "Regenerate transactions": described for administrators and the button of the user interface; what
# the API asks for is documented nowhere.
PERMISSION_NAME = "Manage OTR Transactions Regeneration"

CATEGORIES = {
    "10": "permission",
    "11": "authentication",
    "20": "invalid-value",
    "21": "unknown-field",
    "22": "missing-field",
    "23": "invalid-parameter",
    "27": "invalid-parameter",
    "30": "business-rule",
    "40": "not-found",
    "45": "unsupported",
    "50": "locking-contention",
    "60": "internal-error",
    "61": "temporary-error",
    "70": "too-many-requests",
    "90": "malformed-request",
    "99": "external-system",
    "job": "job",  # what a request created came to a bad end
    "record": "record",  # a row of a backfill part that its job did not take
}


def category_word(outcome: str | None, category: str | None, http_status: int | None) -> str | None:
    """Our word for what went wrong: Zuora's category, else the HTTP status."""
    if outcome == "succeeded":
        return None
    if category is not None:
        return CATEGORIES.get(category, f"category-{category}")
    return "no-answer" if http_status is None else f"http-{http_status}"


TEMPORARY = frozenset({"50", "60", "61", "99"})


PERMISSION, CREDENTIALS, THROTTLED, NOT_FOUND = "10", "11", "70", "40"


WAITING = TEMPORARY | {THROTTLED}
