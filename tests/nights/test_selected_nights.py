"""Thirty nights that select what changed since the last confirmed one: killed, failed, missed, late.

Kills are at points outside of the loop that sends, where an exception is as good as the end of the process; a night
that ends while it sends is one whose budget is spent. (`tests/crashes` kills processes at every point.)
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.simulator import Options, serving_in_thread
from runner.system import recovery_points

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


class Tenant:
    """A simulated tenant; knows when each object was changed, and when it was regenerated."""

    def __init__(self, serving) -> None:
        self.url, self._simulator = serving.url, serving.simulator
        self.changed: dict[str, list[float]] = defaultdict(list)
        self.late: list[tuple[int, float]] = []  # changes that Data Query shows only after the night

    @staticmethod
    def name(number: int) -> str:
        return f"A-{'ODD' if number % 2 else 'EVEN'}-{number}"

    def change(self, number: int, at: float, *, late: bool = False) -> None:
        self.changed[self.name(number)].append(at)
        if late:
            self.late.append((number, at))
        else:
            self.show(number, at)

    def show(self, number: int, at: float) -> None:
        row = {"Id": f"{number:032x}", "Name": self.name(number), "Version": 1, "Status": "Active", "UpdatedDate": at}
        plan = {"Id": f"{number:031x}f", "SubscriptionId": row["Id"], "UpdatedDate": at}
        self._simulator.records.insert("Subscription", [row])
        self._simulator.records.insert("RatePlan", [plan])

    def be(self, *, refuse: bool = False, down: bool = False) -> None:
        """Whether every second object is refused, and whether queries are."""
        self._simulator.change(
            missing_prefix="A-EVEN" if refuse else "MISSING", denied_paths=("/query",) if down else ()
        )

    @property
    def done(self) -> dict[str, list[float]]:
        """When each object was regenerated."""
        entries = self._simulator.effects.entries("/v1/uno-regenerate/booking-transaction")
        return {entry.body["subscriptionName"]: [effect.at for effect in entry.effects] for entry in entries}


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
    with serving_in_thread(Options(time_zone="Asia/Tokyo", job_seconds=0)) as serving:
        monkeypatch.setenv("ZUORA_BASE_URL", serving.url)
        yield World(regen, Tenant(serving), clock)


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
        tenant.be(refuse=story == "failed", down=story == "down")
        if story != "missed":
            code = world.night(kill, *(("--max-requests", 1) if story == "cut" else ()))
            outcomes[f"{story} {code}"] += 1
        while tenant.late:
            tenant.show(*tenant.late.pop())
    tenant.be()
    for night in (NIGHTS, NIGHTS + 1):
        clock.at(FIRST_NIGHT + night * DAY)
        assert world.night() == 0, outcomes
    done = tenant.done
    lost = {
        name: at for name, times in tenant.changed.items() for at in times if max(done.get(name, ()), default=0) < at
    }
    assert lost == {} and len(tenant.changed) == OBJECTS
    assert all(outcomes[ending] for ending in ("good 0", "killed None", "cut 5", "failed 3", "down 1")), outcomes
    before = sum(map(len, tenant.done.values()))
    clock.at(FIRST_NIGHT + (NIGHTS + 2) * DAY)
    assert world.night() == 0
    assert sum(map(len, tenant.done.values())) == before
