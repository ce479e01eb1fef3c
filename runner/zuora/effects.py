"""What a request does to data that is there already, in words for the person who is asked.

Sources: Zuora API reference, "Regenerate booking transactions" and "Regenerate billing transactions" (query
parameters `onlyReSend` and `reMigrate`), "Create a data backfill job".
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

_NOUNS = {"booking-transaction": "booking transactions", "billing-transaction": "billing transactions"}
_OTHERS = {
    "data-backfill": "backfill job(s): the records in the files are updated in Billing",
    "booking-dates": "booking date backfill job(s): booking dates of the whole tenant are updated",
    "journal-run": "journal run(s): journal entries are made",
}


def overwrites(operation: str, query: str) -> bool:
    """Whether what is there is replaced."""
    asked = _asked(query)
    if asked.get("onlyReSend"):
        return False
    return bool(asked.get("reMigrate")) or operation in ("booking-transaction", "data-backfill", "booking-dates")


def consequence(operation: str, query: str, count: int) -> str:
    """What so many requests of one kind do."""
    if operation not in _NOUNS:
        return f"{count:,} {_OTHERS.get(operation, f'{operation} request(s)')}"
    noun = _NOUNS[operation]
    what = "OVERWRITTEN" if overwrites(operation, query) else "not overwritten"
    asked = _asked(query)
    if asked.get("onlyReSend"):
        sent = "sent to Revenue again for re-collecting (regenerate_flag Y)"
    elif asked.get("reMigrate"):
        sent = "sent to Revenue for re-collecting (regenerate_flag Y)"
    else:
        sent = "sent to Revenue (regenerate_flag N)"
    return f"{noun} of {count:,} object{'' if count == 1 else 's'}: {what}, and {sent}"


def _asked(query: str) -> Mapping[str, bool]:
    return {name: values[-1] == "true" for name, values in parse_qs(query).items()}
