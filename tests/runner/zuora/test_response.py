"""From HTTP responses to replies."""

from __future__ import annotations

import gzip

import pytest

from runner.domain.model import Reply, Silence
from runner.zuora.response import MAX_BODY_BYTES, retry_after
from tests.runner.zuora.test_client import answered, http

pytestmark = pytest.mark.usefixtures("way")


async def test_what_is_no_http_is_named_in_plain_words():
    """Not `400, message:`, as the parser puts it."""
    answer = await answered(b"rubbish\r\n\r\n")
    assert isinstance(answer, Silence)
    assert answer.detail.startswith("the head of the response is not HTTP: ")
    assert "message" not in answer.detail


async def test_a_body_of_several_gzip_members():
    """RFC 1952: their contents follow each other."""
    packed = gzip.compress(b'{"success": ') + gzip.compress(b"true}")
    answer = await answered(http(packed, Content_Encoding="gzip"))
    assert isinstance(answer, Reply)
    assert answer.body == b'{"success": true}'


DATE = "Fri, 27 Nov 2026 10:00:00 GMT"  # by the server's clock, which need not be ours


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        ("503 X", {"Retry_After": "Fri, 27 Nov 2026 10:00:30 GMT"}, 30.0),
        ("503 X", {"Retry_After": "1795773640"}, 40.0),
        ("429 X", {"Retry_After": "1795773640000"}, 40.0),
        ("429 X", {"ratelimit_reset": "600"}, 600.0),
        ("429 X", {"ratelimit_reset": "1795773650"}, 50.0),
        ("429 X", {"Retry_After": "7", "ratelimit_reset": "600"}, 7.0),
        ("503 X", {"ratelimit_reset": "600"}, None),
        ("429 X", {"Retry_After": "Fri, 27 Nov 2026 09:00:00 GMT"}, 0.0),
    ],
)
async def test_how_long_to_wait_by_the_servers_own_clock(status, headers, seconds):
    """Dates and epochs count from the response's Date; a 429 without Retry-After has its window's reset."""
    answer = await answered(http(b"", status, Date=DATE, **headers))
    assert isinstance(answer, Reply)
    assert answer.retry_after_seconds == seconds


async def test_a_small_gzip_that_unpacks_to_much_is_capped():
    """A bomb is as any other oversized body."""
    answer = await answered(http(gzip.compress(b"0" * (MAX_BODY_BYTES + 10)), Content_Encoding="gzip"))
    assert isinstance(answer, Silence)
    assert answer.kind == "oversized"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("nan", None), ("1e99", 86400.0)],
)
def test_retry_after_is_seconds(text, seconds):
    """Anything else is no advice; no advice holds more than a day."""
    assert retry_after(text) == seconds


def test_retry_after_is_a_date():
    """The other form that HTTP allows."""
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0.0
