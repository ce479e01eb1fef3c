"""A run against a tenant by the published facts: no false "not done" or "extra", every lost transaction found."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from runner.audit.tenant_query import Inquiry, data_query_of, inquire
from runner.domain.model import Outcome, State
from runner.domain.run_status import RunStatus
from runner.domain.steps import Regenerate, Step
from runner.ledger import Claim, Facts, Journal, Record, open_read_only, open_writable
from runner.plan.open_manifests import OpenManifests
from runner.plan.planner import Opened, Target
from runner.runs.folder import RunFolder
from tests.harness.tenant_books import Books

TARGET = Target("http://127.0.0.1:1", "127.0.0.1:1", "t")
STARTED = 1_764_000_000_000_000  # 2025-11-24
SECOND = 1_000_000


def hexed(*parts: object) -> str:
    return hashlib.md5("|".join(map(str, parts)).encode()).hexdigest()


def uuid(text: str) -> str:
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def object_of(body: dict[str, Any]) -> dict[str, Any]:
    """The columns of a transaction of this object: all that name it, however the request named it."""
    number = body.get("subscriptionName") or body.get("number") or body.get("id") or body.get("subscriptionId")
    match body:
        case {"orderNumber": order, "itemNumber": item}:
            return {"orderlineitemid": hexed(order, item)}
        case {"orderLineItemId": line}:
            return {"orderlineitemid": line}
        case {"type": "Subscription", "subscriptionId": name}:
            return {"subscriptionid": name, "subscriptionnumber": f"of {name}", "subscriptionversion": "1"}
        case {"type": "Subscription"}:
            version = str(body["subscriptionVersion"])
            return {"subscriptionid": hexed(number), "subscriptionnumber": number, "subscriptionversion": version}
        case {"id": name}:
            return {"documentid": name, "documentnumber": f"of {name}"}
        case _:
            return {"documentid": hexed(number), "documentnumber": number}


class World:
    """A run over a manifest whose requests were all done, and the tenant that has their transactions."""

    def __init__(self, folder: Path, books: Books, manifest: str, **work: Any) -> None:
        self.folder, self.books = folder, books
        folder.mkdir(parents=True, exist_ok=True)
        path = folder.parent / f"{folder.name}.csv"
        path.write_text(manifest)
        with OpenManifests() as manifests:
            opened = Opened([Step(1, Regenerate(manifests=(str(path),), **work))], TARGET, manifests)
            facts = Facts(run_id=folder.name, status=RunStatus.FINISHED, formats=("csv",), tenant="t")
            opened.enrol(folder / "ledger.db", folder.name, facts)
        with open_read_only(folder / "ledger.db") as store:
            self.requests = list(store.rows("SELECT request, operation, body FROM request ORDER BY request"))

    def ids(self, request: int) -> list[str]:
        return [hexed(self.folder.name, request, at) for at in range(2)]

    def settle(self, unknown: frozenset[int] = frozenset(), undone: frozenset[int] = frozenset(), at: int = STARTED):
        """Every request sent once, a second apart; those that were done have two transactions in the tenant."""
        with open_writable(self.folder / "ledger.db") as store:
            journal = Journal(store)
            journal.write([], [Claim(number, 1, 0, at + number * SECOND) for number, _, _ in self.requests])
            journal.write([self._record(number, at, number in unknown) for number, _, _ in self.requests], [])
            RunFolder(self.folder).write_document(store)
            store.settle_down()
        for number, operation, body in self.requests:
            self._write_order_line(json.loads(body))
            if number not in undone:
                self._write(number, operation, json.loads(body), at)
        return self

    def _record(self, number: int, at: int, unknown: bool) -> Record:
        sent = at + number * SECOND
        ids = tuple(map(uuid, self.ids(number))) if self.books.hyphens else tuple(self.ids(number))
        outcome = Outcome(State.UNKNOWN) if unknown else Outcome(State.SUCCEEDED, ids)
        return Record(
            number, 1, sent, sent + SECOND, "done", False, unknown, 0, 200, outcome=outcome, first_sent_at=sent
        )

    def _write(self, number: int, operation: str, body: dict[str, Any], at: int) -> None:
        table = operation.replace("-", "")
        times = {"createddate": at - 10**13, "updateddate": at + number * SECOND + SECOND // 2}
        names = object_of(body)
        for text in self.ids(number):
            self.books.remove(table, text)
            self.books.add(table, [{"id": text, "updatedbyid": "api", **times, **names}])

    def _write_order_line(self, body: dict[str, Any]) -> None:
        if "orderNumber" in body:
            line = {"id": object_of(body)["orderlineitemid"], "orderid": hexed("o", body["orderNumber"])}
            self.books.add("orderlineitem", [line | {"itemnumber": body["itemNumber"]}])
            self.books.add("orders", [{"id": line["orderid"], "ordernumber": body["orderNumber"]}])

    def inquire(self) -> Inquiry:
        async def sleep(seconds: float) -> None:
            return None

        with open_read_only(self.folder / "ledger.db") as store:
            tenant = data_query_of(store, self.books, sleep)  # type: ignore[arg-type]
            inquiry = asyncio.run(inquire(store, self.folder, tenant))
            tenant.forget()
            return inquiry

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(newline="") as file:
            return list(csv.DictReader(file))

    def answers(self) -> dict[int, str]:
        return {int(row["regen_line"]): row["answer"] for row in self.rows("reconcile-unknown.csv")}


MANIFESTS = {
    "name and version": ("BookingTransaction", "subscriptionName,subscriptionVersion", "A-S{0},1"),
    "subscription id": ("BookingTransaction", "subscriptionId", "{1}"),
    "order line by id": ("BookingTransaction", "orderLineItemId", "{1}"),
    "order line by numbers": ("BookingTransaction", "orderNumber,itemNumber", "O-{0},1"),
    "invoice number": ("BillingTransaction", "invoiceNumber", "INV{0}"),
    "invoice id": ("BillingTransaction", "invoiceId", "{1}"),
}


def manifest_of(kind: str, rows: int = 12) -> str:
    _, header, line = MANIFESTS[kind]
    return "\n".join([header, *(line.format(at, hexed("object", at)) for at in range(1, rows + 1)), ""])


@pytest.fixture(params=["UTC", "America/Los_Angeles", "Asia/Tokyo"])
def zone(request) -> str:
    return request.param


@pytest.mark.parametrize("kind", MANIFESTS)
@pytest.mark.parametrize("hyphens", [False, True])
def test_lost_answers_and_lost_transactions(tmp_path, zone, kind, hyphens):
    """In every zone, however rows name their objects, with ids of 32 or 36 characters."""
    table = MANIFESTS[kind][0]
    books = Books(zone, hyphens=hyphens)
    world = World(tmp_path / "runs/it", books, manifest_of(kind), re_migrate=True)
    world.settle(unknown=frozenset({3, 4, 5}), undone=frozenset({4}))
    books.remove(table.lower(), world.ids(7)[0])
    inquiry = world.inquire()
    counts = {check.name: check.count for check in inquiry.checks}
    assert counts == {"missing": 1, "extra": 0, "unknown": 0}, [check.lines() for check in inquiry.checks]
    assert world.answers() == {3: "done", 4: "not done", 5: "done"}
    (missing,) = world.rows(f"reconcile-{table}-missing.csv")
    assert (missing["regen_line"], missing["regen_mode"]) == ("7", "re-migrate")
    assert [row["transaction_id"] for row in world.rows(f"reconcile-{table}-missing-ids.csv")] == [world.ids(7)[0]]
    assert [row["regen_line"] for row in world.rows(f"reconcile-{table}-not-done.csv")] == ["4"]
    assert all(" +00:00'" in query for query in books.queries if "TIMESTAMP" in query)
    assert not any("*" in query for query in books.queries)


@pytest.mark.parametrize(
    ("form", "answers"),
    [
        ("%Y-%m-%d %H:%M:%S.000 America/Los_Angeles", ["done", "not done"]),
        ("%Y-%m-%d %H:%M:%S.000 %z", ["done", "not done"]),
        ("%Y-%m-%d %H:%M:%S", ["cannot tell", "cannot tell"]),
        ("%Y-%m-%dT%H:%M:%SZ", ["cannot tell", "cannot tell"]),
        ("%A", ["cannot tell", "cannot tell"]),
    ],
)
def test_times_in_other_forms(tmp_path, form, answers):
    """What is there is there; a time of which the zone is not certain decides nothing."""
    books = Books("America/Los_Angeles", form=form)
    world = World(tmp_path / "runs/it", books, manifest_of("invoice number"), re_migrate=True)
    world.settle(unknown=frozenset({3, 4}), undone=frozenset({4}))
    books._base.execute(
        "INSERT INTO billingtransaction SELECT 'old', createddate, createddate, * EXCLUDE (id, "
        "createddate, updateddate) REPLACE ('INV4' AS documentnumber) FROM billingtransaction LIMIT 1"
    )
    books.remove("billingtransaction", world.ids(7)[0])
    missing, extra, _ = world.inquire().checks
    assert (missing.count, extra.count) == (1, 0), missing.lines() + extra.lines()
    assert list(world.answers().values()) == answers


def test_windows_are_halved_until_they_fit(tmp_path):
    """A limit of output rows is met by smaller queries, at most five at once; nothing is lost."""
    books = Books(rows_out=10)
    world = World(tmp_path / "runs/it", books, manifest_of("name and version", 60)).settle()
    inquiry = world.inquire()
    assert [check.count for check in inquiry.checks] == [0, 0]
    failed = [job for job in books.jobs.values() if job["queryStatus"] == "failed"]
    assert len(failed) >= 3
    assert 1 < books.most_at_once <= 5


def test_more_transactions_than_a_query_may_return(tmp_path):
    """20,000 behind a limit of 5,000, most of them other people's: never more than five queries at once."""
    books = Books(rows_out=5_000)
    world = World(tmp_path / "runs/it", books, manifest_of("name and version", 40)).settle()
    books.remove("bookingtransaction", world.ids(9)[0])
    names = ", ".join(f"NULL AS {name}" for name in ("updatedbyid", "subscriptionid", "subscriptionnumber"))
    begin = STARTED - 250 * SECOND
    books._base.execute(
        f"INSERT INTO bookingtransaction BY NAME SELECT 'x' || i AS id, {names}, "
        f"make_timestamp({begin} + i * 25000) AS updateddate FROM range(20000) t(i)"
    )
    missing, extra = world.inquire().checks
    assert (missing.count, extra.count) == (1, 0), extra.lines()
    assert "20,000 transactions of the run's time are of objects not in the run" in extra.notes
    assert 1 < books.most_at_once <= 5


@pytest.mark.parametrize("status", ["cancelled", "canceled", "aborted", "failed"])
def test_a_query_without_a_result_is_sent_again(tmp_path, status):
    """As a whole, or in halves where it may have been too large."""
    books = Books()
    world = World(tmp_path / "runs/it", books, manifest_of("invoice id")).settle()
    books.status_once["SELECT"] = status
    assert [check.count for check in world.inquire().checks] == [0, 0]


def test_a_second_try_follows_the_jobs_of_the_first(tmp_path, monkeypatch):
    """An inquiry that was broken off submits nothing twice; a complete one is asked anew."""
    books = Books()
    world = World(tmp_path / "runs/it", books, manifest_of("invoice id")).settle()
    real = books.download

    async def broken(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(books, "download", broken)
    with pytest.raises(KeyboardInterrupt):
        world.inquire()
    monkeypatch.setattr(books, "download", real)
    for selects in (1, 2):
        world.inquire()
        assert sum("updateddate >=" in query for query in books.queries) <= selects


def test_a_tenant_whose_clock_is_behind(tmp_path):
    """Times of update before the attempts are no reason to call work not done."""
    books = Books()
    world = World(tmp_path / "runs/it", books, manifest_of("invoice number"), re_migrate=True)
    world.settle(unknown=frozenset({3}))
    books._base.execute("UPDATE billingtransaction SET updateddate = updateddate - INTERVAL 100 SECOND")
    world.inquire()
    assert world.answers() == {3: "done"}


def test_ids_that_are_not_of_transactions(tmp_path):
    """What an idList names is not published: rows are matched by their objects then."""
    books = Books()
    world = World(tmp_path / "runs/it", books, manifest_of("name and version")).settle()
    books._base.execute("UPDATE bookingtransaction SET id = 'x' || id")
    assert [check.count for check in world.inquire().checks] == [0, 0]
    books._base.execute("DELETE FROM bookingtransaction WHERE subscriptionnumber = 'A-S4'")
    missing, extra = world.inquire().checks
    assert (missing.count, missing.failures[0].partition(":")[0], extra.count) == (1, "row 4", 0)
    books._base.execute(
        "UPDATE bookingtransaction SET updateddate = updateddate - INTERVAL 1 DAY WHERE subscriptionnumber = 'A-S6'"
    )
    missing, _ = world.inquire().checks
    assert [row["regen_line"] for row in world.rows("reconcile-BookingTransaction-missing.csv")] == ["4", "6"]


def test_an_object_of_an_unknown_row_has_no_extra_transactions(tmp_path):
    """Also where another row of the run names the same object, by the same columns or by others."""
    books = Books()
    manifest = f"invoiceNumber,invoiceId\nINV1,\nINV2,\n,{hexed('INV1')}\n"
    world = World(tmp_path / "runs/it", books, manifest, re_migrate=True).settle(unknown=frozenset({3}))
    books._base.execute(f"UPDATE billingtransaction SET documentnumber = 'INV1' WHERE documentid = '{hexed('INV1')}'")
    missing, extra, _ = world.inquire().checks
    assert (missing.count, extra.count) == (0, 0), extra.lines()
    assert world.answers() == {3: "cannot tell"}


def test_another_runs_unknown_row_may_have_done_the_work(tmp_path):
    """Then ours is not said to be done."""
    books = Books()
    world = World(tmp_path / "runs/it", books, manifest_of("invoice number", 4), re_migrate=True)
    world.settle(unknown=frozenset({3}))
    other = World(tmp_path / "runs/other", books, manifest_of("invoice number", 4), re_migrate=True)
    other.settle(unknown=frozenset({3}), undone=frozenset({1, 2, 3, 4}))
    world.inquire()
    (row,) = world.rows("reconcile-unknown.csv")
    assert (row["answer"], "run other" in row["reason"]) == ("cannot tell", True)


def test_without_an_id_of_the_run_its_user_is_who_asks(tmp_path):
    """All answers were lost: what another user did since is not taken for the run's work."""
    books = Books()
    books.user = "a-p-i"
    world = World(tmp_path / "runs/it", books, manifest_of("name and version", 3))
    world.settle(unknown=frozenset({1, 2, 3}), undone=frozenset({2}))
    names = {"subscriptionnumber": "A-S2", "subscriptionversion": "1", "updatedbyid": "person"}
    books.add("bookingtransaction", [{"id": "x", "updateddate": STARTED + 9 * SECOND, "createddate": STARTED, **names}])
    world.inquire()
    assert world.answers() == {1: "done", 2: "cannot tell", 3: "done"}


def test_what_no_table_shows_has_a_line_of_its_own(tmp_path):
    """It is not looked at, and never said to hold."""
    manifest = "type,subscriptionNumber,mode\nDeliverySchedule,A-S1,Full\n"
    world = World(tmp_path / "runs/it", Books(), manifest)
    with open_writable(world.folder / "ledger.db") as store:
        journal = Journal(store)
        journal.write([], [Claim(1, 1, 0, STARTED)])
        outcome = Outcome(State.SUCCEEDED, ())
        journal.write([Record(1, 1, STARTED, STARTED + 1, "done", False, False, 0, 200, outcome=outcome)], [])
        store.settle_down()
    (check,) = world.inquire().checks
    assert check.word == "skipped"
    assert "1 rev-rec-events row: Data Query has no table" in "\n".join(check.lines())
