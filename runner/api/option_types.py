"""What each keyword option may hold.

A wrong type is refused before anything is read: `re_migrate="no"` would count as true, and overwrite.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from runner.domain.errors import Refused

Count = Annotated[int, msgspec.Meta(ge=1)]
Minutes = Annotated[float, msgspec.Meta(ge=0)]
EXPECTED: dict[str, Any] = {
    **dict.fromkeys(("profile", "base_url", "on_finish", "notify", "client_id", "client_secret", "run_id"), str),
    **dict.fromkeys(("config", "runs_dir", "metrics", "remote"), Path),
    **dict.fromkeys(("type", "retry_failed_from", "sheet", "encoding"), str),
    **dict.fromkeys(("only_resend", "re_migrate", "skip_rejected", "resend_unknown", "again", "yes"), bool),
    **dict.fromkeys(("literal", "include_hidden", "skip_hidden", "accept_failures", "wait", "no_wait", "moved"), bool),
    **dict.fromkeys(("accept_incomplete_ledger", "preflight", "wait_for_quota", "no_template_check"), bool),
    **dict.fromkeys(("give_up_after", "header_row", "max_requests", "canary"), Count),
    **dict.fromkeys(("rate", "quota_share"), float),
    "concurrency": int,
    "outage_patience": Minutes,
    "tenant": Literal["production", "central-sandbox", "developer-sandbox", "api-sandbox", "none"],
    "mode": Literal["default", "only-resend", "re-migrate"],
    "if_unfinished": Literal["new", "resume"],
    "notify_on": Literal["always", "change", "failure"],
    "by": Literal["id", "number", "name"],
    "format": Literal["parquet", "csv", "both", "xlsx"],
    "max_failures": int | str,
    "until": str | datetime,
}
_WORDS = {
    str: "a text",
    Path: "a path",
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    Count: "a whole number from 1",
    Minutes: "a number of minutes",
    int | str: "a number of requests, or a percentage such as '5%'",
    str | datetime: "'HH:MM' or a datetime",
}


def checked(name: str, value: Any) -> Any:
    """The option's value: paths as text, numbers of numpy as plain ones. Raises Refused if it is of another kind."""
    expected = EXPECTED.get(name)
    if expected is None or value is None:
        return value
    plain = value.item() if hasattr(value, "item") else value
    try:
        if expected is Path:
            return os.fspath(plain)
        return msgspec.convert(plain, expected)
    except (TypeError, msgspec.ValidationError):
        raise _refusal(name, value, expected) from None


def _refusal(name: str, value: Any, expected: Any) -> Refused:
    if get_origin(expected) is Literal:
        return Refused(f"{name}={value!r}: give one of {', '.join(map(repr, get_args(expected)))}")
    shown = type(value).__name__ if name == "client_secret" else repr(value)
    return Refused(f"{name}={shown}: give {_WORDS[expected]}")
