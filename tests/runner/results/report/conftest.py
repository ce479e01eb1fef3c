"""Fixtures that tests of this package share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.domain.model import Outcome, State
from runner.domain.run_status import RunStatus
from runner.ledger import Claim, Enrolment, Event, Facts, Journal, Manifest, Record, open_read_only, open_writable
from runner.ledger.enrolment import Line, RequestRecord
from runner.ledger.facts import Start
from runner.results.report import render
from runner.runs.run_json import document_of

EPOCH = 1_800_000_000_000_000


FACTS: dict[str, Any] = {
    "run_id": "golden",
    "fingerprint": "f" * 64,
    "tenant": "a-tenant",
    "tenant_kind": "central-sandbox",
    "base_url": "https://rest.test.zuora.com",
    "host": "rest.test.zuora.com",
    "entity_ids": ("entity-1",),
    "org_ids": (),
    "formats": ("csv",),
    "status": RunStatus.PLANNED,
    "planned_at": "2027-01-15T07:59:00.000000Z",
    "user": "somebody",
    "machine": "a-machine",
    "version": "1.0.0",
    "parent": "golden-before",
    "starts": (
        Start(
            at="2027-01-15T08:00:00.000000Z",
            command=("regen", "run", "<nightly>.csv"),
            login="somebody",
            host="a-machine",
            utc_offset=330,
        ),
        Start(
            at="2027-01-15T18:00:00.000000Z",
            command=("regen", "resume", "golden"),
            login="other",
            uid=7,
            host="a-machine",
            production="--yes",
            utc_offset=330,
        ),
    ),
}


def fate_of(number: int) -> tuple[State, dict[str, Any]]:
    """Most succeed; some fail in each way."""
    facts: dict[str, Any] = {}
    if number % 20 == 0:
        facts = {"code": "53100340", "category": "40", "message": f"Subscription A-S{number:03d} was not found"}
    elif number % 33 == 0:
        facts = {"code": "53100310", "category": "10", "message": "No permission for <b>this</b> object"}
    elif number % 70 == 0:
        facts = {"code": "53100360", "category": "60", "message": "Internal error"}
    elif number == 299:
        return State.UNKNOWN, {"message": "time-out"}
    return (State.FAILED if facts else State.SUCCEEDED), facts


def run_of_the_past(path: Path, requests: int = 300, cells: str = '["A-S","<script>alert(1)</script>"]') -> Path:
    """A ledger that is the same to the byte whenever it is made: two stretches ten hours apart, pauses, failures."""
    with Enrolment(path) as enrolment:
        enrolment.step(1, "regenerate", {"re_migrate": True})
        for number in range(1, requests + 1):
            label, body = f"A-S{number:03d} v1", json.dumps({"n": number})
            line = Line(number, 1, number, cells, "booking-transaction", "Subscription", label, number, None)
            enrolment.lines([line])
            digest = number.to_bytes(20, "big")
            enrolment.requests(
                [RequestRecord(number, 1, "booking-transaction", "reMigrate=true", body, digest, number)]
            )
        rejected = (requests + 1, 1, requests + 1, cells, None, None, None, None, 'rule-broken: "x" & <y>')
        enrolment.lines([Line(*rejected)])
        enrolment.manifest(Manifest(1, 1, "<nightly>.csv", "0" * 64, 1234, ("name", "note")), requests + 1)
        enrolment.finish(Facts(**FACTS))
    with open_writable(path) as store:
        journal = Journal(store)
        journal.write([], [Claim(number, 1, 0, at(number)) for number in range(1, requests + 1)])
        journal.write([record(number) for number in range(1, requests + 1)], [])
        paused = [
            Event(
                EPOCH + second * 1_000_000, "paused", json.dumps({"seconds": 2.5, "reason": f"throttled & <{second}>"})
            )
            for second in (3, 9)
        ]
        shrunk = Event(EPOCH + 5_000_000, "concurrency", json.dumps({"from": 30, "to": 15, "reason": "throttled"}))
        journal.write([], [], (), [*paused, shrunk])
        ending = {
            "status": RunStatus.FINISHED,
            "exit_code": 3,
            "reason": "some failed",
            "ended_at": "2027-01-15T18:01:00Z",
        }
        store.set_facts(**ending, started_at="2027-01-15T08:00:00Z")
        store.set_facts(head="0" * 64)
        store.settle_down()
    return path


def at(number: int) -> int:
    """Ten requests a second; the second half ten hours later."""
    return EPOCH + number * 100_000 + (36_000_000_000 if number > 150 else 0)


def record(number: int) -> Record:
    state, facts = fate_of(number)
    took = 40_000 + number * number * 10
    outcome = Outcome(state, (f"id-{number}",) if state is State.SUCCEEDED else (), **facts)
    return Record(
        request=number,
        number=1,
        sent_at=at(number),
        answered_at=at(number) + took,
        reason="done",
        in_doubt=False,
        over=False,
        generation=0,
        http_status=200 if state is not State.UNKNOWN else None,
        request_id=f"request-{number}",
        outcome=outcome,
        first_sent_at=at(number),
        latency_ms=took / 1000,
        **facts,
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """The golden run's page."""
    ledger = run_of_the_past(tmp_path_factory.mktemp("golden") / "ledger.db")
    with open_read_only(ledger) as store:
        return render(store, document_of(store))
