"""Lines in Zuora Revenue by its REST API: which are the run's, and when they were received."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from runner.audit.revenue_by_rest import look_up_by_rest
from runner.audit.revenue_lines import RevenueLine
from runner.audit.transaction_match import UNTIMED
from runner.zuora.revenue.client import Page, RevenueUnavailableError

SO, INV = "booking-transaction", "billing-transaction"
AT = 1_795_773_600_000_000  # 2026-11-27T10:00:00Z
HEADER = "SO_LINE_ID,INV_LINE_ID,CRTD_DT\n"


class Revenue:
    """A client with these answers, by the last part of the path; another path is refused."""

    def __init__(self, zone="UTC", **answers):
        self.connection = SimpleNamespace(time_zone=zone, client_number=1)
        self.answers = answers

    async def get(self, path, continuation=None):
        name = path.partition("?")[0].rpartition("/")[2]
        if name not in self.answers:
            raise RevenueUnavailableError(f"{path}: HTTP 403", "ask for the right")
        return Page(404, b"") if "pagenum=2" in path else Page(200, self.answers[name].encode())


def look(revenue, wanted):
    return asyncio.run(look_up_by_rest(revenue, wanted, AT, AT + 60_000_000))


@pytest.mark.parametrize(
    ("zone", "printed"),
    [
        ("UTC", "2026-11-27T10:00:00"),
        ("America/Los_Angeles", "2026-11-27T10:00:00Z"),
        ("America/Los_Angeles", "2026-11-27 02:00:00"),
        ("Asia/Tokyo", "27-NOV-2026 19:00:00"),
        ("Asia/Tokyo", str(AT // 1000)),
    ],
)
def test_times_without_a_zone_are_of_the_zone_that_is_set(zone, printed):
    """Those with a zone, and numbers, are what they are."""
    errors = f'{{"Result": [{{"so_line_id": "a.1", "err_msg": "E", "crtd_dt": "{printed}"}}]}}'
    history = f"{HEADER}a.1,,{printed}\na.1,x-1,{printed}\nother.1,,{printed}\n"
    revenue = Revenue(zone, transaction=errors, BI3_LINE_STAGE_HISTORY=history)
    seen = look(revenue, {SO: {"a.1"}, INV: {"x1"}})
    assert seen[SO].staging == [RevenueLine("a.1", AT, ("E",))]
    assert (seen[SO].processed, seen[INV].processed) == ([RevenueLine("a.1", AT)], [RevenueLine("x1", AT)])
    assert seen[SO].sees_errors and seen[SO].sees_processed and not seen[SO].unseen


def test_a_zone_that_cannot_be_right():
    """Lines from the future: then no time counts, and the setting is named."""
    history = f"{HEADER}a.1,,2026-11-27T19:00:00\na.1,,\n"
    seen = look(Revenue(transaction='{"Result": []}', BI3_LINE_STAGE_HISTORY=history), {SO: {"a.1"}})[SO]
    assert {line.created for line in seen.processed} == {UNTIMED}
    assert "set revenue_time_zone" in seen.unseen[0]


def test_contracts_where_the_history_is_not_shown():
    """Each operation has a view of its own; what is refused is named with what to do."""
    revenue = Revenue(BI3_RC_LNS="SALES_ORDER_LINE_ID,CREATED_DATE\na.1,2026-11-27T10:00:00\n")
    seen = look(revenue, {SO: {"a.1"}, INV: {"x1"}})
    assert seen[SO].processed == [RevenueLine("a.1", AT)] and seen[SO].only_contracts
    assert not seen[SO].sees_errors and not seen[INV].sees_processed
    assert [text.count("(ask for the right)") for text in seen[INV].unseen] == [1, 1, 1]
