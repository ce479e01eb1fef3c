"""As fast as the tenant allows, never faster: rate, quota and concurrency, in virtual time."""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left

import pytest

from runner.dispatch.concurrency import FIRST_PROBE, Concurrency
from runner.dispatch.quota import DAY, HOUR, MINUTE, Quota, Window
from runner.dispatch.run_limits import Terms
from runner.dispatch.throttle import Pace
from runner.domain.model import Limits, RateLimits, Reply
from runner.ledger import open_writable
from tests.harness.virtual import EPOCH, Tenant, VirtualClock, dispatched, enrolled, now, run_virtually, states


async def sent_times(seconds: float, workers: int = 40, **options) -> list[float]:
    """When requests go out that are answered at once."""
    times: list[float] = []
    loop = asyncio.get_running_loop()
    pace = Pace(concurrency=workers, clock=VirtualClock(), **options)

    async def work() -> None:
        while loop.time() < seconds:
            await pace.enter()
            times.append(loop.time())
            await asyncio.sleep(0.001)
            pace.leave()
            pace.well()

    await asyncio.gather(*(work() for _ in range(workers)))
    return [at for at in times if at < seconds]


def busiest_second(times: list[float]) -> int:
    """The most requests in any second."""
    return max(bisect_left(times, at + 1.0 - 1e-9) - index for index, at in enumerate(times))


@pytest.mark.parametrize("rate", [1, 2.5, 9, 10, 37, 100, 500, 2000])
def test_the_rate_is_kept_without_a_burst(rate):
    """No second sees more than 110 %, the average is 98 to 100 %, from 1/s to 2,000/s."""
    seconds = 60 if rate <= 100 else 10
    times = run_virtually(lambda: sent_times(seconds, rate=rate))
    assert busiest_second(times) <= max(2, math.ceil(rate * 1.1))
    assert 0.98 * rate * seconds - 1 <= len(times) <= rate * seconds * 1.002 + max(1, rate / 10)


def test_all_windows_hold_at_once():
    """A minute's 60, an hour's 200: a minute's worth at an even pace, and a wait when the hour's is gone."""
    quota = {MINUTE: 75, HOUR: 250, DAY: 100_000}
    times = run_virtually(lambda: sent_times(2 * 3600, workers=4, quota=Quota(quota, 0.8)))
    for seconds, limit in ((60, 60), (3600, 200)):
        most = max(bisect_left(times, at + seconds * 59 / 60) - index for index, at in enumerate(times))
        assert most <= limit
    assert 350 <= len(times) <= 400


def test_what_was_sent_before_counts():
    """Requests of earlier runs use up the same windows."""
    quota = Quota({DAY: 1000}, 1.0)
    quota.spend(EPOCH - 3600, 990)
    times = run_virtually(lambda: sent_times(600, workers=2, quota=quota))
    assert len(times) == 10


def test_a_window_forgets():
    """Whatever is older than it."""
    window = Window(60, 10)
    for second in range(10):
        window.spend(1000.0 + second)
    assert 49 <= window.wait_seconds(1010.0) <= 52
    assert window.wait_seconds(1062.0) == 0.0
    assert window.spent == 9 or window.spent == 8


@pytest.mark.parametrize("seconds", [MINUTE, HOUR, DAY])
@pytest.mark.parametrize("offset", [0.0, 0.3, 0.999])
def test_a_window_is_never_freed_early(seconds, offset):
    """What was sent at any moment counts for the whole window, and little longer."""
    grain = seconds / 60
    window, sent = Window(seconds, 1), 1000 * grain + offset * grain
    window.spend(sent)
    for later in (0.0, 0.5, 0.98, 0.999_99):
        wait = window.wait_seconds(sent + later * seconds)
        assert wait > 0 and sent + later * seconds + wait >= sent + seconds
    assert window.wait_seconds(sent + seconds + grain) == 0.0


def test_the_header_is_the_truth():
    """`ratelimit-limit` replaces what was believed; told once, it is read once."""
    quota = Quota({MINUTE: 50_000}, 0.5)
    limits = RateLimits(60_000, {MINUTE: 1000, HOUR: 30_000, DAY: 60_000})
    assert quota.adopt(limits)
    assert not quota.adopt(limits)
    assert quota.rate() == pytest.approx(500 / 60)
    assert quota.spent(HOUR) == (0, 15_000)
    assert quota.adopt(RateLimits(None, {}))  # a header without a window
    assert quota.spent(HOUR) == (0, 15_000)


def test_what_little_remains_is_left_to_others():
    """Less than a hundredth of the window closest to exhaustion: wait for its reset."""

    async def main() -> float:
        pace = Pace(concurrency=4, clock=VirtualClock())
        pace.adopt(Limits(None, None, RateLimits(50_000, {MINUTE: 50_000}), 20_000, 30.0))
        assert pace.held_seconds == 0
        pace.adopt(Limits(None, None, RateLimits(50_000, {MINUTE: 50_000}), 400, 30.0))
        return pace.held_seconds

    assert run_virtually(main) == 30.0


class Crowded(Tenant):
    """A tenant that allows so many requests at once; the rest it refuses."""

    def __init__(self, allowed: int, *, headers: bool = False, category: bool = False) -> None:
        super().__init__()
        self.allowed, self.headers, self.category = allowed, headers, category
        self.refused = self.requests = self.under_way = 0

    async def send(self, request, generation, attempt):
        self.requests += 1
        if self.under_way >= self.allowed:
            self.refused += 1
            await asyncio.sleep(0.005)
            body = b'{"success": false, "reasons": [{"code": 53100370}]}' if self.category else b""
            return Reply(200 if self.category else 429, body)
        self.under_way += 1
        try:
            reply = await super().send(request, generation, attempt)
        finally:
            self.under_way -= 1
        if self.headers and isinstance(reply, Reply):
            limits = Limits(self.allowed, self.allowed - self.under_way - 1)
            return Reply(reply.status, reply.body, reply.request_id, limits=limits)
        return reply


def test_a_tenant_that_refuses_everything_is_not_hammered(tmp_path):
    """429 without advice: everyone waits, ever longer."""

    class Closed(Crowded):
        async def send(self, request, generation, attempt):
            if now() - EPOCH > 120:
                self.allowed = 8
            return await super().send(request, generation, attempt)

    tenant = Closed(0)
    with open_writable(enrolled(tmp_path / "l.db", 500)) as store:
        run_virtually(lambda: dispatched(store, tenant, concurrency=30))
        assert set(states(store).values()) == {"succeeded"}
    assert tenant.refused < 100


class TestConcurrency:
    """The controller alone."""

    def test_starts_at_a_quarter_and_doubles_a_round_until_it_is_refused(self):
        control = Concurrency(30)
        assert control.limit == 7
        for _ in range(100):
            control.well()
        assert control.limit == 30
        change = control.refused("category 70", 0.0, 0.1)
        assert change is not None
        assert (change.before, change.after, change.reason) == (30, 15, "1 × category 70")

    def test_refusals_of_one_moment_cut_once(self):
        control = Concurrency(40)
        assert control.refused("429", 9.9, 10.0) is not None
        assert control.refused("429", 9.9, 10.1) is None
        assert control.refused("429", 9.95, 10.9) is None
        change = control.refused("429", 10.1, 10.2)
        assert change is not None
        assert change.reason == "3 × 429"

    def test_never_goes_below_one(self):
        control = Concurrency(2)
        for second in range(10):
            control.refused("429", second * 2.0, second * 2.0)
        assert control.limit == 1

    def test_tries_a_refused_level_again_only_after_many_good_answers(self):
        control = Concurrency(40)
        control.refused("429", 0.0, 0.0)  # at 10
        good = 0
        while control.limit < 10:
            control.well()
            good += 1
        assert good > FIRST_PROBE

    def test_leaves_a_reserve_to_others(self):
        control = Concurrency(100)
        for _ in range(100):
            control.well()
        change = control.adopt(Limits(40, 10), 0.0)
        assert change is not None
        assert (change.after, change.reason) == (32, "the tenant allows 40, 8 are left to others")
        for _ in range(10_000):
            control.well()
        assert control.limit == 32

    def test_halves_when_next_to_nothing_remains(self):
        control = Concurrency(40)
        change = control.adopt(Limits(40, 1), 0.0)
        assert change is not None
        assert (change.before, change.after, change.reason) == (10, 5, "1 of 40 remain")
        assert control.adopt(Limits(40, 1), 0.5) is None


def test_the_days_quota_ends_the_run_in_good_order_or_is_waited_out(tmp_path):
    """Exit 5; resumable tomorrow; --wait-for-quota goes on by itself."""
    path, tenant = enrolled(tmp_path / "l.db", 50), Tenant()
    quota = Quota({DAY: 30}, 1.0)
    with open_writable(path) as store:
        ending, _, _ = run_virtually(lambda: dispatched(store, tenant, quota=quota))
        assert (ending.exit_code, len(tenant.times)) == (5, 30)
        assert store.row("SELECT count(*) FROM attempt WHERE answered_at IS NULL") == (0,)
    quota = Quota({DAY: 30}, 1.0)
    quota.spend(EPOCH - 3600, 30)
    with open_writable(path) as store:
        terms = Terms(wait_for_quota=True)
        ending, _, _ = run_virtually(lambda: dispatched(store, tenant, quota=quota, terms=terms))
        assert (ending.status, len(tenant.times)) == ("finished", 50)
    assert max(tenant.times) - EPOCH > 80_000
