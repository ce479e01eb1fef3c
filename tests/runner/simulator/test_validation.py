"""What the API refuses, and under which category."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.simulator import Options
from tests.runner.simulator.conftest import BILLING, BOOKING, Caller, calling, subscription


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
