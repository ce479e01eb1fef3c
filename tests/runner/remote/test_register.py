"""Which run a command is, on any machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.domain.errors import RemoteUnusable
from runner.remote.register import (
    Registered,
    RemoteDecision,
    RemoteState,
    RunEntry,
    Wanted,
    decide,
    entries,
    last_entry,
    path_part,
    published_folder,
    register,
)
from runner.remote.storage import open_storage

FOLLOW, FETCH, RESTORE = RemoteDecision.FOLLOW, RemoteDecision.FETCH, RemoteDecision.RESTORE
PLAN_AGAIN, EXPIRED = RemoteDecision.PLAN_AGAIN, RemoteDecision.REFUSE_EXPIRED
UNFINISHED = RemoteDecision.REFUSE_UNFINISHED
OVER, COPIED, LOST = RemoteState.OVER, RemoteState.COPIED, RemoteState.LOST


def entry(run: str = "r", token: str = "t") -> RunEntry:
    return RunEntry(
        run=run, host="h", tenant="T/1", fingerprint="f" * 64, folder="x", begun_at="", machine="m", token=token
    )


@pytest.mark.parametrize(
    ("state", "hours", "wanted", "decision"),
    [
        (OVER, 1, Wanted(), FETCH),
        (OVER, 19.9, Wanted(), FETCH),
        (OVER, 20, Wanted(), FOLLOW),
        (OVER, 100, Wanted(run_id="r"), FETCH),
        (OVER, 1, Wanted(run_id="s"), FOLLOW),
        (OVER, 1, Wanted(again=True), FOLLOW),
        (COPIED, 0, Wanted(), RESTORE),
        (COPIED, 22.9, Wanted(run_id="r"), RESTORE),
        (COPIED, 23, Wanted(), EXPIRED),
        (COPIED, 1, Wanted(run_id="s"), UNFINISHED),
        (COPIED, 100, Wanted(beside_unfinished=True), FOLLOW),
        (COPIED, 100, Wanted(again=True), FOLLOW),
        (LOST, 22.9, Wanted(), PLAN_AGAIN),
        (LOST, 23, Wanted(), EXPIRED),
        (LOST, 25, Wanted(run_id="r"), EXPIRED),
    ],
)
def test_the_same_command_is_the_same_run_while_its_keys_last(state, hours, wanted, decision):
    begun = datetime(2026, 11, 27, tzinfo=UTC)
    assert decide(state, Registered(entry(), 1, begun, begun + timedelta(hours=hours)), wanted) is decision


def test_whoever_registers_first_keeps_it_and_later_runs_follow(tmp_path):
    storage = open_storage(str(tmp_path))
    assert last_entry(storage, "T/1", "f" * 64) is None
    assert register(storage, entry("r", "1"), None).token == "1"
    assert register(storage, entry("s", "2"), None).token == "1"
    last = last_entry(storage, "T/1", "f" * 64)
    assert (last.entry.run, last.number) == ("r", 1) and last.age < timedelta(minutes=1)
    assert register(storage, entry("s", "2"), last).run == "s"
    for _ in range(10):
        register(storage, entry("u"), last_entry(storage, "T/1", "f" * 64))
    assert [known.run for known in entries(storage, "T/1", "f" * 64)] == ["r", "s", *["u"] * 10]
    assert last_entry(storage, "T/1", "f" * 64).number == 12
    assert last_entry(storage, "T/1", "0" * 64) is None
    assert [path.name for path in (tmp_path / "begun").iterdir()] == ["T%2F1"]


def test_an_entry_that_cannot_be_read_is_not_passed_over(tmp_path):
    storage = open_storage(str(tmp_path))
    storage.create(f"begun/T/{'f' * 64}", b"{}")
    with pytest.raises(RemoteUnusable, match="restore it from the bucket's versions"):
        last_entry(storage, "T", "f" * 64)


@pytest.mark.parametrize(
    ("tenant", "part"), [("a b/c", "a%20b%2Fc"), ("..", "%2E%2E"), ("ü=*", "%C3%BC%3D%2A"), ("x", "x")]
)
def test_a_tenant_is_one_part_of_a_path(tenant, part):
    assert path_part(tenant) == part
    assert published_folder("r", tenant, "2026-11-27T01:02:03+00:00") == f"tenant={part}/month=2026-11/run=r"
