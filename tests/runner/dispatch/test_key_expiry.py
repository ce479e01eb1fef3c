"""The 23 hours in which a key in doubt may be sent again, with clocks that are set."""

from __future__ import annotations

import pytest

from runner.dispatch.key_expiry import Drift, window_closed
from runner.dispatch.run_limits import Terms
from runner.domain.lifetimes import KEY_SECONDS
from runner.domain.model import History, Judgement, Kind, Reason, Seen, Silence
from runner.domain.run_status import RunStatus
from runner.ledger import open_writable
from tests.harness.virtual import EPOCH, Tenant, enrolled, now, settle
from tests.runner.dispatch.test_dispatcher import Answers, only

NOW = 1_800_000_000.0
HOURS_23 = 23 * 3600.0


def in_doubt(claimed_at: float | None, doubts: int = 1) -> History:
    return History(attempts=1, claimed_at=claimed_at, doubts=doubts)


@pytest.mark.parametrize(
    ("age", "set_back", "closed"),
    [
        (0.0, 0.0, False),
        (HOURS_23, 0.0, False),
        (HOURS_23 + 1, 0.0, True),
        (HOURS_23 - 10, 10.0, False),
        (HOURS_23 - 10, 11.0, True),
        (0.0, HOURS_23 + 1, True),
        (-59.0, 0.0, False),
        (-60.0, 0.0, False),
        (-61.0, 0.0, True),
    ],
)
def test_the_window_of_a_key_in_doubt(age, set_back, closed):
    """Counted from the first claim; a claim in the future says that nothing is known of its age."""
    assert window_closed(in_doubt(NOW - age), NOW, set_back) is closed


@pytest.mark.parametrize("history", [in_doubt(0.0, doubts=0), in_doubt(None), History()])
def test_without_a_doubt_there_is_no_window(history):
    """A key that was answered may be old."""
    assert window_closed(history, NOW, 1e9) is False


def test_a_second_doubt_changes_nothing():
    """Only the first claim's age counts."""
    assert window_closed(in_doubt(NOW - HOURS_23 - 1, doubts=2), NOW)
    assert window_closed(in_doubt(NOW - HOURS_23, doubts=2), NOW) is False


def test_the_window_leaves_an_hour_of_the_24():
    """The guide's 24 hours, less one to spare."""
    assert KEY_SECONDS == HOURS_23


def test_a_clock_set_back_is_lost_time():
    """And adds up; what is within a second is the time between two looks."""
    drift = Drift()
    assert (drift.lost_seconds, drift.gained_seconds) == (0.0, 0.0)
    assert drift.watch(1000.0, 50.0) == 0.0
    assert drift.watch(1010.0, 60.0) == 0.0
    assert drift.watch(1009.0, 60.0) == 0.0  # a second exactly
    assert drift.watch(909.0, 60.0) == 100.0
    assert drift.watch(919.0, 70.0) == 100.0
    assert drift.watch(907.0, 70.0) == 112.0
    assert (drift.lost_seconds, drift.gained_seconds) == (112.0, 0.0)


def test_a_clock_set_forward_is_gained_time():
    """As a laptop's that slept; it is no lost time."""
    drift = Drift()
    drift.watch(0.0, 0.0)
    assert drift.watch(1.0, 0.0) == 0.0  # a second exactly
    assert drift.gained_seconds == 0.0
    assert drift.watch(11.0, 0.0) == 0.0
    assert drift.watch(31.0, 0.0) == 0.0
    assert (drift.lost_seconds, drift.gained_seconds) == (0.0, 30.0)


def test_the_first_look_is_no_jump():
    """However far apart the clocks are, and by whatever little more at the next."""
    drift = Drift()
    drift.watch(5e9, 1.0)
    drift.watch(5e9 - 1.5, 1.0)
    assert (drift.lost_seconds, drift.gained_seconds) == (1.5, 0.0)


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

    def in_doubt(self, path, hours, requests=20, claimed=10):
        """Twenty requests, the first ten of them claimed so many hours ago and not answered."""
        enrolled(path, requests)
        with open_writable(path) as store:
            store.connection.executemany(
                "INSERT INTO attempt (request, number, generation, claimed_at) VALUES (?, 1, 0, ?)",
                [(number, int((EPOCH - hours * 3600) * 1e6)) for number in range(1, claimed + 1)],
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
        """The answer was lost, a search found the job: it may run past the window, and is in no doubt."""
        known = Judgement(Kind.AGAIN, Reason.FOLLOWING, spends=False, known=True, hold_seconds=900.0)
        done = Judgement(Kind.SUCCEEDED, Reason.DONE, ids=("job",))
        tenant = Tenant()

        async def send(request, generation, attempt):
            tenant.times.append(now())
            return Seen(known) if now() - EPOCH < 3600 else Seen(done, 200, sent=True)

        tenant.send = send
        _, after = settle(self.in_doubt(tmp_path / "l.db", 22.5, 1, 1), tenant)
        assert len(tenant.times) > 3
        assert after == only("succeeded", 1)

    def test_closes_on_a_job_that_is_still_searched_for(self, tmp_path):
        """As long as the search finds nothing the work is in doubt."""
        searching = Judgement(Kind.AGAIN, Reason.FOLLOWING, spends=False, hold_seconds=900.0)
        tenant = Tenant()

        async def send(request, generation, attempt):
            tenant.times.append(now())
            return Seen(searching)

        tenant.send = send
        _, after = settle(self.in_doubt(tmp_path / "l.db", 22.5, 1, 1), tenant)
        assert 1 < len(tenant.times) < 4
        assert after == only("unknown", 1)
