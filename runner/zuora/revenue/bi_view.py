"""BI views of Zuora Revenue: what has changed in a time, page by page, as CSV.

Source: "Retrieve BI View data (v2, paged)": page 1 answers with a `continuation-token`, which the later pages want;
pages go on until 404; 400 "Page still not yet cached" means to wait; at most 10,000 rows a page, a tenant may have
less, so that a short page is not the last one. `fromDate` and `toDate` have no zone.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from runner.zuora.revenue.client import Page, RevenueClient, RevenueUnavailableError, refused

PATH = "/v2/biviews"
HISTORY = "BI3_LINE_STAGE_HISTORY"  # lines that were processed into contract lines
CONTRACT_LINES, BILLS = "BI3_RC_LNS", "BI3_RC_BILL"
PAGE_ROWS = 10_000
MOST_PAGES = 100_000
DAY = 86_400 * 1_000_000
GZIP = b"\x1f\x8b"

Names = Mapping[str, Sequence[str]]  # what is wanted, and the columns that may hold it


async def view_rows(
    client: RevenueClient, view: str, since: int, until: int, names: Names, needed: Sequence[str]
) -> AsyncIterator[dict[str, str]]:
    """The rows that changed in a time (microseconds; a day more on both sides, for the zone is not published).

    `names` are known by what they mean, whatever their case and underscores; those that the view lacks are left out.
    Raises RevenueUnavailableError, also where one of the `needed` ones is missing.
    """
    token: str | None = None
    columns: list[str] = []
    previous = b""
    for number in range(1, MOST_PAGES + 1):
        page = await client.get(_path(client, view, number, since, until), token)
        rows = _rows(view, page, number)
        token = page.continuation or token
        digest = hashlib.sha256(page.body).digest()
        if not rows or digest == previous:
            return
        previous = digest
        if number == 1:
            columns = _columns(view, rows[0], names, needed)
            header = rows[0]
        for row in rows:
            if row and row != header:
                yield {name: cell for name, cell in zip(columns, row, strict=False) if name}


def _path(client: RevenueClient, view: str, number: int, since: int, until: int) -> str:
    times = {"fromDate": _time(since - DAY), "toDate": _time(until + DAY)}
    pages = {"pagenum": number, "pageSize": PAGE_ROWS, "outputType": "csv"}
    return f"{PATH}/{view}?{urlencode({'clientId': client.connection.client_number, **times, **pages})}"


def _time(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds // 1_000_000, UTC):%Y-%m-%dT%H:%M:%S}"


def _rows(view: str, page: Page, number: int) -> list[list[str]]:
    """The rows of a page with its header; none behind the last page."""
    if page.status == 204 or (page.status == 404 and number > 1):
        return []
    head = page.body.lstrip()[:1]
    if page.status != 200 or head in (b"{", b"<"):
        raise refused(f"BI view {view}", page)
    try:
        body = gzip.decompress(page.body) if page.body.startswith(GZIP) else page.body
        return [row for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")) if any(row)]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise RevenueUnavailableError(f"BI view {view}: page {number} is not CSV ({error})") from error


def _columns(view: str, header: Sequence[str], names: Names, needed: Sequence[str]) -> list[str]:
    """What each column is wanted as; empty for the others."""
    plain = [name.strip().lower().replace("_", "").replace(" ", "") for name in header]
    found = {name: next((each for each in spelled if each in plain), None) for name, spelled in names.items()}
    if missing := [name for name in needed if found[name] is None]:
        reason = f"no column is known to hold {', '.join(missing)}; it has {', '.join(header)}"
        raise RevenueUnavailableError(f"BI view {view}: {reason[:300]}")
    by_column = {column: name for name, column in found.items() if column is not None}
    return [by_column.get(column, "") for column in plain]
