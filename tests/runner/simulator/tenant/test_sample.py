"""The objects of a tenant to rehearse in."""

from __future__ import annotations

from collections import Counter

from runner.simulator import ManualClock, Options, Simulator


def test_some_of_every_object_the_same_for_the_same_seed(tmp_path):
    """With drafts, cancelled documents and excluded items among them; a state file keeps them as they were."""
    options = Options(objects=100, seed=3, state=tmp_path / "state.db")
    simulators = [Simulator(options, ManualClock()), Simulator(Options(objects=100, seed=3), ManualClock())]
    simulators[0].world.store.close()
    simulators.append(Simulator(options, ManualClock()))
    seen = []
    for simulator in simulators:
        rows = {table: simulator.records.rows(table) for table in ("Subscription", "Invoice", "RatePlanCharge")}
        seen.append({table: Counter(row.get("status") for row in listed) for table, listed in rows.items()})
    assert seen[0] == seen[1] == seen[2]
    assert seen[0]["Subscription"].keys() == {"Active", "Cancelled", "Draft"}
    assert seen[0]["Invoice"].keys() == {"Posted", "Canceled", "Draft"}
    assert seen[0]["RatePlanCharge"].total() == 200
    flags = Counter(row["excludeitembookingfromrevenueaccounting"] for row in rows["RatePlanCharge"])
    assert 0 < flags[True] < 30
    simulators[1].reset()
    assert len(simulators[1].records.rows("orderlineitem")) == 100
