"""What a fault makes of an answer."""

from __future__ import annotations

from typing import Any

import msgspec

from runner.simulator.faults import Fault, Harm
from runner.simulator.intermediaries import before_the_api, changed_on_its_way
from runner.simulator.options import Options
from runner.simulator.request import Request
from runner.simulator.responses import AUTHENTICATION as RESOURCE
from runner.simulator.responses import (
    HTML,
    LIMIT,
    REQUEST,
    UNAUTHENTICATED,
    Answer,
    Problem,
    bare_500,
    encode,
    failure,
    gateway_page,
    throttled,
)

DECLARED = ("idList", "jobId", "journalRunNumber")
_CROWD_PROBLEM = Problem(REQUEST, LIMIT, "Concurrent request limit exceeded, please retry later")
_TOKEN_PROBLEM = Problem(RESOURCE, UNAUTHENTICATED, "Authentication error: the access token has expired")


def unauthorized(request: Request, options: Options) -> Answer:
    """401 with an envelope of category 11."""
    return failure(request, _TOKEN_PROBLEM, options, 401)


def crowded(request: Request, options: Options) -> Answer:
    """Too many requests at once: 429, with an envelope of category 70 unless `plain_429`."""
    if options.plain_429:
        return throttled(options.retry_after)
    answer = failure(request, _CROWD_PROBLEM, options, 429)
    answer.headers["Retry-After"] = str(options.retry_after)
    return answer


def instead(fault: Fault, request: Request, options: Options) -> Answer:
    """The answer of somebody who stands before the API."""
    if (answer := before_the_api(fault.harm, fault.status, options.retry_after)) is not None:
        return answer
    if fault.harm is Harm.GATEWAY:
        return gateway_page(fault.status, options.retry_after)
    if fault.harm is Harm.THROTTLED:
        return throttled(options.retry_after)
    if fault.harm is Harm.CROWDED:
        return crowded(request, options)
    if fault.harm is Harm.TOKEN:
        return unauthorized(request, options)
    return bare_500()


def harmed(answer: Answer, fault: Fault, request: Request, options: Options) -> Answer:
    """The answer as it arrives; what was saved stays whole."""
    match fault.harm:
        case Harm.GATEWAY | Harm.BARE_500 | Harm.NULL_ID:
            return instead(fault, request, options)
        case Harm.NOT_JSON:
            return Answer(200, b"OK", answer.content_type, answer.headers)
        case Harm.HTML_200:
            return Answer(200, gateway_page(200, 0).body, HTML)
        case Harm.NO_SUCCESS:
            return _rewritten(answer, success=None)
        case Harm.NO_ID_LIST:
            return _rewritten(answer, **dict.fromkeys(DECLARED))
        case Harm.ODD_ID_LIST:
            return _odd(answer)
        case Harm.TEXT_SUCCESS:
            return _rewritten(answer, success=str((_fields(answer) or {}).get("success")).lower())
        case Harm.HUGE:
            return _rewritten(answer, padding="x" * options.huge_bytes)
        case _:
            return changed_on_its_way(answer, fault.harm)


def _rewritten(answer: Answer, **changes: Any) -> Answer:
    """The same with some fields set, or left out where None."""
    fields = _fields(answer)
    if fields is None:
        return answer
    changed = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    return Answer(answer.status, encode(changed), answer.content_type, answer.headers)


def _odd(answer: Answer) -> Answer:
    """The declared field of another type: one text instead of a list, a number instead of a text."""
    fields = _fields(answer) or {}
    odd = {name: ",".join(fields[name]) if name == "idList" else 7 for name in DECLARED if name in fields}
    return _rewritten(answer, **odd)


def _fields(answer: Answer) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None
