"""Zuora Revenue behind the tenant: lines come into staging; a data collection takes them or refuses them.

Sources: "Revenue API overview", "Error messages in Zuora Revenue"; that a charge version sent again with flag N fails
as RPRO-00647 is inferred. A line that is refused stays in Inbound until somebody deletes it.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from runner.simulator.context import World
from runner.simulator.effects import Effect, Entry
from runner.simulator.seeded_random import draw, hex_ids
from runner.simulator.tenant.catalog import Catalog, Row
from runner.simulator.tenant.engine import Engine
from runner.simulator.tenant.leavings import BOOKING_PATH, Leavings, Sent
from runner.simulator.tenant.revenue_tables import BATCHES, BILLS, ERRORS, HISTORY, LINES, STAGING

SALES_ORDER, INVOICE = "SO", "INV"
_AGAIN = "RPRO-00647"
_PREFIX = "The transaction line is not processed due to"
MESSAGES = {
    _AGAIN: f"{_PREFIX} the same charge version having been processed already",
    "RPRO-00648": f"{_PREFIX} the booking version not being in Zuora Revenue",
    "RPRO-00600": f"{_PREFIX} the SO Line ID not being in Zuora Revenue",
    "RPRO-00609": f"{_PREFIX} a discount without its parent charge",
    "RPRO-76": f"{_PREFIX} a missing exchange rate",
    "RPRO-00021": f"{_PREFIX} missing deferred account segments",
    "RPRO-00622": f"{_PREFIX} the invoice exceeding the booking",
    "RPRO-10000": f"{_PREFIX} a SO line of another organization",
    "CUST-00001": "The cost centre is not valid",
}
_CODES = {
    SALES_ORDER: ("RPRO-00609", "RPRO-76", "RPRO-00021", "RPRO-10000", "CUST-00001"),
    INVOICE: ("RPRO-00648", "RPRO-00600", "RPRO-76", "RPRO-00622", "CUST-00001"),
}
_OWNER = {"clientid": "1", "bookid": "1", "secatrval": "ORG-1"}


@dataclass(slots=True)
class Line:
    """A line that was sent to Revenue. `error`: its code once a collection has refused it."""

    number: int
    kind: str
    row: Row  # of its transaction
    flag: str
    at: float
    batch: int = 0
    error: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two lines the same: the SO line, or the line of the document."""
        if self.kind == SALES_ORDER:
            return self.kind, f"{self.row.get('salesorderlineid')} {self.row.get('rateplanchargeversion')}"
        return self.kind, str(self.row.get("documentlineid"))

    @property
    def message(self) -> str:
        return f"{self.error} - {MESSAGES[self.error]}"


class Revenue:
    """What Revenue has, as of the time at which somebody looks."""

    def __init__(self, world: World, catalog: Catalog) -> None:
        self._world = world
        self._transactions = Leavings(world, catalog)
        self._lock = threading.RLock()
        self._sent: deque[tuple[Entry, Effect]] = deque()
        self._inbound: list[Line] = []  # in the order of arrival; refused ones among them
        self._collected: set[tuple[str, str]] = set()  # keys of contract lines
        self._contracts: list[Line] = []  # that began a contract line, and are not yet in the tables
        self._refused: set[str] = set()
        self._moved: list[Line] = []  # collected, and not yet in the tables
        self._history: list[Line] = []  # all that were collected
        self._gone: list[str] = []  # numbers of staged lines that are no longer there
        self._lines = self._batch = 0
        self._collect_at: float | None = None
        self.began_at = world.now()

    def effect(self, entry: Entry, effect: Effect) -> None:
        """Regenerating was done: its transactions are sent to Revenue in real time."""
        self._sent.append((entry, effect))

    def collect(self) -> int:
        """Start a data collection now; the number of its batch."""
        with self._lock:
            self.advance()
            self._collect_at = self._world.now()
            self.advance()
            return self._batch

    def refused(self) -> list[Line]:
        """The lines in Inbound that a collection has refused."""
        with self._lock:
            self.advance()
            return [line for line in self._inbound if line.error]

    def history(self, contracts: str | None = None) -> list[Line]:
        """The lines that were collected; of one kind only those that began a contract line."""
        with self._lock:
            self.advance()
            began: dict[tuple[str, str], Line] = {}
            for line in self._history:
                began.setdefault(line.key, line)
            kept = self._history if contracts is None else [line for line in began.values() if line.kind == contracts]
            return list(kept)

    def clear(self, numbers: set[int]) -> None:
        """Delete lines from Inbound, as a person does in the user interface."""
        with self._lock:
            self._gone += [str(line.number) for line in self._inbound if line.number in numbers]
            self._inbound = [line for line in self._inbound if line.number not in numbers]

    def advance(self) -> None:
        """Receive and collect what is due by now."""
        now = self._world.now()
        while self._sent and self._sent[0][1].at + self._world.options.revenue_delay <= now:
            self._inbound += self._received(*self._sent.popleft())
        waiting = [line for line in self._inbound if not line.error]
        if self._collect_at is None:
            due = [line for line in waiting if self._due(line) <= now]
        else:
            due, self._collect_at = waiting, None
        if due:
            self._batch += 1
            for line in sorted(due, key=lambda line: line.kind != SALES_ORDER):  # bookings before billings
                self._judge(line)
            self._inbound = [line for line in self._inbound if line.error or not line.batch]

    def _received(self, entry: Entry, effect: Effect) -> Iterator[Line]:
        options = self._world.options
        sent = Sent(entry.path, entry.query, entry.body, effect.at)
        kind = SALES_ORDER if entry.path == BOOKING_PATH else INVOICE
        plain = not any(value.lower() == "true" for value in entry.query.values())
        for row in self._transactions.arriving(sent):
            if draw(options.seed, "revenue lost", row["id"], effect.at) >= options.revenue_lost:
                self._lines += 1
                yield Line(self._lines, kind, row, "N" if plain else "Y", effect.at + options.revenue_delay)

    def _due(self, line: Line) -> float:
        """When the scheduled collection takes a line."""
        every = self._world.options.collection_seconds
        if not every:
            return line.at
        return self.began_at + every * math.ceil((line.at - self.began_at) / every + 1e-9)

    def _judge(self, line: Line) -> None:
        """Take a line into its contract, or refuse it."""
        options, identity = self._world.options, str(line.row["id"])
        line.batch = self._batch
        if line.kind == SALES_ORDER and line.flag == "N" and line.key in self._collected:
            line.error = _AGAIN
        elif identity not in self._refused and draw(options.seed, "revenue", identity) < options.revenue_errors:
            self._refused.add(identity)
            codes = _CODES[line.kind]
            line.error = codes[int(draw(options.seed, "code", identity) * len(codes))]
        else:
            self._moved.append(line)
            self._history.append(line)
            self._gone.append(str(line.number))
            if line.key not in self._collected:  # collected again, it is the same contract line
                self._collected.add(line.key)
                self._contracts.append(line)

    # -- tables -------------------------------------------------------------------------------------------------

    def flush(self, engine: Engine) -> None:
        """Write what Revenue has into its tables."""
        with self._lock:
            self.advance()
            engine.remove(STAGING, self._gone)
            engine.remove(ERRORS, [f"E{number}" for number in self._gone])
            engine.add(STAGING, [_staged(line) for line in self._inbound])
            engine.add(ERRORS, [_error(line) for line in self._inbound if line.error])
            engine.add(HISTORY, [_staged(line) for line in self._moved])
            engine.add(BATCHES, self._batches())
            for table, kind in ((LINES, SALES_ORDER), (BILLS, INVOICE)):
                engine.add(table, [_contract(line) for line in self._contracts if line.kind == kind])
            self._gone, self._moved, self._contracts = [], [], []

    def _batches(self) -> list[Row]:
        errors = sum(bool(line.error) for line in self._inbound)
        moment = datetime.fromtimestamp(self._world.now(), UTC)
        times = {"crtddt": moment, "updtdt": moment}
        return [
            {"id": str(number), "status": "Completed", "linecount": self._lines, "errorcount": errors, **times}
            for number in range(1, self._batch + 1)
        ]


def _staged(line: Line) -> Row:
    row, moment = line.row, datetime.fromtimestamp(line.at, UTC)
    return {
        "id": str(line.number),
        **_OWNER,
        "batchid": str(line.batch) if line.batch else None,
        "type": line.kind,
        "sonum": row.get("salesordernumber"),
        "solinenum": row.get("salesorderlinenumber"),
        "solineid": row.get("salesorderlineid"),
        "invnum": row.get("documentnumber"),
        "invlinenum": row.get("documentlinenumber"),
        "invlineid": row.get("documentlineid"),
        "transid": row["id"],
        "regenerateflag": line.flag,
        "processedflag": "E" if line.error else "Y" if line.batch else "N",
        "crtdby": "OTR",
        "updtby": "OTR",
        "crtddt": moment,
        "updtdt": moment,
    }


def _contract(line: Line) -> Row:
    row, moment = line.row, datetime.fromtimestamp(line.at, UTC)
    contract: Row = {
        "revenuecontractid": hex_ids(0, 1, "contract", row.get("subscriptionnumber") or row["id"])[0][:10],
        "revenuecontractlineid": str(line.number),
        "revenuebookid": "1",
        "revenueorganizationcode": "ORG-1",
        "revenueclientid": "1",
        "salesordernumber": row.get("salesordernumber"),
        "salesorderlinenumber": row.get("salesorderlinenumber"),
        "salesorderlineid": row.get("salesorderlineid"),
        "createddate": moment,
        "updateddate": moment,
    }
    if line.kind == INVOICE:
        contract |= {"revenuecontractbillid": str(line.number), "invoicenumber": row.get("documentnumber")}
        contract |= {"invoicelineid": row.get("documentlineid"), "transactiontype": "INV"}
    return contract


def _error(line: Line) -> Row:
    moment = datetime.fromtimestamp(line.at, UTC)
    owner = {"clientid": "1", "secatrval": "ORG-1"}
    return {"id": f"E{line.number}", **owner, "stgid": str(line.number), "errmsg": line.message, "crtddt": moment}
