"""Answers as proxies, gateways and firewalls between the API and its client make or change them.

Each was met in public reports of HTTP clients; none is in Zuora's documentation.
"""

from __future__ import annotations

import gzip
import time
from email.utils import formatdate

from runner.simulator.faults import Harm
from runner.simulator.responses import HTML, Answer, gateway_page, throttled

BIG_HEADER_BYTES = 12 * 1024
MANY_HEADERS = 200
_FIREWALL = b"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.</body></html>"


def before_the_api(harm: Harm | None, status: int, retry_after: int) -> Answer | None:
    """The answer of somebody in front of the API, or None if the harm is of another kind."""
    match harm:
        case Harm.NULL_ID:
            page = gateway_page(status, retry_after)
            return Answer(status, page.body, page.content_type, {**page.headers, "Zuora-Request-Id": "null"})
        case Harm.RETRY_DATE:
            return _retry_after(status, formatdate(time.time() + retry_after, usegmt=True))
        case Harm.RETRY_EPOCH:
            return _retry_after(status, str(int(time.time()) + retry_after))
        case Harm.RESET_ONLY:
            return Answer(429, throttled(0).body, headers={"ratelimit-reset": str(retry_after)})
        case Harm.FIREWALL:
            return Answer(403, _FIREWALL, HTML)
        case _:
            return None


def _retry_after(status: int, value: str) -> Answer:
    page = gateway_page(status, 0)
    return Answer(status, page.body, page.content_type, {"Retry-After": value})


def changed_on_its_way(answer: Answer, harm: Harm | None) -> Answer:
    """The same answer in another dress: whoever reads carefully reads the same."""
    match harm:
        case Harm.BOM:
            return Answer(answer.status, b"\xef\xbb\xbf" + answer.body, answer.content_type, answer.headers)
        case Harm.GZIP_MEMBERS:
            half = len(answer.body) // 2
            body = gzip.compress(answer.body[:half], 1) + gzip.compress(answer.body[half:], 1)
            return Answer(answer.status, body, answer.content_type, {**answer.headers, "Content-Encoding": "gzip"})
        case Harm.BIG_HEADER:
            return _with_headers(answer, {"X-Trace": "t" * BIG_HEADER_BYTES})
        case Harm.MANY_HEADERS:
            return _with_headers(answer, {f"X-Hop-{number}": "via" for number in range(MANY_HEADERS)})
        case _:
            return answer


def _with_headers(answer: Answer, headers: dict[str, str]) -> Answer:
    return Answer(answer.status, answer.body, answer.content_type, {**answer.headers, **headers})
