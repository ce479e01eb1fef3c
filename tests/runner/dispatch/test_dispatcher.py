"""Flows through dispatch, in virtual time, against a tenant that keeps keys as documented."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import Future

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.dispatch.circuit_breaker import Ending, FailureLimit
from runner.dispatch.dispatcher import Dispatch
from runner.dispatch.run_limits import Terms
from runner.domain.errors import ExitCode, LedgerFull, LedgerUnusable
from runner.domain.identity import key
from runner.domain.model import History, Judgement, Kind, Reason, Reply, Seen, Silence
from runner.domain.run_status import RunStatus
from runner.ledger import Claim, Journal, open_writable
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


@pytest.mark.parametrize("begun", [(1, 2), (2, 3), (1, 2, 3)])
def test_begun_requests_of_one_lane_do_not_meet_after_a_restart(tmp_path, begun):
    """The tenant refuses to see two of them at once; each is sent again under its own key, in the lane's order."""
    order: list[int] = []

    def script(number: int, arrival: int) -> str:
        order.append(number)
        return "ok"

    path, tenant = enrolled(tmp_path / "l.db", 6, lanes=lambda number: f"lane {number > 3}"), Tenant(script)
    with open_writable(path) as store:
        Journal(store).write([], [Claim(number, 1, 0, int(EPOCH * 1e6) - 1) for number in begun])
    ending, after = settle(path, tenant, concurrency=10)
    assert (ending.status, after) == ("finished", only("succeeded", 6))
    assert tenant.peak == 2
    assert [number for number in order if number <= 3] == [1, 2, 3]
    assert {number: len(keys) for number, keys in tenant.effects.items()} == dict.fromkeys(range(1, 7), 1)


def test_lanes_cost_no_connection(tmp_path):
    """Six versions of each object in a row, and all connections stay busy."""
    tenant = Tenant()
    settle(enrolled(tmp_path / "l.db", 600, lanes=lambda number: f"lane {number // 6}"), tenant, concurrency=20)
    assert tenant.peak == 20
    assert max(tenant.times) - EPOCH < 600 / 20 * 0.05 * 1.3


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

    def test_a_signal_drains(self, tmp_path):
        def when(dispatch):
            asyncio.get_running_loop().call_later(
                1.0, dispatch.stop, Ending(RunStatus.INTERRUPTED, ExitCode.INTERRUPTED, "interrupted")
            )

        path, tenant = enrolled(tmp_path / "l.db", 200), Tenant()
        ending, after = settle(path, tenant, when=when)
        assert ending.exit_code == 130
        done = Counter(after.values())
        assert 0 < done["succeeded"] == len(tenant.arrivals) < 200
        with open_writable(path) as store:
            assert store.row("SELECT count(*) FROM attempt WHERE answered_at IS NULL") == (0,)
        _, after = settle(path, tenant)
        assert after == only("succeeded", 200)
        assert all(len(keys) == 1 for keys in tenant.arrivals.values())

    def test_a_drain_that_takes_too_long_leaves_the_rest_in_doubt(self, tmp_path):
        class Slow(Tenant):
            async def send(self, request, generation, attempt):
                await asyncio.sleep(100)
                return await super().send(request, generation, attempt)

        def when(dispatch):
            asyncio.get_running_loop().call_later(1.0, dispatch.stop, Ending(RunStatus.TERMINATED, ExitCode.TERMINATED))

        path, tenant = enrolled(tmp_path / "l.db", 10), Slow()
        ending, after = settle(path, tenant, when=when)
        assert (ending.exit_code, after) == (143, only("pending", 10))
        _, after = settle(path, tenant)
        assert after == only("succeeded", 10)

    def test_a_budget(self, tmp_path):
        path, tenant = enrolled(tmp_path / "l.db", 100), Tenant()
        for sent in (30, 60, 90):
            ending, _ = settle(path, tenant, terms=Terms(max_requests=30))
            assert (ending.exit_code, len(tenant.times)) == (5, sent)
        ending, after = settle(path, tenant, terms=Terms(max_requests=30))
        assert (ending.exit_code, after) == (0, only("succeeded", 100))

    def test_a_deadline(self, tmp_path):
        path, tenant = enrolled(tmp_path / "l.db", 1000), Tenant()
        ending, after = settle(path, tenant, terms=Terms(until=EPOCH + 3))
        assert ending.exit_code == 5
        assert 200 <= Counter(after.values())["succeeded"] <= 300

    @pytest.mark.parametrize(("requests", "code"), [(1, 0), (2, 5)])
    def test_a_deadline_that_comes_while_the_last_are_under_way_ends_nothing_early(self, tmp_path, requests, code):
        """They are waited for: then either all is done or something is left."""

        class Slow(Tenant):
            async def send(self, request, generation, attempt):
                await asyncio.sleep(5)
                return await super().send(request, generation, attempt)

        path = enrolled(tmp_path / "l.db", requests)
        ending, after = settle(path, Slow(), terms=Terms(until=EPOCH + 3))
        assert ending.exit_code == code
        assert Counter(after.values())["pending"] == requests - 1

    def test_a_signal_outranks_a_deadline(self, tmp_path):
        def when(dispatch):
            dispatch.stop(Ending(RunStatus.PAUSED, ExitCode.PAUSED))
            dispatch.stop(Ending(RunStatus.INTERRUPTED, ExitCode.INTERRUPTED))
            dispatch.stop(Ending(RunStatus.STOPPED, ExitCode.STOPPED))

        ending, _ = settle(enrolled(tmp_path / "l.db", 3), Tenant(), when=when)
        assert ending.exit_code == 130

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

    def test_who_waits_for_a_turn_sends_nothing_any_more(self, tmp_path):
        """Though the ledger takes its time over a question."""
        stopped = EPOCH + 100.2

        class Dull(Inline):
            def submit(self, fn, /, *args, **kwargs):
                future = super().submit(fn, *args, **kwargs)
                if getattr(fn, "__name__", "") != "fresh" or now() < EPOCH + 1:
                    return future
                late = Future()
                asyncio.get_running_loop().call_at(stopped - EPOCH + 20, lambda: late.set_result(future.result()))
                return late

        def when(dispatch):
            ending = Ending(RunStatus.TERMINATED, ExitCode.TERMINATED)
            asyncio.get_running_loop().call_at(stopped - EPOCH, dispatch.stop, ending)

        path, tenant = enrolled(tmp_path / "l.db", 1000), Tenant()
        ending, after = settle(path, tenant, rate=2.6, concurrency=8, when=when, thread=Dull())
        assert ending.exit_code == 143
        assert Counter(after.values())["succeeded"] == len(tenant.times)
        assert max(tenant.times) <= stopped


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


class Window(Tenant):
    """A tenant that answers all alike for some seconds, once it has had so many requests."""

    def __init__(self, answer, begins: int, lasts: float) -> None:
        super().__init__()
        self.answer, self.begins, self.lasts = answer, begins, lasts
        self.since: float | None = None

    async def send(self, request, generation, attempt):
        if self.since is None and len(self.times) >= self.begins:
            self.since = now()
        if self.since is None or now() - self.since >= self.lasts:
            return await super().send(request, generation, attempt)
        await asyncio.sleep(0.05)
        return self.answer


class TestBreaker:
    """What fails alike for everyone stops the run, within what is in flight."""

    @pytest.mark.parametrize(
        "answer",
        [
            Reply(404, b"<html>"),
            Reply(302, b""),
            Reply(407, b""),
            Reply(403, b"forbidden"),
            Reply(422, b'{"success": false}'),
        ],
    )
    def test_stops_at_once(self, tmp_path, answer):
        tenant = Answers(answer)
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=10)
        assert (ending.exit_code, after) == (4, only("pending", 500))
        assert len(tenant.times) <= 10

    def test_stops_for_credentials_refused_twice(self, tmp_path):
        class Refusing(Answers):
            async def send(self, request, generation, attempt):
                self.times.append(now())
                await asyncio.sleep(0.05)
                return Reply(401, b"", token=1 if now() - EPOCH < 0.1 else 2)

        tenant = Refusing(None)
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=10)
        assert (ending.exit_code, after) == (4, only("pending", 500))
        assert len(tenant.times) <= 30

    @pytest.mark.parametrize(
        ("answer", "most"), [(Reply(403, b'{"success": false}'), 20), (Reply(400, b"bad request"), 10)]
    )
    def test_stops_after_many_in_a_row(self, tmp_path, answer, most):
        tenant = Answers(answer)
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=4)
        assert ending.exit_code == 4
        assert most <= Counter(after.values())["failed"] <= most + 4

    def test_stops_when_too_many_fail(self, tmp_path):
        tenant = Tenant(lambda number, arrival: "gone" if number % 10 else "ok")
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=4)
        assert ending.exit_code == 4
        assert 100 <= 500 - Counter(after.values())["pending"] <= 105

    @pytest.mark.parametrize(("limit", "failed"), [(FailureLimit(count=7), 8), (FailureLimit(share=0.2), 20)])
    def test_stops_at_its_limit(self, tmp_path, limit, failed):
        tenant = Tenant(lambda number, arrival: "gone" if number % 3 == 0 else "ok")
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, terms=Terms(failures=limit), concurrency=1)
        assert ending.exit_code == 4
        assert failed <= Counter(after.values())["failed"] <= failed + 15

    @pytest.mark.parametrize("answer", [Reply(503, b""), Silence("time-out"), Reply(200, b"<html>portal")])
    def test_waits_out_an_outage_without_burning_attempts(self, tmp_path, answer):
        tenant = Answers(answer, heals=400)
        ending, after = settle(enrolled(tmp_path / "l.db", 200), tenant, concurrency=20)
        assert (ending.status, after) == ("finished", only("succeeded", 200))
        assert sum(at - EPOCH < 400 for at in tenant.times) < 60

    @pytest.mark.parametrize(
        ("answer", "rows"), [(Reply(503, b""), 200), (Reply(503, b""), 3), (Silence("time-out"), 1)]
    )
    def test_gives_an_outage_up_and_leaves_the_rows_pending(self, tmp_path, answer, rows):
        tenant = Answers(answer)
        ending, after = settle(enrolled(tmp_path / "l.db", rows), tenant, concurrency=20)
        assert (ending.exit_code, after) == (4, only("pending", rows))
        assert 880 < max(tenant.times) - EPOCH < 1000
        _, after = settle(tmp_path / "l.db", Tenant())
        assert after == only("succeeded", rows)

    @pytest.mark.parametrize("rows", [1, 5, 200])
    def test_the_last_rows_wait_out_an_outage_like_the_first(self, tmp_path, rows):
        """Fewer than its threshold are left, and all of them fail: they do not become unknown in seconds."""
        for answer in (Reply(503, b""), Silence("time-out"), Silence("connect", "refused", sent=False)):
            path = enrolled(tmp_path / f"{type(answer).__name__}{answer.status}.db", 20 + rows)
            ending, after = settle(path, Window(answer, begins=20, lasts=400.0), concurrency=1)
            assert (ending.status, after) == ("finished", only("succeeded", 20 + rows))

    def test_a_row_that_fails_by_itself_is_no_outage(self, tmp_path):
        """Others got through while it failed: it spends its patience."""
        poison = Tenant(lambda number, arrival: "503" if number == 1 else "ok")
        ending, after = settle(enrolled(tmp_path / "l.db", 400), poison, concurrency=1)
        assert ending.status == "finished"
        assert after[1] == "unknown"
        assert Counter(after.values()) == {"succeeded": 399, "unknown": 1}

    @pytest.mark.parametrize("kind", ["token", "connect"])
    def test_a_first_connection_that_fails_is_given_up_within_seconds(self, tmp_path, kind):
        """Nothing has ever come through: doctor is named, not a quarter of an hour waited."""
        tenant = Answers(Silence(kind, "refused", sent=False))
        ending, after = settle(enrolled(tmp_path / "l.db", 200), tenant, concurrency=20)
        assert (ending.exit_code, after) == (4, only("pending", 200))
        assert max(tenant.times) - EPOCH < 30
        assert "regen doctor" in ending.reason
        _, after = settle(tmp_path / "l.db", Tenant())
        assert after == only("succeeded", 200)


class TestWindow:
    """A key in doubt is not sent after 23 hours, nor when the clock was set back."""

    @pytest.mark.parametrize(
        ("hours", "state"), [(0.0, "succeeded"), (22.9, "succeeded"), (23.1, "unknown"), (-1.0, "unknown")]
    )
    def test_of_a_claim_without_an_answer(self, tmp_path, hours, state):
        path, tenant = enrolled(tmp_path / "l.db", 3), Tenant(lambda number, arrival: "lost")
        with open_writable(path) as store:
            store.connection.execute(
                "INSERT INTO attempt (request, number, generation, claimed_at) VALUES (2, 1, 0, ?)", (int(EPOCH * 1e6),)
            )
        tenant.script = lambda number, arrival: "ok"
        _, after = settle(path, tenant, now=lambda: now() + hours * 3600)
        assert after == {1: "succeeded", 2: state, 3: "succeeded"}
        assert len(tenant.arrivals[2]) == (state == "succeeded")

    def test_does_not_close_on_a_generation_that_was_answered(self, tmp_path):
        path = enrolled(tmp_path / "l.db", 1)
        with open_writable(path) as store:
            store.connection.execute(
                "INSERT INTO attempt (request, number, generation, claimed_at, answered_at, reason, in_doubt, over)"
                " VALUES (1, 1, 0, ?, ?, 'throttled', 0, 0)",
                (int(EPOCH * 1e6), int(EPOCH * 1e6)),
            )
        _, after = settle(path, Tenant(), now=lambda: now() + 100 * 3600)
        assert after == {1: "succeeded"}

    def test_begins_with_a_claim_that_was_sent(self):
        """One that was given back leaves no trace: a run may rest for hours before the next."""
        before = History(generation=1, attempts=3)
        assert before.claim(5.0).give_back(5.0) == before
        sent = before.claim(5.0).after(Judgement(Kind.AGAIN, Reason.SILENCE, in_doubt=True), 6.0)
        assert sent.claim(9.0).give_back(9.0) == sent

    def in_doubt(self, path, hours):
        """Twenty requests, the first ten of them claimed so many hours ago and not answered."""
        enrolled(path, 20)
        with open_writable(path) as store:
            store.connection.executemany(
                "INSERT INTO attempt (request, number, generation, claimed_at) VALUES (?, 1, 0, ?)",
                [(number, int((EPOCH - hours * 3600) * 1e6)) for number in range(1, 11)],
            )
        return path

    @pytest.mark.parametrize(
        ("hours", "jump_hours", "state"),
        [
            (22, 0, "unknown"),
            (20, 0, "succeeded"),
            (22, -3, "unknown"),  # set back: by the wall clock the claims are young again
            (20, 0.9, "succeeded"),  # a laptop slept: the wall clock gains on the steady one
            (20, 1.9, "unknown"),
        ],
    )
    def test_closes_during_an_outage_of_two_hours(self, tmp_path, hours, jump_hours, state):
        """Whatever the wall clock does meanwhile."""

        def wall() -> float:
            return now() + (jump_hours * 3600 if now() > EPOCH + 1800 else 0)

        tenant = Answers(Silence("time-out"), heals=2 * 3600)
        path = self.in_doubt(tmp_path / "l.db", hours)
        ending, after = settle(path, tenant, now=wall, concurrency=10, terms=Terms(outage_patience_seconds=1e9))
        assert ending.status is RunStatus.FINISHED
        assert {after[number] for number in range(1, 11)} == {state}
        assert all(len(tenant.effects[number]) <= 1 for number in after)

    def test_closes_while_a_claim_waits_for_its_turn(self, tmp_path):
        """The window is looked at when a request is sent, not only when it is claimed."""
        tenant = Tenant()
        path = self.in_doubt(tmp_path / "l.db", 22.5)
        ending, after = settle(path, tenant, rate=1 / 1200, concurrency=10)  # one in 20 minutes
        assert ending.status is RunStatus.FINISHED
        late = [number for number in range(1, 11) if after[number] == "unknown"]
        assert 7 <= len(late) <= 9
        assert not any(tenant.arrivals[number] for number in late)
        assert {after[number] for number in range(11, 21)} == {"succeeded"}

    def test_does_not_close_on_a_job_that_is_known(self, tmp_path):
        """The answer was lost, a search found the job: it may run for days, and is in no doubt."""
        known = Judgement(Kind.AGAIN, Reason.FOLLOWING, spends=False, known=True, hold_seconds=60.0)
        done = Judgement(Kind.SUCCEEDED, Reason.DONE, ids=("job",))
        tenant = Tenant()

        async def send(request, generation, attempt):
            tenant.times.append(now())
            if len(tenant.times) == 1:
                return Silence("time-out")
            return Seen(known) if now() - EPOCH < 30 * 3600 else Seen(done, 200, sent=True)

        tenant.send = send
        _, after = settle(enrolled(tmp_path / "l.db", 1), tenant)
        assert after == only("succeeded", 1)

    def test_closes_on_a_job_that_is_still_searched_for(self, tmp_path):
        """As long as the search finds nothing the work is in doubt."""
        searching = Judgement(Kind.AGAIN, Reason.FOLLOWING, spends=False, hold_seconds=60.0)
        tenant = Tenant()

        async def send(request, generation, attempt):
            tenant.times.append(now())
            return Silence("time-out") if len(tenant.times) == 1 else Seen(searching)

        tenant.send = send
        _, after = settle(enrolled(tmp_path / "l.db", 1), tenant)
        assert after == only("unknown", 1)


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
