"""What regenerating leaves in the tables: transactions, some of them lost, some of them made by others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from runner.simulator.context import World
from runner.simulator.seeded_random import draw, hex_ids
from runner.simulator.tenant.catalog import Catalog, Row
from runner.simulator.tenant.engine import Engine
from runner.simulator.tenant.objects import Objects, Target, object_rows
from runner.simulator.tenant.tables import TABLES
from runner.simulator.tenant.transactions import CONSTANTS, billing_rows, booking_rows, transaction_id

BOOKING_PATH = "/v1/uno-regenerate/booking-transaction"
BILLING_PATH = "/v1/uno-regenerate/billing-transaction"
TRANSACTION_TABLES = {BOOKING_PATH: "bookingtransaction", BILLING_PATH: "billingtransaction"}
_AGE = timedelta(days=90)  # of an object that a request named first

Rows = dict[str, dict[str, Row]]  # by table and id


@dataclass(frozen=True)
class Sent:
    """One effect of regenerating: what was requested, and when it was done."""

    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    at: float

    @property
    def overwrites(self) -> bool:
        """By the table of onlyReSend and reMigrate; without flags, bookings are overwritten and billings are not."""
        flags = {name: value.lower() == "true" for name, value in self.query.items()}
        if self.path == BILLING_PATH:
            return flags.get("reMigrate", False)
        return not flags.get("onlyReSend", False)


class Leavings:
    """Makes the rows of effects."""

    def __init__(self, world: World, catalog: Catalog) -> None:
        self._world = world
        self._catalog = catalog
        self._objects = Objects(catalog, world.options.seed)
        self._lost: set[str] = set()

    def ids(self, path: str, body: Mapping[str, Any]) -> list[str]:
        """The ids of the transactions of the object that a request names."""
        target = self._target(path, body)
        if not target.invented:
            return [row["id"] for row in self._transactions(path, target)]
        table = "booking" if path == BOOKING_PATH else "billing"
        return [transaction_id(table, line) for line in target.lines]

    def write(self, engine: Engine, sent: Sequence[Sent]) -> None:
        """Write the rows of so many effects."""
        rows: Rows = defaultdict(dict)
        for each in sent:
            target, moment = self._target(each.path, each.body), datetime.fromtimestamp(each.at, UTC)
            if target.invented:
                for key, row in object_rows(target):
                    rows[key].setdefault(row["id"], {**row, **_stamps(moment - _AGE), "touched": False})
            for row in self._transactions(each.path, target):
                self._put(rows[TRANSACTION_TABLES[each.path]], row, each, moment)
        hyphens = self._world.options.id_style != "32"
        for key, made in rows.items():
            written = [_hyphened(row) if hyphens else row for row in made.values()]
            engine.touch(TABLES[key], written, CONSTANTS.get(key, {}))

    def _target(self, path: str, body: Mapping[str, Any]) -> Target:
        return self._objects.booking(body) if path == BOOKING_PATH else self._objects.billing(body)

    def _transactions(self, path: str, target: Target) -> Iterator[Row]:
        """The rows for the lines of an object; one that was seeded keeps its id."""
        table = TRANSACTION_TABLES[path]
        rows = booking_rows(target) if path == BOOKING_PATH else billing_rows(target)
        for row in rows:
            seeded = None if target.invented else self._seeded(table, row)
            yield row if seeded is None else {**row, "id": seeded["id"]}

    def _seeded(self, table: str, row: Row) -> Row | None:
        if table == "billingtransaction":
            return self._catalog.first(table, documentlineid=row["documentlineid"])
        if row.get("orderlineitemid"):
            return self._catalog.first(table, orderlineitemid=row["orderlineitemid"])
        charge, segment = row.get("rateplanchargeid"), row.get("chargesegment")
        return self._catalog.first(table, rateplanchargeid=charge, chargesegment=segment)

    def arriving(self, sent: Sent) -> Iterator[Row]:
        """The transactions of an effect that are not lost on their way."""
        for row in self._transactions(sent.path, self._target(sent.path, sent.body)):
            if not self._is_lost(row["id"]):
                yield _hyphened(row) if self._world.options.id_style != "32" else row

    def _is_lost(self, identity: str) -> bool:
        """Each is lost once at most."""
        options = self._world.options
        if (
            not options.lost_transactions
            or identity in self._lost
            or draw(options.seed, "lost", identity) >= options.lost_transactions
        ):
            return False
        self._lost.add(identity)
        return True

    def _put(self, rows: dict[str, Row], row: Row, sent: Sent, moment: datetime) -> None:
        """Note a transaction, unless it is lost."""
        options, identity = self._world.options, row["id"]
        if self._is_lost(identity):
            return
        touched = sent.overwrites or options.resent_dates == "new"
        stamps = _stamps(moment, USER)
        before = rows.get(identity)
        if before is not None:
            stamps["createddate"] = before["createddate"]
            stamps["updateddate"] = moment if touched else before["updateddate"]
            touched = touched or before["touched"]
        rows[identity] = {**row, **stamps, "touched": touched}
        if options.other_users and draw(options.seed, "other user", identity) < options.other_users:
            other = hex_ids(options.seed, 1, "other transaction", identity)[0]
            rows[other] = {**row, "id": other, **_stamps(moment, OTHER_USER), "touched": True}


USER = hex_ids(0, 1, "user")[0]
OTHER_USER = hex_ids(0, 1, "other user")[0]
_OTHERS = {
    "bookingtransaction": """'OTHER-' || i AS subscriptionnumber, 1 AS subscriptionversion,
        md5('s' || i) AS subscriptionid, md5('c' || i) AS rateplanchargeid, 1 AS chargesegment,
        md5('c' || i) || '.1' AS salesorderlineid, 'BookingCharge' AS transactiontype""",
    "billingtransaction": """'INV-OTHER-' || i AS documentnumber, md5('d' || i) AS documentid,
        md5('l' || i) AS documentlineid, 'Invoice' AS documenttype, 'INV' AS transactiontype""",
}


def add_others(engine: Engine, count: int, now: float) -> None:
    """So many transactions in each table that other people made in the hour before, of objects that nobody seeded."""
    for table, specific in _OTHERS.items() if count else ():
        engine.fill(
            TABLES[table],
            f"SELECT md5('{table}' || i) AS id, '{OTHER_USER}' AS createdbyid, "
            f"'{OTHER_USER}' AS updatedbyid, to_timestamp(? - 3600.0 * i / ?) AS createddate, "
            f"to_timestamp(? - 3600.0 * i / ?) AS updateddate, {specific} FROM range(?) AS t(i)",
            *(now, count, now, count, count),
        )


def hyphened(identity: str) -> str:
    """An id of 32 characters as one of 36; anything else as it is."""
    if len(identity) != 32 or set(identity) - set("0123456789abcdef"):
        return identity
    return "-".join((identity[:8], identity[8:12], identity[12:16], identity[16:20], identity[20:]))


def _hyphened(row: Row) -> Row:
    return {name: hyphened(value) if isinstance(value, str) else value for name, value in row.items()}


def _stamps(moment: datetime, user: str | None = None) -> Row:
    return {"createddate": moment, "updateddate": moment, "createdbyid": user, "updatedbyid": user}
