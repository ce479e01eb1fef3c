"""What may go wrong with a data query itself, as opposed to the request that submits it.

Sources: "Overview of Data Query" and "Data Query help section" for the reasons; `canceled` and `aborted` are states
against which public connectors guard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.simulator.seeded_random import draw


@dataclass(frozen=True, slots=True)
class QueryFault:
    """One way in which a job ends, or takes its time."""

    name: str
    status: str = "completed"
    reason: str | None = None
    slow: float = 1.0  # times as long
    about: str = ""


_TABLE = (
    QueryFault("query-slow", slow=20.0, about="takes 20 times as long"),
    QueryFault(
        "query-timeout",
        "failed",
        "Query exceeded the maximum time limit of 3600.00s",
        slow=4.0,
        about="fails after three more attempts of the server",
    ),
    QueryFault("query-object", "failed", "failed to process object", about="fails: trouble with the object"),
    QueryFault("query-silent", "failed", None, about="fails without an errorMessage"),
    QueryFault("query-cancelled", "cancelled", about="an administrator cancelled it"),
    QueryFault("query-canceled", "canceled", about="ends as `canceled`"),
    QueryFault("query-aborted", "aborted", about="ends as `aborted`"),
    QueryFault("query-file-torn", about="the result file breaks off in the middle, the first time"),
    QueryFault("query-file-gone", about="the result file's address is refused (403), the first time"),
)
QUERY_FAULTS: Mapping[str, QueryFault] = {fault.name: fault for fault in _TABLE}


def parse_query_fault(text: str) -> tuple[str, float]:
    """`query-slow=0.1` as ("query-slow", 0.1); ValueError if it has no such form."""
    name, equals, rate = text.partition("=")
    if not equals:
        raise ValueError(f"query fault {text!r}: expected NAME=RATE, such as query-slow=0.1")
    return next(iter(checked_query_faults({name.strip(): rate.strip()}).items()))


def checked_query_faults(rates: Mapping[str, object]) -> dict[str, float]:
    """The rates as numbers; ValueError if there is no such fault or rate."""
    checked = {}
    for name, rate in rates.items():
        if name not in QUERY_FAULTS:
            raise ValueError(f"query fault {name!r} is unknown; there are: {', '.join(QUERY_FAULTS)}")
        try:
            checked[name] = float(str(rate))
        except ValueError:
            raise ValueError(f"query fault {name}: rate {rate!r} is no number") from None
        if not 0 <= checked[name] <= 1:
            raise ValueError(f"query fault {name}: rate {rate} is not between 0 and 1")
    return checked


def pick_query_fault(rates: Mapping[str, float], seed: int, query: str, number: int) -> QueryFault | None:
    """The fault of the `number`-th job (from 1) with this query, or None."""
    at = draw(seed, "query fault", query, number)
    for name, fault in QUERY_FAULTS.items():
        at -= rates.get(name, 0.0)
        if at < 0:
            return fault
    return None
