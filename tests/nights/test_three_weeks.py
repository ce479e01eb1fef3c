"""Three weeks of `regen nightly` under a moved clock: a crash, an outage over midnight, failing and fixed rows, quiet
nights, a colleague at the same tenant. No row is doubled, lost, or unknown that could have been known."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from runner.ledger import open_read_only
from runner.runs.lock import tenant_held
from runner.session import nightly
from tests.harness.program import folders, table
from tests.runner.session.test_carryover import killed, last

HEADER = "Subscription Name,Subscription Version\n"
FIRST_NIGHT = datetime(2027, 3, 1, 23, 30, tzinfo=UTC).timestamp()  # and on over midnight in UTC


class World:
    """The machine, the list that somebody exports every evening, and what the tenant was asked to do."""

    def __init__(self, tmp_path, regen, server, clock) -> None:
        self.path, self.regen, self.server, self.clock = tmp_path, regen, server, clock
        self.listed: list[str] = []
        self.night_number = 0
        self.last_success = 0.0
        self.mornings: list[tuple[int, ...]] = []  # runs that can go on, runs that need a person
        clock.at(FIRST_NIGHT)

    def export(self, *names: str, rows: int = 3) -> None:
        """Tonight's list: new objects, and those named."""
        self.night_number += 1
        new = [f"A-N{self.night_number:02d}-{n}" for n in range(rows)] if rows else []
        self.listed += [*new, *names]
        (self.path / "nightly.csv").write_text(HEADER + "".join(f"{name},1\n" for name in [*new, *names]))

    def night(self, *more) -> int:
        """`regen nightly`, as the timer starts it; the metrics of the morning are true."""
        done = self.regen(
            *("nightly", "nightly.csv", "--base-url", self.server.url, "--outage-patience", 0, "--concurrency", 2),
            *("--metrics", "regen.prom", "--json", *more),
        )
        self.errors = done.err
        self.morning(done.code)
        return done.code

    def morning(self, code: int) -> None:
        """The metrics against what the folder itself has, read in another way."""
        text = (self.path / "regen.prom").read_text()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        metrics = {sample.name: sample.value for sample in samples if sample.name != "regen_rows"}
        assert metrics["regen_exit_code"] == code
        now = time.time()
        self.last_success = now if code == 0 else self.last_success
        assert abs(metrics["regen_last_success_timestamp_seconds"] - self.last_success) < 600
        listed = [len(self.regen("runs", word).out.splitlines()) for word in ("--unfinished", "--needs-person")]
        assert [metrics["regen_unfinished_runs"], metrics["regen_needs_person"]] == listed
        unknown = [row for folder in folders(self.path / "runs") for row in rows_of(folder) if row == "unknown"]
        assert metrics["regen_unknown_rows"] == len(unknown)
        self.mornings.append(tuple(listed))

    def day(self) -> None:
        """Until the next evening."""
        self.clock.forward(hours=24)

    def hour(self) -> None:
        """Until the timer tries again."""
        self.clock.forward(hours=1)

    def effects(self) -> Counter:
        """How often the tenant regenerated each object."""
        done = Counter[str]()
        for identity in self.server.regenerations():
            done[identity["body"]["subscriptionName"]] += len(identity["effects"])
        return done

    def fates(self) -> dict[str, list[str]]:
        """The states of each object over all runs, in the order of the runs."""
        fates: dict[str, list[str]] = {}
        for folder in sorted(folders(self.path / "runs"), key=lambda path: planned_at(path)):
            for row in table(folder):
                fates.setdefault(row["Subscription Name"], []).append(row["regen_state"])
        return fates


def rows_of(folder) -> list[str]:
    """The outcome of each request, from the ledger itself."""
    with open_read_only(folder / "ledger.db") as store:
        return [state for (state,) in store.rows("SELECT state FROM request")]


class Killed(BaseException):
    """What no handler catches: the process is gone."""


def planned_at(folder) -> str:
    return json.loads((folder / "run.json").read_text())["planned_at"]


def run_ids(tmp_path, *which) -> list[str]:
    return [path.name for path in folders(tmp_path / "runs") if not which or path.name in which]


@pytest.fixture
def world(tmp_path, regen, simulator, clock):
    with simulator() as server:
        yield World(tmp_path, regen, server, clock)


def test_three_weeks(world, tmp_path, regen, monkeypatch):
    """Each night has one story; at the end every object of every list was regenerated exactly once."""
    codes = []
    for night in range(1, 22):
        story = STORIES.get(night, ordinary)
        story(world, tmp_path, regen, monkeypatch, codes)
        world.day()
    assert world.effects() == Counter(world.listed)
    assert {fates[-1] for fates in world.fates().values()} == {"succeeded"}
    assert "unknown" not in {state for fates in world.fates().values() for state in fates}
    assert regen("runs", "--unfinished").out == ""
    assert regen("runs", "--needs-person").out == ""
    assert world.mornings[-1] == (0, 0)
    assert {unfinished for unfinished, _ in world.mornings} == {0, 1}, "the outage's and the budget's run were counted"
    for folder in folders(tmp_path / "runs"):
        assert regen("verify", folder.name).code == 0
    assert codes == [0, 3, 3, 3, 0, 4, 4, 0, 3, 3, 0, 6, 0, 2, 0, 0, 5, 0, 4, 4]


def ordinary(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.export()
    assert world.night() == 0
    assert world.night() == 0, "the same night again sends nothing"


def a_row_fails(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.export("MISSING-1")
    codes += [0, world.night()]


def it_still_fails(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.export()
    codes.append(world.night())


def a_crash(world, tmp_path, regen, monkeypatch, codes) -> None:
    """The machine goes down in the middle of the night; the timer tries again within the hour."""
    world.export(rows=6)
    codes.append(3)
    assert world.night("--max-requests", 4) == 5
    killed(last(tmp_path))
    world.hour()
    assert world.night() == 3, "the row of the first week fails still"


def somebody_creates_the_object(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.server.post("faults", {"missing_prefix": "GONE"})
    world.export()
    codes.append(world.night())


def an_outage_over_midnight(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.server.post("outage", {"mode": "503"})
    world.export(rows=5)
    codes.append(world.night())
    world.hour()
    codes.append(world.night())
    world.hour()
    world.server.post("outage", {"mode": None})
    codes.append(world.night())


def a_row_fails_before_a_quiet_night(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.export("GONE-2")
    codes.append(world.night())


def a_quiet_night(world, tmp_path, regen, monkeypatch, codes) -> None:
    """A header and nothing else: yesterday's failure is tried again all the same."""
    world.export(rows=0)
    codes.append(world.night())


def a_quiet_night_that_succeeds(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.server.post("faults", {"missing_prefix": "NOTHING"})
    world.export(rows=0)
    codes.append(world.night())


def a_night_without_anything(world, tmp_path, regen, monkeypatch, codes) -> None:
    runs = run_ids(tmp_path)
    world.export(rows=0)
    assert world.night() == 0
    assert run_ids(tmp_path) == runs


def a_colleague(world, tmp_path, regen, monkeypatch, codes) -> None:
    """Somebody runs the same tenant from another folder; the timer tries again."""
    world.export()
    with open_read_only(last(tmp_path) / "ledger.db") as store:
        facts = store.facts()
    with tenant_held(tmp_path / "elsewhere", facts.tenant, facts.host, run="theirs"):
        codes.append(world.night())
    world.hour()
    codes.append(world.night())


def credentials_are_missing(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.export()
    with monkeypatch.context() as patch:
        patch.delenv("ZUORA_CLIENT_SECRET")
        codes.append(world.night())
    world.hour()
    codes.append(world.night())


def killed_after_the_plan(world, tmp_path, regen, monkeypatch, codes) -> None:
    """Nothing was sent, and tomorrow's list is another: the plan is taken up all the same."""
    world.export()
    with monkeypatch.context() as patch:
        patch.setattr(nightly, "_started", stopped_there)
        with pytest.raises(Killed):
            world.night()


def stopped_there(*_):
    raise Killed


def after_it(world, tmp_path, regen, monkeypatch, codes) -> None:
    world.export()
    codes.append(world.night())


def lost_responses(world, tmp_path, regen, monkeypatch, codes) -> None:
    """The work is done and the response is lost, then the budget ends: within the hour the outcome is known."""
    world.server.post("faults", {"faults": {"lost-answer": 1.0}})
    world.export(rows=4)
    codes.append(world.night("--max-requests", 3))
    world.server.post("faults", {"faults": {"lost-answer": 0.0}})
    world.hour()
    codes.append(world.night())


def a_failed_canary(world, tmp_path, regen, monkeypatch, codes) -> None:
    """Only a person takes such a run further, and the metrics say so until one does."""
    world.export("NOTHING-7", "A-after-the-canary", rows=0)
    codes.append(world.night("--canary", 1))
    assert world.mornings[-1] == (0, 1)
    world.hour()
    codes.append(world.night())
    assert world.mornings[-1] == (0, 1), "the night leaves it alone"
    assert regen("resume", last(tmp_path).name, "--base-url", world.server.url).code == 3
    world.server.post("faults", {"missing_prefix": "NOWHERE"})


STORIES = {
    2: a_row_fails,
    3: it_still_fails,
    4: a_crash,
    5: somebody_creates_the_object,
    7: an_outage_over_midnight,
    9: a_row_fails_before_a_quiet_night,
    10: a_quiet_night,
    11: a_quiet_night_that_succeeds,
    12: a_night_without_anything,
    13: a_colleague,
    15: credentials_are_missing,
    16: killed_after_the_plan,
    17: after_it,
    19: lost_responses,
    20: a_failed_canary,
}
