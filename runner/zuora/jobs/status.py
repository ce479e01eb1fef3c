"""What the tenant reports of a job: its status, its counts, and why it is not what it should be.

Source: Zuora API reference, "Retrieve a data backfill job", "Retrieve a booking date backfill job" (whose status is in
capitals), "Retrieve a journal run".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.domain.model import whole_number

COMPLETED = "completed"
UNDER_WAY = frozenset({"pending", "accepted", "processing", "stopping", "cancelinprogress", "deleteinprogress"})
OVER_BADLY = frozenset({"failed", "error", "canceled", "cancelled", "stopped"})
COUNTS = ("processedCount", "totalCount", "successCount", "failedCount", "totalJournalEntryCount", "errorCount")

Job = Mapping[str, Any]


def count(job: Job, name: str) -> int | None:
    """One of a job's counts; None if it has none. Numbers may come as strings."""
    value = job.get(name)
    if isinstance(value, str):
        return whole_number(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def updated(job: Job) -> int:
    """How many records it reports as updated; where it reports none, those that it went through."""
    good = count(job, "successCount")
    return (good if good is not None else count(job, "processedCount")) or 0


def counts(job: Job) -> dict[str, int]:
    """All counts that a job reports."""
    return {name: counted for name in COUNTS if (counted := count(job, name)) is not None}


def is_completed(job: Job) -> bool:
    """Whether it came to its end."""
    return bool(job["status"].lower() == COMPLETED)


def is_over(job: Job) -> bool:
    """Whether nothing more will become of it."""
    return is_completed(job) or job["status"].lower() in OVER_BADLY


def is_under_way(job: Job) -> bool:
    """Whether its status is a word for going on; one that is neither known as that nor as an end is neither."""
    return job["status"].lower() in UNDER_WAY


def why(job: Job) -> str:
    """Why a job is not what it should be, in Zuora's words where it has any."""
    words = (("processedCount", "processed"), ("errorCount", "errors"))
    counted = [f"{number} {word}" for name, word in words if (number := count(job, name)) is not None]
    reason = job.get("failureMessage") or job.get("errorMessage")
    return "; ".join(str(part) for part in (f"it is {job['status']}", reason, ", ".join(counted)) if part)
