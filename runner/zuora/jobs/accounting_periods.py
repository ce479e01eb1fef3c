"""The tenant's accounting periods.

Source: Zuora API reference, "List accounting periods" (GET /v1/accounting-periods, `page` and `pageSize`, at most 300).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from runner.domain.errors import RunnerError
from runner.domain.model import Reply
from runner.zuora.client import Client
from runner.zuora.envelope import BOM, failure
from runner.zuora.jobs.listing import MOST_PAGES, next_path
from runner.zuora.retry import retried

PATH = "/v1/accounting-periods"
PAGE_SIZE = 300
TRY_AGAIN_SECONDS = (0.2, 1.0)
CLOSED = "closed"


class Period(msgspec.Struct, frozen=True, rename="camel"):
    """An accounting period. Both dates belong to it."""

    id: str
    name: str
    start_date: date
    end_date: date
    status: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether nothing is to be written into it."""
        return self.status.strip().lower() == CLOSED

    def overlaps(self, first: date, last: date) -> bool:
        """Whether some day of it lies in a range, both ends included."""
        return self.start_date <= last and first <= self.end_date


class _Page(msgspec.Struct, rename="camel"):
    accounting_periods: list[Period] = []
    next_page: Any = None
    success: Any = True


_decode = msgspec.json.Decoder(_Page).decode


async def accounting_periods(client: Client) -> Sequence[Period]:
    """Every accounting period. Raises RunnerError with the tenant's reason."""
    periods: list[Period] = []
    path: str | None = f"{PATH}?pageSize={PAGE_SIZE}"
    for _ in range(MOST_PAGES):
        if path is None:
            break
        page = await _page(client, path)
        periods += page.accounting_periods
        path = next_path(page.next_page) if page.accounting_periods else None
    return periods


async def _page(client: Client, path: str) -> _Page:
    async def ask() -> Any:
        return await client.ask("GET", path)

    answer = await retried(ask, lambda answer: _parsed(answer) is not None, TRY_AGAIN_SECONDS, asyncio.sleep)
    page = _parsed(answer)
    if page is None:
        raise RunnerError(f"GET {PATH}: {failure(answer)}")
    return page


def _parsed(answer: Any) -> _Page | None:
    """A page; GETs often lack `success`, but one that says false holds none."""
    if not isinstance(answer, Reply) or answer.status != 200:
        return None
    try:
        page = _decode(answer.body.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if page.success is False else page
