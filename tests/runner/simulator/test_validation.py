"""What the API refuses, and under which category."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from runner.simulator import Options
from tests.runner.simulator.conftest import BILLING, BOOKING, Caller, calling, subscription

EVENTS = "/v1/uno-regenerate/rev-rec-events"
CONSUMPTION = f"{EVENTS}/daily-consumption"


async def category(caller: Caller, path: str, body: Any) -> int | str:
    """0 for success, else the category of the failure, which is HTTP 200."""
    response = await caller.ask("POST", path, data=body if isinstance(body, bytes) else json.dumps(body).encode())
    assert response.status == 200
    return 0 if response.json["success"] else response.category


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (0, {"type": "Subscription", "subscriptionId": "a"}),
        (0, {"type": "OrderLineItem", "orderLineItemId": "a"}),
        (0, {"type": "OrderLineItem", "orderNumber": "O-1", "itemNumber": "1"}),
        (0, {"type": "DynamicUsageCharge", "ratePlanChargeId": "a"}),
        (0, {"type": "DynamicUsageCharge", "chargeNumber": "C-1"}),
        (22, {}),
        (22, {"type": "Subscription"}),
        (22, {"type": "Subscription", "subscriptionName": "A-S1"}),
        (22, {"type": "Subscription", "subscriptionVersion": 1}),
        (22, {"type": "OrderLineItem", "orderNumber": "O-1"}),
        (22, {"subscriptionId": "a"}),
        (20, {"type": "Invoice", "subscriptionId": "a"}),
        (20, {"type": 7}),
        (20, {**subscription(), "subscriptionVersion": "1"}),
        (20, {**subscription(), "subscriptionVersion": True}),
        (20, {**subscription(), "subscriptionVersion": 1.5}),
        (20, {**subscription(), "subscriptionVersion": 0}),
        (20, {**subscription(), "subscriptionName": 12}),
        (20, {**subscription(), "subscriptionName": " "}),
        (20, {**subscription(), "subscriptionName": None}),
        (20, {**subscription(), "subscriptionId": "a"}),
        (20, {**subscription(), "orderNumber": "O-1"}),
        (20, {"type": "OrderLineItem", "orderNumber": "O-1", "itemNumber": 1}),
        (20, {"type": "DynamicUsageCharge", "ratePlanChargeId": "a", "chargeNumber": "C-1"}),
        (21, {**subscription(), "colour": "red"}),
        (40, {"type": "Subscription", "subscriptionId": "MISSING-1"}),
        (90, b"{"),
        (90, b""),
        (90, b"[]"),
        (90, b"\xff"),
        (90, b"[" * 100_000),
    ],
)
async def test_booking_bodies(expected: int, body: Any) -> None:
    """Operation "Regenerate booking transactions"."""
    async with calling() as caller:
        assert await category(caller, BOOKING, body) == expected
        assert caller.effects() == [1 if expected == 0 else 0]


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (0, {"type": "Invoice", "id": "a"}),
        (0, {"type": "CreditMemo", "number": "CM1"}),
        (0, {"type": "DebitMemo", "number": "DM1"}),
        (0, {"type": "InvoiceItemAdjustment", "number": "IIA1"}),
        (22, {"type": "Invoice"}),
        (20, {"type": "Invoice", "id": "a", "number": "INV1"}),
        (20, {"type": "Subscription", "id": "a"}),
        (21, {"type": "Invoice", "documentId": "a"}),
    ],
)
async def test_billing_bodies(expected: int, body: Any) -> None:
    """Operation "Regenerate billing transactions"."""
    async with calling() as caller:
        assert await category(caller, BILLING, body) == expected


async def test_the_name_of_the_billing_id() -> None:
    """`documentId` where the option says so."""
    body = {"type": "Invoice", "documentId": "a"}
    async with calling(Options(billing_id_field="documentId")) as caller:
        assert await category(caller, BILLING, body) == 0
        assert await category(caller, BILLING, {"type": "Invoice", "id": "a"}) == 21
        caller.simulator.change(billing_id_field="either")
        assert await category(caller, BILLING, {"type": "Invoice", "id": "a"}) == 0


@pytest.mark.parametrize(
    ("expected", "query"),
    [
        (0, "?onlyReSend=true"),
        (0, "?reMigrate=true&onlyReSend=false"),
        (0, "?reMigrate=false&onlyReSend=false"),
        (30, "?reMigrate=true&onlyReSend=true"),
        (27, "?reMigrate=yes"),
    ],
)
async def test_flags(expected: int, query: str) -> None:
    """Booleans, and not both true."""
    async with calling() as caller:
        assert await category(caller, BOOKING + query, subscription()) == expected


async def test_revenue_events() -> None:
    """Both operations that regenerate revenue recognition events."""
    async with calling() as caller:
        assert await category(caller, f"{EVENTS}?subscriptionNumber=A-S1&mode=Full&forRevenueRecollect=true", b"") == 0
        assert await category(caller, EVENTS, b"") == 23
        assert await category(caller, f"{EVENTS}?subscriptionNumber=A-S1&mode=Half", b"") == 27
        assert await category(caller, f"{EVENTS}?subscriptionNumber=MISSING", b"") == 40
        assert await category(caller, CONSUMPTION, {"originalChargeId": "a", "fundId": "f"}) == 0
        assert await category(caller, CONSUMPTION, {"fundId": "f"}) == 22
        assert await category(caller, CONSUMPTION, {"originalChargeId": 1}) == 20
        assert await category(caller, CONSUMPTION, {"originalChargeId": "a", "x": "y"}) == 21


async def test_a_code_is_six_digits_and_two() -> None:
    """A number, or a string by option."""
    async with calling() as caller:
        code = (await caller.ask("POST", BOOKING, json={})).json["reasons"][0]["code"]
        assert isinstance(code, int)
        assert len(str(code)) == 8
        caller.simulator.change(code_style="string")
        assert (await caller.ask("POST", BOOKING, json={})).json["reasons"][0]["code"] == str(code)


async def test_a_compressed_request_is_the_same_request() -> None:
    """Content-Encoding: gzip; without that header a compressed body is no JSON."""
    async with calling() as caller:
        body, headers = json.dumps(subscription()).encode(), {"Content-Encoding": "gzip"}
        await caller.book()
        response = await caller.ask("POST", BOOKING, data=gzip.compress(body), headers=headers)
        assert response.json["success"] is True
        assert caller.effects() == [2]
        broken = await caller.ask("POST", BOOKING, data=gzip.compress(body)[:20], headers=headers)
        assert broken.category == 90
        assert (await caller.ask("POST", BOOKING, data=gzip.compress(body))).category == 90


async def test_long_answers_are_compressed_on_request() -> None:
    """Over 1,000 bytes, with Accept-Encoding: gzip."""
    async with calling() as caller:
        for number in range(12):
            await caller.ask("POST", "/v1/uno/data-backfill/bookingdate/jobs", headers={"Idempotency-Key": f"{number}"})
        path = "/v1/uno/data-backfill/bookingdate/jobs"
        packed = await caller.ask("GET", path, headers={"Accept-Encoding": "gzip"})
        plain = await caller.ask("GET", path, headers={"Accept-Encoding": "identity"})
        short = await caller.book()
        assert packed.headers.get("Content-Encoding") == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert "Content-Encoding" not in short.headers
        assert len(packed.json["jobs"]) == 12


async def test_track_ids_come_back() -> None:
    """Echoed; refused if longer than 64 or with one of the four characters."""
    async with calling() as caller:
        for track, status in (("t" * 64, 200), ("t" * 65, 400), ("a:b", 400), ('a"b', 400)):
            response = await caller.ask("POST", BOOKING, json=subscription(), headers={"Zuora-Track-Id": track})
            assert response.status == status
            assert response.headers["Zuora-Track-Id"] == track


async def test_every_request_has_its_own_id() -> None:
    """Zuora-Request-Id, and the requestId of an envelope is the same."""
    async with calling() as caller:
        response = [await caller.ask("POST", BOOKING, json={}) for _ in range(3)]
        assert len({answer.headers["Zuora-Request-Id"] for answer in response}) == 3
        assert all(answer.json["requestId"] == answer.headers["Zuora-Request-Id"] for answer in response)


async def test_unknown_paths() -> None:
    """404 and 405 have no envelope."""
    async with calling() as caller:
        assert (await caller.ask("POST", "/v1/uno-regenerate/booking")).status == 404
        assert (await caller.ask("GET", BOOKING)).status == 405


async def test_id_lists() -> None:
    """One to three ids of 32 hex characters, the same for the same request; empty by option."""
    async with calling() as caller:
        lists = [(await caller.book(number)).json["idList"] for number in range(30)]
        assert {len(ids) for ids in lists} == {1, 2, 3}
        assert all(len(id_) == 32 and set(id_) <= set("0123456789abcdef") for ids in lists for id_ in ids)
        assert (await caller.book(7)).json["idList"] == lists[7]
    async with calling(Options(empty_id_list=1.0)) as caller:
        assert (await caller.book()).json == {"success": True, "idList": []}
