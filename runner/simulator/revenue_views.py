"""BI views of Zuora Revenue: the staging history, contract lines and bills, as CSV page by page.

Source: "Retrieve BI View data (v2, paged)". `fromDate` and `toDate` filter on INCR_UPDT_DT; page 1 has a continuation
token that later pages want; behind the last page 404; page 0, and the staging history without a page, 204. The names of
the columns are in a spreadsheet only: these follow those of "Get staging error". Times are UTC, without a zone.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from runner.simulator.context import World
from runner.simulator.request import Request
from runner.simulator.responses import Answer, encode
from runner.simulator.seeded_random import hex_ids
from runner.simulator.tenant.revenue import INVOICE, SALES_ORDER, Line, Revenue

HISTORY = "BI3_LINE_STAGE_HISTORY"
CONTRACTS = {"BI3_RC_LNS": SALES_ORDER, "BI3_RC_BILL": INVOICE}
USUAL_ROWS, MOST_ROWS = 1000, {"csv": 10_000, "gzip": 20_000}
_COLUMNS: Mapping[str, Callable[[Line], Any]] = {
    "ID": lambda line: line.number,
    "CLIENT_ID": lambda line: 1,
    "BATCH_ID": lambda line: line.batch,
    "TYPE": lambda line: line.kind,
    "SO_NUM": lambda line: line.row.get("salesordernumber"),
    "SO_LINE_NUM": lambda line: line.row.get("salesorderlinenumber"),
    "SO_LINE_ID": lambda line: line.row.get("salesorderlineid"),
    "INV_LINE_NUM": lambda line: line.row.get("documentlinenumber"),
    "INV_LINE_ID": lambda line: line.row.get("documentlineid"),
    "CRTD_DT": lambda line: _moment(line.at),
    "INCR_UPDT_DT": lambda line: _moment(line.at),
}


def bi_view(world: World, revenue: Revenue, request: Request, names: Sequence[str]) -> Answer:
    """The answer to GET /v2/biviews/…: a page, the number of rows, or the columns."""
    view = names[1] if names[:1] == ["count"] and len(names) == 2 else names[0] if names else ""
    if view not in (HISTORY, *CONTRACTS):
        return _refused(400, f"Invalid BI view {view}")
    if list(names[1:]) == ["describe-columns"]:
        return Answer(200, encode([{"column_name": name, "data_type": "VARCHAR2"} for name in _COLUMNS]))
    query = request.query
    if not query.get("clientId", "").isdecimal():
        return _refused(400, "Invalid User ID")
    try:
        since, until = (datetime.fromisoformat(query[name]).replace(tzinfo=UTC) for name in ("fromDate", "toDate"))
    except (KeyError, ValueError):
        return _refused(400, "fromDate and toDate must be dates such as 2026-11-27T00:00:00")
    lines = revenue.history(CONTRACTS.get(view))
    lines = [line for line in lines if since.timestamp() <= line.at < until.timestamp()]
    if names[0] == "count":
        return Answer(200, encode({"count": len(lines)}))
    return _page(world, view, request, lines)


def _page(world: World, view: str, request: Request, lines: Sequence[Line]) -> Answer:
    query = request.query
    number = int(query["pagenum"]) if query.get("pagenum", "").isdecimal() else 0 if view == HISTORY else 1
    kind = query.get("outputType", "csv")
    most = min(MOST_ROWS.get(kind, USUAL_ROWS), world.options.revenue_page_rows)
    size = int(query["pageSize"]) if query.get("pageSize", "").isdecimal() else USUAL_ROWS
    size = size if 1 <= size <= most else min(USUAL_ROWS, most)
    if number == 0 or not lines:
        return Answer(204, b"")
    pages = math.ceil(len(lines) / size)
    if number > pages:
        return _refused(404, f"This page will not exist. Total pages: {pages}, total rows: {len(lines)}")
    token = hex_ids(0, 1, "continuation", view, query.get("fromDate"), query.get("toDate"))[0]
    if number > 1 and request.headers.get("continuation-token") != token:
        return _refused(400, "The continuation token is missing or not valid")
    body = _csv(lines[(number - 1) * size : number * size])
    if kind == "gzip":
        return Answer(200, gzip.compress(body), "application/gzip", {"continuation-token": token})
    return Answer(200, body, "text/csv", {"continuation-token": token})


def _csv(lines: Sequence[Line]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows([value(line) for value in _COLUMNS.values()] for line in lines)
    return text.getvalue().encode()


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}"


def _refused(status: int, message: str) -> Answer:
    return Answer(status, encode({"status": "Error", "message": message}))
