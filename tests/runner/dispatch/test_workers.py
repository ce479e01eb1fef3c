"""The tasks that send, while a run ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import Future

from runner.dispatch.circuit_breaker import Ending
from runner.domain.errors import ExitCode
from runner.domain.run_status import RunStatus
from runner.ledger import open_writable
from tests.harness.virtual import EPOCH, Inline, Tenant, enrolled, now, settle
from tests.runner.dispatch.test_dispatcher import only


def test_a_signal_drains(tmp_path):
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


def test_a_drain_that_takes_too_long_leaves_the_rest_in_doubt(tmp_path):
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


def test_who_waits_for_a_turn_sends_nothing_any_more(tmp_path):
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
