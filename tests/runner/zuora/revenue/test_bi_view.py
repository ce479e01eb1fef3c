"""Pages of BI views, as servers may write them."""

from __future__ import annotations

import gzip
from urllib.parse import parse_qs, urlsplit

import pytest

from runner.zuora.revenue.bi_view import view_rows
from runner.zuora.revenue.client import RevenueUnavailableError
from tests.harness.imposter import Response

NAMES = {"booking": ("solineid",), "created": ("crtddt",)}
UNTIL = 1_800_000_000_000_000
ALL = [{"booking": f"a.{n}", "created": str(n)} for n in range(5)]


def pages(*bodies, end=404, token="c-1"):
    """A server with these pages, and this status behind them."""

    def answer(arrived):
        number = int(parse_qs(urlsplit(arrived.path).query)["pagenum"][0])
        if number > 1 and arrived.headers.get("continuation-token") != token:
            return Response(400, {"message": "no token"})
        if number > len(bodies):
            return Response(end, b"" if end == 204 else {"message": "This page will not exist"})
        return Response(200, bodies[number - 1], {"Continuation-Token": token} if number == 1 else {})

    return answer


async def all_rows(client):
    return [row async for row in view_rows(client, "V", UNTIL - 10, UNTIL, NAMES, ["booking"])]


HEADED = [b"SO_LINE_ID,CRTD_DT\n" + b"".join(b"a.%d,%d\n" % (n, n) for n in part) for part in ([0, 1], [2, 3], [4])]
HEADLESS = [HEADED[0], *(page.partition(b"\n")[2] for page in HEADED[1:])]
OTHERS = [
    b'\xef\xbb\xbf"x","Crtd Dt","so line id"\r\n' + b"".join(b",%d,a.%d\r\n" % (n, n) for n in part) + b"\r\n"
    for part in ([0, 1, 2], [3, 4])
]


@pytest.mark.parametrize("bodies", [HEADED, HEADLESS, OTHERS, [gzip.compress(page) for page in HEADED]])
@pytest.mark.parametrize("end", [404, 204])
def test_pages_are_read_to_the_end(looked, bodies, end):
    """With a header on each or on the first alone, in any case and order of columns; a short page is not the last."""
    rows, server, _ = looked(all_rows, pages(*bodies, end=end))
    assert rows == ALL
    query = parse_qs(urlsplit(server.seen[1].path).query)
    assert query["clientId"] == ["1"] and query["fromDate"] == ["2027-01-14T07:59:59"]


def test_a_page_that_is_not_written_yet_is_waited_for(looked):
    """Published: 400, "Page still not yet cached. Please retry."."""
    left = [Response(400, b"Page still not yet cached. Please retry.")] * 20
    serve = pages(*HEADED)

    def answer(arrived):
        return left.pop() if left and "pagenum=2" in arrived.path else serve(arrived)

    rows, _, waits = looked(all_rows, answer)
    assert rows == ALL and len(waits) == 20


def test_a_server_that_knows_no_pages(looked):
    """The same page again is not read twice."""
    rows, _, _ = looked(all_rows, lambda arrived: Response(200, HEADED[0]))
    assert rows == ALL[:2]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(404, {"message": "no such view"}), "BI view V: HTTP 404: no such view"),
        (Response(400, {"message": "Invalid User ID"}), "Invalid User ID"),
        (Response(200, {"success": False, "message": "away"}), "BI view V: HTTP 200: away"),
        (Response(200, b"LINE,DATE\n1,2\n"), "no column is known to hold booking; it has LINE, DATE"),
        (Response(200, b"\x1f\x8bno gzip"), "page 1 is not CSV"),
        (Response(200, b"a\xff\n"), "page 1 is not CSV"),
    ],
)
def test_what_is_no_view(looked, answer, reason):
    """It is never taken for a view without rows."""
    with pytest.raises(RevenueUnavailableError, match=reason):
        looked(all_rows, lambda arrived: answer)


def test_a_view_without_rows(looked):
    """204 on the first page."""
    assert looked(all_rows, lambda arrived: Response(204, b""))[0] == []
