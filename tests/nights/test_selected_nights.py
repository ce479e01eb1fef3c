"""Thirty nights that select what changed since the last confirmed one: killed, failed, missed, late.

Kills are at points outside of the loop that sends, where an exception is as good as the end of the process; a night
that ends while it sends is one whose budget is spent. (`tests/crashes` kills processes at every point.)
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.system import recovery_points
from tests.harness.tenant_objects import TenantObjects, serving

FIRST_NIGHT = datetime(2027, 3, 1, 2, 0, tzinfo=UTC).timestamp()
DAY = 24 * 3600
NIGHTS, OBJECTS = 30, 12
PLAN = """
name = "selected"
[[step]]
do = "select"
type = "Subscription"
updated_since = "last"
begin = 2027-02-28
[[step]]
do = "regenerate"
from = "step 1"
"""
KILLED_AT = ("drafting-view", "drafting-view", "drafted", "enrolled", "closed", "viewed", "sealed")


class Killed(BaseException):
    """What no handler catches: the process is gone."""


class Tenant(TenantObjects):
    """Knows when each object was changed, and when it was regenerated."""

    def __init__(self) -> None:
        super().__init__("Asia/Tokyo")
        self.changed: dict[str, list[float]] = defaultdict(list)
        self.done: dict[str, list[float]] = defaultdict(list)
        self.late: list[tuple[int, float]] = []  # changes that Data Query shows only after the night
        self.down = False

    def change(self, number: int, at: float, *, late: bool = False) -> None:
        self.changed[f"A-S{number} v1"].append(at)
        if late:
            self.late.append((number, at))
        else:
            self.show(number, at)

    def show(self, number: int, at: float) -> None:
        moment = datetime.fromtimestamp(at, UTC)
        self.add("subscription", moment, id=f"s{number}", name=f"A-S{number}", version=1, status="Active")
        if not self.queries:
            self.add("rateplan", moment, id=f"p{number}", subscriptionid=f"s{number}")

    def answer(self, arrived):
        if self.down and arrived.path.startswith("/query"):
            arrived = type(arrived)("GET", "/nothing", {}, b"")
        before = sum(self.regenerated.values())
        response = super().answer(arrived)
        if sum(self.regenerated.values()) > before and response.body["success"]:
            self.done[response.body["idList"][0].rpartition("-")[0]].append(time.time())
        return response


class World:
    """The machine at night."""

    def __init__(self, regen, tenant, clock) -> None:
        self.regen, self.tenant, self.clock = regen, tenant, clock

    def night(self, kill: tuple[str, int] | None = None, *more: object) -> int | None:
        """`regen nightly`, killed when it reaches a point for the n-th time; its exit code, None where it was."""
        if kill is not None:
            recovery_points.install(self._killing(*kill))
        try:
            return self.regen("nightly", "selected.toml", "--outage-patience", 0, "--concurrency", 2, *more).code
        except Killed:
            return None
        finally:
            recovery_points.install(None)

    @staticmethod
    def _killing(point: str, times: int):
        left = times

        def hook(name: str) -> None:
            nonlocal left
            if name == point:
                left -= 1
                if left == 0:
                    raise Killed

        return hook


@pytest.fixture
def world(regen, clock, monkeypatch):
    monkeypatch.setattr("runner.zuora.data_query.job.WAIT_SECONDS", (0.001, 0.001))
    Path("selected.toml").write_text(PLAN)
    clock.at(FIRST_NIGHT)
    with serving(Tenant()) as tenant:
        monkeypatch.setenv("ZUORA_BASE_URL", tenant.url)
        yield World(regen, tenant, clock)


def test_no_night_loses_a_change(world, clock):
    """A change before the last good night was regenerated after it was made; a quiet tenant is left in peace."""
    chance, tenant = random.Random(17), world.tenant
    outcomes: dict[str, int] = defaultdict(int)
    for night in range(NIGHTS):
        start = FIRST_NIGHT + night * DAY
        clock.at(start - 3600)
        for number in chance.sample(range(OBJECTS), chance.randint(0, 4)):
            tenant.change(number, start - chance.choice((30, 600, 5 * 3600)))
        if chance.random() < 0.3:  # seen by Data Query only after tonight's queries
            tenant.change(chance.randrange(OBJECTS), start - 300, late=True)
        clock.at(start)
        story = chance.choice(("good", "good", "killed", "killed", "cut", "failed", "down", "missed"))
        kill = (chance.choice(KILLED_AT), chance.randint(1, 6)) if story == "killed" else None
        tenant.refuse = {f"A-S{n} v1" for n in range(0, OBJECTS, 2)} if story == "failed" else set()
        tenant.down = story == "down"
        if story != "missed":
            code = world.night(kill, *(("--max-requests", 1) if story == "cut" else ()))
            outcomes[f"{story} {code}"] += 1
        while tenant.late:
            tenant.show(*tenant.late.pop())
    tenant.refuse, tenant.down = set(), False
    for night in (NIGHTS, NIGHTS + 1):
        clock.at(FIRST_NIGHT + night * DAY)
        assert world.night() == 0, outcomes
    lost = {
        name: at for name, times in tenant.changed.items() for at in times if max(tenant.done[name], default=0) < at
    }
    assert lost == {} and len(tenant.changed) == OBJECTS
    assert all(outcomes[ending] for ending in ("good 0", "killed None", "cut 5", "failed 3", "down 1")), outcomes
    before = sum(tenant.regenerated.values())
    clock.at(FIRST_NIGHT + (NIGHTS + 2) * DAY)
    assert world.night() == 0
    assert sum(tenant.regenerated.values()) == before
