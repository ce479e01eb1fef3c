"""What the tenant tells of a job: its status, its counts, and why it is not what it should be.

Source: Zuora API reference, "Retrieve a data backfill job", "Retrieve a booking date backfill job" (whose status is in
capitals), "Retrieve a journal run".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMPLETED = "completed"
OVER_BADLY = frozenset({"failed", "error", "canceled", "cancelled", "stopped"})
COUNTS = ("processedCount", "totalCount", "successCount", "failedCount", "totalJournalEntryCount", "errorCount")

Job = Mapping[str, Any]


def count(job: Job, name: str) -> int | None:
    """One of a job's counts; None if it does not tell it. Numbers may come as strings."""
    value = job.get(name)
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def counts(job: Job) -> dict[str, int]:
    """All counts that a job tells."""
    return {name: told for name in COUNTS if (told := count(job, name)) is not None}


def is_completed(job: Job) -> bool:
    """Whether it came to its end."""
    return bool(job["status"].lower() == COMPLETED)


def is_over(job: Job) -> bool:
    """Whether nothing more will become of it."""
    return is_completed(job) or job["status"].lower() in OVER_BADLY


def why(job: Job) -> str:
    """Why a job is not what it should be, in Zuora's words where it has any."""
    words = (("processedCount", "processed"), ("errorCount", "errors"))
    told = [f"{number} {word}" for name, word in words if (number := count(job, name)) is not None]
    reason = job.get("failureMessage") or job.get("errorMessage")
    return "; ".join(str(part) for part in (f"it is {job['status']}", reason, ", ".join(told)) if part)
