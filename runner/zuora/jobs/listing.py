"""The tenant's list of backfill jobs, page by page.

Source: Zuora API reference, "List data backfill jobs", "Pagination".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from runner.zuora.envelope import Envelope
from runner.zuora.operations import BACKFILL

assert BACKFILL.tail is not None and BACKFILL.tail.list_path is not None
LIST_PATH = BACKFILL.tail.list_path
PAGE_SIZE = 40  # "Pagination": the most
MOST_PAGES = 10_000


def first_page(path: str = LIST_PATH) -> str:
    """Path and query of the first page."""
    return f"{path}?pageSize={PAGE_SIZE}"


def page(parsed: Envelope) -> tuple[list[dict[str, Any]], str | None] | None:
    """The jobs of a page; path and query of the next one, None after the last. None if it is no list of jobs."""
    jobs = parsed.fields.get("jobs", [])
    if jobs is None:
        jobs = []
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        return None
    return jobs, next_path(parsed.fields.get("nextPage")) if jobs else None


def next_path(address: object) -> str | None:
    """Path and query of the next page, which comes as a path or as a whole address; the host stays our own."""
    if not isinstance(address, str) or not address:
        return None
    parts = urlsplit(address)
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{parts.query}" if parts.query else path
