"""What the API answers: envelopes, and the pages of the gateways before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from runner.simulator.options import Options
from runner.simulator.request import Request
from runner.simulator.seeded_random import draw

JSON = "application/json;charset=UTF-8"
HTML = "text/html"

encode = msgspec.json.encode


@dataclass(slots=True)
class Answer:
    """A status, a body and the headers that are saved with them."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the API says no: a code is six digits that name the resource and two that name the category."""

    resource: int
    category: int
    message: str

    @property
    def code(self) -> int:
        return self.resource * 100 + self.category


# Which six digits Zuora gives to which resource is not published; these differ from each other, as there.
AUTHENTICATION = 900000
REQUEST = 500000
BOOKING = 531003
BILLING = 531004
REVENUE_EVENTS = 531005
BACKFILL = 532001
BOOKING_DATES = 532002
PROPAGATION = 532003
JOURNAL_RUNS = 513000
ACCOUNTING_PERIODS = 510000
FILES = 577000

PERMISSION = 10
UNAUTHENTICATED = 11
INVALID_VALUE = 20
UNKNOWN_FIELD = 21
MISSING_FIELD = 22
MISSING_PARAMETER = 23
INVALID_PARAMETER = 27
RULE = 30
NOT_FOUND = 40
LOCKED = 50
LIMIT = 70
MALFORMED_REQUEST = 90


def stamped(request: Request) -> dict[str, str]:
    """The headers that name a processed request (guide "Request and response headers")."""
    headers = {"Zuora-Request-Id": request.request_id}
    if request.track is not None:
        headers["Zuora-Track-Id"] = request.track
    return headers


def success(request: Request, **fields: Any) -> Answer:
    """HTTP 200 with `success: true` and the fields that the operation declares."""
    return Answer(200, encode({"success": True, **fields}), headers=stamped(request))


def failure(request: Request, problem: Problem, options: Options, status: int = 200) -> Answer:
    """The envelope of a failure; HTTP 200 unless set otherwise."""
    envelope = {
        "success": False,
        "processId": request.request_id.replace("-", "").upper()[-16:],
        "requestId": request.request_id,
        "reasons": [{"code": _code(request, problem, options), "message": problem.message}],
    }
    return Answer(status, encode(envelope), headers=stamped(request))


def _code(request: Request, problem: Problem, options: Options) -> int | str:
    style = options.code_style
    if style == "mixed":
        style = "string" if draw(options.seed, "code style", request.digest) < 0.5 else "number"
    return str(problem.code) if style == "string" else problem.code


_REASONS = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out", 200: "Scheduled maintenance"}


def gateway_page(status: int, retry_after: int) -> Answer:
    """The HTML that a proxy answers with; Retry-After with 503."""
    title = f"{status} {_REASONS[status]}"
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    headers = {"Retry-After": str(retry_after)} if status == 503 else {}
    return Answer(status, page.encode(), HTML, headers)


def bare_500() -> Answer:
    """A server error of which nobody made an envelope."""
    return Answer(500, b"Internal Server Error", "text/plain")


def throttled(seconds: int) -> Answer:
    """What the rate limiter answers, before the API is requested (guide "Rate limits")."""
    body = encode({"message": "You have exceeded the rate limit. Please try again later."})
    return Answer(429, body, headers={"Retry-After": str(seconds)})
