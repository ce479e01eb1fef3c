"""Flows through dispatch, in virtual time, against a tenant that keeps keys as documented."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.dispatch.circuit_breaker import Ending
from runner.dispatch.dispatcher import Dispatch
from runner.dispatch.run_limits import Terms
from runner.domain.errors import ExitCode, LedgerFull, LedgerUnusable
from runner.domain.identity import key
from runner.domain.model import Reply, Silence
from runner.domain.run_status import RunStatus
from runner.ledger import Journal, open_read_only, open_writable
from runner.ledger.hash_chain import chain
from tests.harness.virtual import EPOCH, Inline, Tenant, dispatched, enrolled, now, run_virtually, settle, states


def only(state: str, requests: int) -> dict[int, str]:
    return dict.fromkeys(range(1, requests + 1), state)


def test_every_request_is_sent_once(tmp_path):
    """A quiet tenant: one attempt each, all succeeded, and no more in flight than allowed."""
    tenant = Tenant()
    ending, after = settle(enrolled(tmp_path / "l.db", 50), tenant, concurrency=7)
    assert (ending.status, after) == ("finished", only("succeeded", 50))
    assert all(len(keys) == 1 for keys in tenant.arrivals.values())
    assert tenant.peak == 7


def test_a_second_invocation_sends_nothing(tmp_path):
    """Settled is settled."""
    path, tenant = enrolled(tmp_path / "l.db", 5), Tenant()
    settle(path, tenant)
    settle(path, tenant)
    assert len(tenant.times) == 5


@pytest.mark.parametrize("concurrency", [1, 3, 40])
def test_requests_of_one_lane_keep_their_order_and_never_meet(tmp_path, concurrency):
    """The tenant itself refuses to see two of one lane; failures do not let a later one overtake."""
    order: list[int] = []

    def script(number: int, arrival: int) -> str:
        if arrival == 2 or number % 3:
            order.append(number)
            return "ok"
        return "temporary"

    path = enrolled(tmp_path / "l.db", 60, lanes=lambda number: f"lane {number % 10}")
    _, after = settle(path, Tenant(script), concurrency=concurrency)
    assert after == only("succeeded", 60)
    for lane in range(10):
        mine = [number for number in order if number % 10 == lane]
        assert mine == sorted(mine)


def test_a_saved_failure_takes_the_next_key(tmp_path):
    """Never asked again under its own key."""
    tenant = Tenant(lambda number, arrival: "temporary" if arrival < 4 else "ok")
    _, after = settle(enrolled(tmp_path / "l.db", 3), tenant)
    assert after == only("succeeded", 3)
    for keys in tenant.arrivals.values():
        assert [name[-1] for name in keys] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("action", ["silent", "lost", "drop", "503", "429", "70"])
@pytest.mark.parametrize("dialect", ["same", "409"])
def test_trouble_before_an_answer_ends_in_one_effect(tmp_path, action, dialect):
    """Two attempts in trouble, then peace."""
    tenant = Tenant(lambda number, arrival: action if arrival < 3 else "ok", dialect)
    _, after = settle(enrolled(tmp_path / "l.db", 8), tenant)
    assert after == only("succeeded", 8)
    assert all(len(keys) == 1 for keys in tenant.effects.values())


def test_patience_spent_in_silence_is_unknown_and_after_a_no_it_is_failed(tmp_path):
    """Six attempts."""
    tenant = Tenant(lambda number, arrival: {1: "drop", 2: "temporary"}.get(number, "ok"))
    _, after = settle(enrolled(tmp_path / "l.db", 3), tenant)
    assert after == {1: "unknown", 2: "failed", 3: "succeeded"}
    assert len(tenant.arrivals[1]) == len(tenant.arrivals[2]) == 6
    assert len(set(tenant.arrivals[1])) == 1
    assert len(set(tenant.arrivals[2])) == 6


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["503", "429", "70", "look", "drop"]), max_size=12),
    st.sampled_from(["same", "409"]),
    st.floats(0, 1, exclude_max=True),
)
def test_the_race_that_rotates_too_early(tmp_path_factory, mix, dialect, chance):
    """An attempt falls silent while the server works on; whatever its retries meet, there is one effect."""

    def script(number: int, arrival: int) -> str:
        if arrival == 1:
            return "silent"
        return mix[arrival - 2] if arrival - 2 < len(mix) else "ok"

    tenant = Tenant(script, dialect)
    path = enrolled(tmp_path_factory.mktemp("race") / "l.db", 1)
    ending, after = settle(path, tenant, chance=lambda: chance)
    assert len(tenant.effects[1]) == 1
    while after[1] == "unknown":  # so many attempts in silence that patience was spent
        ending, after = settle(path, tenant, chance=lambda: chance)
    assert after == {1: "succeeded"}
    assert ending.status is RunStatus.FINISHED
    assert len(tenant.effects[1]) == 1


def test_the_chain_of_outcomes_holds(tmp_path):
    """Each entry hashes its content and the one before."""
    path = enrolled(tmp_path / "l.db", 20)
    settle(path, Tenant(lambda number, arrival: "gone" if number % 5 == 0 else "ok"))
    with open_writable(path) as store:
        assert [stored == due for _, stored, due in chain(store)] == [True] * 20
        store.connection.execute("UPDATE outcome SET ids = '[\"forged\"]' WHERE seq = 7")
        assert [stored == due for _, stored, due in chain(store)].count(False) == 1


def test_a_claim_that_waited_long_and_was_killed_is_not_taken_for_over(tmp_path):
    """Claimed, held for ten minutes, sent, killed: the work has just begun, whatever the age of the claim."""
    path, tenant = enrolled(tmp_path / "l.db", 1), Tenant()
    with open_writable(path) as store:
        store.connection.execute(
            "INSERT INTO attempt (request, number, generation, claimed_at) VALUES (1, 1, 0, ?)",
            (int((EPOCH - 600) * 1e6),),
        )
        (digest,) = store.row("SELECT lower(hex(digest)) FROM request")
    saved = Reply(200, b'{"success": true, "idList": ["id-1"]}', request_id="reply-0")
    tenant.keys[key(digest, 0)] = (EPOCH + 20, saved)
    _, after = settle(path, tenant)
    assert after == {1: "succeeded"}
    assert set(tenant.arrivals[1]) == {key(digest, 0)}
    assert not tenant.effects


@pytest.mark.parametrize("jump_seconds", [3600.0, 300.0, -300.0, 0.0])
@pytest.mark.parametrize("at", [0.02, 1.0, 2.99, 10.0])
def test_a_clock_that_is_set_does_not_end_the_work_behind_a_409(tmp_path, jump_seconds, at):
    """It goes on for a minute; by the wall clock it might have ended long ago."""

    class Busy(Tenant):
        def _work(self, request, name, seconds, failure=None):
            return super()._work(request, name, 60.0 if seconds else 0.0, failure)

    tenant = Busy(lambda number, arrival: "silent" if arrival == 1 else "ok")
    path = enrolled(tmp_path / "l.db", 1)
    settle(path, tenant, now=lambda: now() + (jump_seconds if now() > EPOCH + at else 0))
    assert len(tenant.effects[1]) == 1


class TestStopping:
    """Claim nothing more, let what is under way finish, give the rest back."""

    def test_a_ledger_that_cannot_be_read_sends_nothing_more(self, tmp_path, monkeypatch):
        """What was loaded before stays where it is."""
        path, tenant, reads = enrolled(tmp_path / "l.db", 1000), Tenant(), []
        fresh = Journal.fresh

        def damaged(journal, *arguments):
            reads.append(now())
            if len(reads) == 2:
                raise LedgerUnusable("damaged")
            return fresh(journal, *arguments)

        monkeypatch.setattr(Journal, "fresh", damaged)
        with open_writable(path) as store:
            with pytest.raises(LedgerUnusable):
                run_virtually(lambda: dispatched(store, tenant))
            assert store.row("SELECT count(*) FROM attempt WHERE answered_at IS NULL") == (0,)
        assert max(tenant.times) <= reads[1] + 0.06

    def test_a_step_that_is_over_does_not_tell_of_what_fails_later(self, tmp_path):
        """That is for the step under way."""
        notes = []

        async def main(store):
            _, _, dispatch = await dispatched(store, Tenant(), note=lambda name, facts: notes.append(name))
            dispatch._pen.failure.set_result(LedgerFull("full"))
            await asyncio.sleep(0.1)

        with open_writable(enrolled(tmp_path / "l.db", 2)) as store:
            run_virtually(lambda: main(store))
        assert "stopping" not in notes


class TestCanary:
    """The first N must succeed before the rest goes."""

    def test_fails(self, tmp_path):
        path, tenant = enrolled(tmp_path / "l.db", 100), Tenant(lambda number, arrival: "gone" if number == 3 else "ok")
        ending, after = settle(path, tenant, canary=frozenset({1, 2, 3, 4, 5}))
        assert (ending.exit_code, ending.needs_person) == (4, True)
        assert "row 3 failed" in ending.reason
        assert set(tenant.arrivals) <= {1, 2, 3, 4, 5}
        assert after[6] == "pending"

    def test_passes(self, tmp_path):
        """Whatever its rows, wherever they are in the manifest; a retry is no failure; nothing else is sent."""
        tenant = Tenant(lambda number, arrival: "temporary" if arrival == 1 else "ok")
        ending, after = settle(enrolled(tmp_path / "l.db", 40), tenant, canary=frozenset({2, 39, 17}))
        assert ending.status == "finished"
        assert (
            {number for number, state in after.items() if state == "succeeded"} == {2, 17, 39} == set(tenant.arrivals)
        )

    def test_rows_of_one_lane_keep_their_order(self, tmp_path):
        """A bad third row of one object is part of the canary; the fourth of its lane is not."""
        tenant = Tenant(lambda number, arrival: "gone" if number == 3 else "ok")
        path = enrolled(tmp_path / "l.db", 10, lanes=lambda number: "same" if number < 5 else str(number))
        ending, after = settle(path, tenant, canary=frozenset({1, 2, 3}))
        assert ending.exit_code == 4
        assert list(tenant.arrivals) == [1, 2, 3]
        assert after[4] == "pending"
        ending, after = settle(path, tenant)
        assert (ending.status, after[3], after[4]) == ("finished", "failed", "succeeded")

    def test_a_stop_is_not_a_last_attempt(self, tmp_path):
        """What is under way when the run is stopped stays pending, however many attempts it has had."""
        tenant, dispatches = Tenant(lambda number, arrival: "drop"), list[Dispatch]()
        drop = tenant.send

        async def send(request, generation, attempt):
            if attempt < 6:
                return await drop(request, generation, attempt)
            dispatches[0].stop(Ending(RunStatus.TERMINATED, ExitCode.TERMINATED))
            dispatches[0].hurry()
            return await asyncio.sleep(1000)

        tenant.send = send
        _, after = settle(enrolled(tmp_path / "l.db", 1), tenant, when=dispatches.append)
        assert after == only("pending", 1)

    def test_a_silence_while_it_ends_is_no_last_attempt_either(self, tmp_path):
        """Patience is spent by what happens to a run, not by how it ends: `resume` begins with all of it."""
        tenant, dispatches = Tenant(lambda number, arrival: "drop"), list[Dispatch]()
        drop = tenant.send

        async def send(request, generation, attempt):
            if attempt == 6:
                dispatches[0].stop(Ending(RunStatus.TERMINATED, ExitCode.TERMINATED))
            return await drop(request, generation, attempt)

        tenant.send = send
        _, after = settle(enrolled(tmp_path / "l.db", 5), tenant, when=dispatches.append, chance=lambda: 1.0)
        assert after == only("pending", 5)


@pytest.mark.parametrize("status", [429, 503])
def test_everybody_waits_as_long_as_retry_after_says(tmp_path, status):
    """After a 429 and a gateway's 503 alike, nothing is sent before its time."""
    tenant = Tenant()
    healthy = tenant.send

    async def send(request, generation, attempt):
        if len(tenant.times) == 3:
            tenant.times.append(now())
            return Reply(status, b"<html>", retry_after_seconds=500.0)
        return await healthy(request, generation, attempt)

    tenant.send = send
    _, after = settle(enrolled(tmp_path / "l.db", 40), tenant, concurrency=2)
    assert after == only("succeeded", 40)
    refused = tenant.times[3]
    assert not [time for time in tenant.times if refused + 0.1 < time < refused + 500.0]


def test_what_was_not_sent_is_given_back_to_the_budget(tmp_path):
    """`--max-requests 5` means five requests that reached the tenant, whatever connections failed before."""
    tenant, refusals = Tenant(), iter(range(7))
    healthy = tenant.send

    async def send(request, generation, attempt):
        if next(refusals, None) is not None:
            return Silence("connect", "refused", sent=False)
        return await healthy(request, generation, attempt)

    tenant.send = send
    ending, after = settle(enrolled(tmp_path / "l.db", 12), tenant, terms=Terms(max_requests=5), concurrency=1)
    assert ending.exit_code is ExitCode.PAUSED
    assert Counter(after.values()) == {"succeeded": 5, "pending": 7}


class Answers(Tenant):
    """A tenant that gives everyone the same answer until `heals` seconds have passed."""

    def __init__(self, answer, heals: float = float("inf")) -> None:
        super().__init__()
        self.answer, self.heals = answer, heals

    async def send(self, request, generation, attempt):
        if now() - EPOCH >= self.heals:
            return await super().send(request, generation, attempt)
        self.times.append(now())
        await asyncio.sleep(0.05)
        return self.answer


def test_slow_rates_are_kept(tmp_path):
    """Two a second, whatever the concurrency."""
    tenant = Tenant()
    settle(enrolled(tmp_path / "l.db", 20), tenant, rate=2, concurrency=20)
    assert 9.0 <= tenant.times[-1] - tenant.times[0] <= 10.0


def test_a_ledger_that_gives_out_ends_the_run_and_loses_nothing(tmp_path):
    """What was claimed stays in doubt, what was answered is asked again under the same key."""
    path, tenant = enrolled(tmp_path / "l.db", 100), Tenant()
    with open_writable(path) as store:
        (pages,) = store.row("PRAGMA page_count")
        store.connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(LedgerFull):
            run_virtually(lambda: dispatched(store, tenant))
        assert "succeeded" in states(store).values()
        assert "pending" in states(store).values()
    _, after = settle(path, tenant)
    assert after == only("succeeded", 100)
    assert all(len(keys) == 1 for keys in tenant.effects.values())


class SlowDisk(Inline):
    """Every write takes half a second, ten times as long as a response."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        written, later = super().submit(fn, *args, **kwargs), Future()
        asyncio.get_running_loop().call_later(0.5, lambda: later.set_result(written.result()))
        return later


def test_claims_gather_while_a_slow_disk_writes(tmp_path):
    """Each commit takes what may be claimed by then; no more than twice the concurrency is without a response."""
    path = enrolled(tmp_path / "l.db", 160)
    unanswered: list[int] = []

    def script(number: int, arrival: int) -> str:
        with open_read_only(path) as store:
            unanswered.extend(store.row("SELECT count(*) FROM attempt WHERE answered_at IS NULL") or ())
        return "ok"

    tenant = Tenant(script)
    _, after = settle(path, tenant, concurrency=8, thread=SlowDisk())
    assert after == only("succeeded", 160)
    assert max(unanswered) <= 16
    assert tenant.times[-1] - tenant.times[0] < 12  # 14.6 if claims wait for those that are being written
