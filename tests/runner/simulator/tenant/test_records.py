"""The rows of the tenant: seeded, regenerated, lost, late, and kept over a restart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runner.simulator import ManualClock, Options, Simulator
from runner.simulator.effects import Effect, Entry
from runner.simulator.tenant.leavings import BOOKING_PATH


class Tenant:
    """A simulator without a server, in which work is done at once."""

    def __init__(self, **options: object) -> None:
        self.clock = ManualClock()
        self.simulator = Simulator(Options(**options), self.clock)
        self.records = self.simulator.records

    def regenerate(self, path: str = BOOKING_PATH, query: dict[str, str] | None = None, **body: object) -> list[str]:
        entry = Entry("digest", "POST", path, query or {}, body, "", "")
        ids = self.records.transaction_ids(path, body)
        self.records.effect(entry, Effect(None, ids, self.clock.now()))
        return ids

    def subscription(self, status: str = "Active", **charge: object) -> str:
        (subscription,) = self.records.insert("Subscription", [{"Name": "A-1", "Version": 2, "Status": status}])
        (plan,) = self.records.insert("RatePlan", [{"SubscriptionId": subscription}])
        rows = [{"RatePlanId": plan, "ChargeNumber": "C-1", "Segment": segment, **charge} for segment in (1, 2)]
        self.records.insert("RatePlanCharge", rows)
        return subscription


def test_seeded_rows(tmp_path):
    """Columns in any case, times in three forms, ids made up; they survive a restart, and a reset ends them."""
    tenant = Tenant(state=tmp_path / "state.db")
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    times = (moment, moment.isoformat(), moment.timestamp())
    rows = [{"NAME": str(number), "updateddate": at} for number, at in enumerate(times)]
    ids = tenant.records.insert("account", rows)
    tenant.records.insert("account", [{"id": ids[0], "name": "again", "updateddate": moment}])
    tenant.simulator.world.store.close()
    again = Tenant(state=tmp_path / "state.db").records
    assert {row["id"]: row["name"] for row in again.rows("Account")} == dict(zip(ids, ("again", "1", "2"), strict=True))
    assert {row["updateddate"] for row in again.rows("account")} == {moment}
    assert again.insert("account", [{}])[0] not in ids
    again.forget()
    assert again.rows("account") == []


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("colours", {}, "there is no table 'colours'"),
        ("account", {"colour": 1}, "Account has no column colour"),
        ("account", {"updateddate": "2024-01-01T00:00:00"}, "has no offset"),
    ],
)
def test_rows_that_cannot_be(table, row, reason):
    """Said with the name that is wrong."""
    with pytest.raises(ValueError, match=reason):
        Tenant().records.insert(table, [row])
