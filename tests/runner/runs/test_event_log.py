"""Revenue events: two more values in the tables of schemas and operations, parameters in the query."""

from __future__ import annotations

from typing import Any

from tests.harness.program import folders, table

MANIFEST = """type,subscriptionNumber,mode,forRevenueRecollect,originalChargeId,chargeSegmentNumber,fundId
DeliverySchedule,A-S1,incremental,TRUE,,,
DeliverySchedule,A-S2,,false,,,
DailyConsumption,,,true,c1,2,f1
DailyConsumption,,,,c2,,
DeliverySchedule,A-S2,,,,,
DeliverySchedule,MISSING-1,Full,,,,
"""


def _named(one: dict[str, Any]) -> str:
    """The object that a request is about."""
    return one["query"].get("subscriptionNumber") or one["body"]["originalChargeId"]


def test_events_are_written_as_documented(tmp_path, regen, simulator):
    """Parameters go into the query, the rest into the body; what is false is not sent; no type on the wire."""
    (tmp_path / "events.csv").write_text(MANIFEST)
    with simulator() as server:
        done = regen("run", "events.csv", "--base-url", server.url, "--re-migrate")
        assert done.code == 3, done.err
        seen = {
            _named(one): (one["path"].rsplit("/", 1)[-1], one["query"], one["body"]) for one in server.regenerations()
        }
    assert seen["A-S1"] == (
        "rev-rec-events",
        {"subscriptionNumber": "A-S1", "mode": "Incremental", "forRevenueRecollect": "true"},
        None,
    )
    assert seen["A-S2"] == ("rev-rec-events", {"subscriptionNumber": "A-S2"}, None)
    assert seen["c2"] == ("daily-consumption", {}, {"originalChargeId": "c2"})
    body = {"originalChargeId": "c1", "chargeSegmentNumber": "2", "fundId": "f1"}
    assert ("daily-consumption", {"forRevenueRecollect": "true"}, body) in seen.values()
    assert len(seen) == 5
    rows = table(folders(tmp_path / "runs")[0])
    states = ["succeeded", "succeeded", "succeeded", "succeeded", "duplicate", "failed"]
    assert [row["regen_state"] for row in rows] == states
    assert [row["regen_id_list"] for row in rows[:4]] == [[], [], [], []]
    assert len({row["regen_key"] for row in rows}) == 5


def test_lost_answers_replay_under_the_same_key(tmp_path, regen, simulator):
    """A body-less POST is as safe as any other."""
    (tmp_path / "events.csv").write_text("subscriptionNumber\n" + "".join(f"A-S{n}\n" for n in range(40)))
    with simulator(faults={"lost-answer": 0.3}, retry_after=0) as server:
        done = regen("run", "events.csv", "--type", "DeliverySchedule", "--base-url", server.url)
        assert done.code == 0, done.err
        assert [len(one["effects"]) for one in server.regenerations()] == [1] * 40
