"""The faults that the simulator can commit, as one table, and the choice among them.

A fault for a request depends on the seed, on what is requested (method, path, query, body) and on how often the
same was requested before; never on the order or the hour of arrival. So two rehearsals compare.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from runner.simulator.seeded_random import draw


class Work(enum.Enum):
    """What becomes of the work that was requested."""

    NONE = "none"  # it never reached the API: nothing is done, nothing saved under the key
    DONE = "done"  # it is done and saved; only the answer is harmed on its way
    GOES_ON = "goes on"  # the answer comes at once, the work is done some seconds later
    REFUSED = "refused"  # nothing is done, and the answer from before the API is saved under the key all the same
    FAILS = "fails"  # the API itself says no for now, and saves that under the key


class Harm(enum.Enum):
    """What becomes of the answer."""

    CLOSED = "closed"  # connection closed without a byte
    RESET = "reset"  # connection reset
    GATEWAY = "gateway"  # HTML of a gateway, with the fault's status
    BARE_500 = "bare 500"  # status 500 and no envelope
    THROTTLED = "throttled"  # 429 of the rate limiter
    CROWDED = "crowded"  # 429 with an envelope of category 70
    TOKEN = "token"  # noqa: S105 - 401: the access token is refused
    TORN = "torn"  # half of the body, then the connection closes
    TORN_GZIP = "torn gzip"  # a gzip stream that breaks off inside a complete HTTP body
    NOT_JSON = "not JSON"
    HTML_200 = "HTML 200"
    NO_SUCCESS = "no success"
    NO_ID_LIST = "no idList"
    ODD_ID_LIST = "odd idList"
    HUGE = "huge"
    TWICE = "twice"  # once more a moment later, to whoever asks next on the connection
    SLOW = "slow"
    NULL_ID = "null id"  # a gateway's page whose Zuora-Request-Id is "null"
    RESET_ONLY = "reset only"  # 429 that says when only in ratelimit-reset
    RETRY_DATE = "retry date"  # Retry-After as a date
    RETRY_EPOCH = "retry epoch"  # Retry-After as seconds since 1970
    FIREWALL = "firewall"  # 403 with the HTML of a web application firewall
    BOM = "BOM"  # a byte order mark before the JSON
    GZIP_MEMBERS = "gzip members"  # one gzip stream of two members
    BIG_HEADER = "big header"  # a header of 12 KB
    MANY_HEADERS = "many headers"  # 200 headers
    TEXT_SUCCESS = "text success"  # "success": "true"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong."""

    name: str
    work: Work
    harm: Harm | None = None
    status: int = 200
    category: int = 0
    about: str = ""


_TABLE = (
    Fault("drop-before", Work.NONE, Harm.RESET, about="connection reset, no work done"),
    Fault("500", Work.NONE, Harm.BARE_500, 500, about="status 500 without an envelope, no work done"),
    Fault("502", Work.NONE, Harm.GATEWAY, 502, about="HTML of a gateway, no work done"),
    Fault("503", Work.NONE, Harm.GATEWAY, 503, about="HTML of a gateway with Retry-After, no work done"),
    Fault("504", Work.NONE, Harm.GATEWAY, 504, about="HTML of a gateway, no work done"),
    Fault("429", Work.NONE, Harm.THROTTLED, 429, about="rate limit with Retry-After, no work done"),
    Fault("crowded", Work.NONE, Harm.CROWDED, 429, about="too many at once: category 70, no work done"),
    Fault("token-expired", Work.NONE, Harm.TOKEN, 401, about="401, at the first arrival only, no work done"),
    Fault("lost-answer", Work.DONE, Harm.CLOSED, about="work done, connection closed without an answer"),
    Fault("500-worked", Work.DONE, Harm.BARE_500, 500, about="work done, status 500 without an envelope"),
    Fault("502-worked", Work.DONE, Harm.GATEWAY, 502, about="work done, HTML of a gateway"),
    Fault("503-worked", Work.DONE, Harm.GATEWAY, 503, about="work done, HTML of a gateway with Retry-After"),
    Fault("504-worked", Work.DONE, Harm.GATEWAY, 504, about="work done, HTML of a gateway"),
    Fault("torn-body", Work.DONE, Harm.TORN, about="work done, half of the body"),
    Fault("torn-gzip", Work.DONE, Harm.TORN_GZIP, about="work done, the gzip stream breaks off"),
    Fault("not-json", Work.DONE, Harm.NOT_JSON, about="work done, status 200 with a body that is no JSON"),
    Fault("html-200", Work.DONE, Harm.HTML_200, about="work done, status 200 with the HTML of a proxy"),
    Fault("success-missing", Work.DONE, Harm.NO_SUCCESS, about="work done, `success` missing"),
    Fault("idlist-missing", Work.DONE, Harm.NO_ID_LIST, about="work done, `idList` (`jobId`, …) missing"),
    Fault("idlist-not-list", Work.DONE, Harm.ODD_ID_LIST, about="work done, `idList` (`jobId`, …) of another type"),
    Fault("huge-body", Work.DONE, Harm.HUGE, about="work done, a body of many megabytes"),
    Fault("answered-twice", Work.DONE, Harm.TWICE, about="work done, the answer comes again where the next is due"),
    Fault("slow", Work.DONE, Harm.SLOW, about="the work takes --slow-seconds"),
    Fault("cut-works-on", Work.GOES_ON, Harm.CLOSED, about="connection closed, the work goes on for --work-seconds"),
    Fault("503-works-on", Work.GOES_ON, Harm.GATEWAY, 503, about="503, the work goes on for --work-seconds"),
    Fault("504-works-on", Work.GOES_ON, Harm.GATEWAY, 504, about="504, the work goes on for --work-seconds"),
    Fault("503-null-id", Work.NONE, Harm.NULL_ID, 503, about="HTML of a gateway, Zuora-Request-Id null, no work done"),
    Fault("503-retry-date", Work.NONE, Harm.RETRY_DATE, 503, about="503 with Retry-After as a date, no work done"),
    Fault("503-retry-epoch", Work.NONE, Harm.RETRY_EPOCH, 503, about="503 with Retry-After since 1970, no work done"),
    Fault("429-reset-only", Work.NONE, Harm.RESET_ONLY, 429, about="429 with ratelimit-reset only, no work done"),
    Fault("429-saved", Work.REFUSED, Harm.CROWDED, 429, about="429 that is saved under the key, no work done"),
    Fault("waf-403", Work.NONE, Harm.FIREWALL, 403, about="403 with the HTML of a firewall, no work done"),
    Fault("504-null-id-worked", Work.DONE, Harm.NULL_ID, 504, about="work done, 504 with Zuora-Request-Id null"),
    Fault("bom", Work.DONE, Harm.BOM, about="work done, a byte order mark before the JSON"),
    Fault("gzip-members", Work.DONE, Harm.GZIP_MEMBERS, about="work done, the body as two gzip members"),
    Fault("big-header", Work.DONE, Harm.BIG_HEADER, about="work done, one header of 12 KB"),
    Fault("many-headers", Work.DONE, Harm.MANY_HEADERS, about="work done, 200 headers"),
    Fault("success-text", Work.DONE, Harm.TEXT_SUCCESS, about='work done, `success` is the text "true"'),
    Fault("locking", Work.FAILS, category=50, about="saved failure of category 50; a later new key succeeds"),
    Fault("internal", Work.FAILS, category=60, about="saved failure of category 60; a later new key succeeds"),
    Fault("temporary", Work.FAILS, category=61, about="saved failure of category 61; a later new key succeeds"),
    Fault("external", Work.FAILS, category=99, about="saved failure of category 99; a later new key succeeds"),
    Fault("crowded-saved", Work.FAILS, category=70, about="saved failure of category 70; a later new key succeeds"),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _TABLE}

# Properties of an object, not accidents of a request: they hold for every arrival and every key.
PERMANENT: Mapping[str, int] = {"not-found": 40, "rule": 30, "no-permission": 10}

NAMES = (*FAULTS, *PERMANENT)


def parse_fault(text: str) -> tuple[str, float]:
    """`lost-answer=0.05` as ("lost-answer", 0.05).

    Raises ValueError if the name is unknown or the rate is no number between 0 and 1.
    """
    name, equals, rate = text.partition("=")
    if not equals:
        raise ValueError(f"fault {text!r}: expected NAME=RATE, such as lost-answer=0.05")
    return checked_fault(name.strip(), rate.strip())


def checked_fault(name: str, rate: object) -> tuple[str, float]:
    """The name and the rate as a number; ValueError if there is no such fault or rate."""
    if name not in NAMES:
        raise ValueError(f"fault {name!r} is unknown; there are: {', '.join(NAMES)}")
    try:
        value = float(str(rate))
    except ValueError:
        raise ValueError(f"fault {name}: rate {rate!r} is no number") from None
    if not 0 <= value <= 1:
        raise ValueError(f"fault {name}: rate {rate} is not between 0 and 1")
    return name, value


def checked_faults(rates: Mapping[str, float]) -> dict[str, float]:
    """The rates, each checked; ValueError also if those of one draw add up to more than 1."""
    checked = dict(checked_fault(name, rate) for name, rate in rates.items())
    total = sum(rate for name, rate in checked.items() if name in FAULTS)
    if total > 1 + 1e-9:
        raise ValueError(f"the faults' rates add up to {total:g}; one request gets at most one, so at most 1")
    return checked


def pick(rates: Mapping[str, float], seed: int, digest: str, arrival: int) -> Fault | None:
    """The fault for the `arrival`-th time (from 1) that this was requested, or None."""
    at = draw(seed, "fault", digest, arrival)
    for name, fault in FAULTS.items():
        at -= rates.get(name, 0.0)
        if at < 0:
            return None if fault.harm is Harm.TOKEN and arrival > 1 else fault
    return None
