"""Budgets, deadlines and signals."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from runner.dispatch.circuit_breaker import Ending
from runner.dispatch.run_limits import Terms
from runner.domain.errors import ExitCode
from runner.domain.run_status import RunStatus
from tests.harness.virtual import EPOCH, Tenant, enrolled, settle
from tests.runner.dispatch.test_dispatcher import only


def test_a_budget(tmp_path):
    path, tenant = enrolled(tmp_path / "l.db", 100), Tenant()
    for sent in (30, 60, 90):
        ending, _ = settle(path, tenant, terms=Terms(max_requests=30))
        assert (ending.exit_code, len(tenant.times)) == (5, sent)
    ending, after = settle(path, tenant, terms=Terms(max_requests=30))
    assert (ending.exit_code, after) == (0, only("succeeded", 100))


def test_a_deadline(tmp_path):
    path, tenant = enrolled(tmp_path / "l.db", 1000), Tenant()
    ending, after = settle(path, tenant, terms=Terms(until=EPOCH + 3))
    assert ending.exit_code == 5
    assert 200 <= Counter(after.values())["succeeded"] <= 300


@pytest.mark.parametrize(("requests", "code"), [(1, 0), (2, 5)])
def test_a_deadline_that_comes_while_the_last_are_under_way_ends_nothing_early(tmp_path, requests, code):
    """They are waited for: then either all is done or something is left."""

    class Slow(Tenant):
        async def send(self, request, generation, attempt):
            await asyncio.sleep(5)
            return await super().send(request, generation, attempt)

    path = enrolled(tmp_path / "l.db", requests)
    ending, after = settle(path, Slow(), terms=Terms(until=EPOCH + 3))
    assert ending.exit_code == code
    assert Counter(after.values())["pending"] == requests - 1


def test_a_signal_outranks_a_deadline(tmp_path):
    def when(dispatch):
        dispatch.stop(Ending(RunStatus.PAUSED, ExitCode.PAUSED))
        dispatch.stop(Ending(RunStatus.INTERRUPTED, ExitCode.INTERRUPTED))
        dispatch.stop(Ending(RunStatus.STOPPED, ExitCode.STOPPED))

    ending, _ = settle(enrolled(tmp_path / "l.db", 3), Tenant(), when=when)
    assert ending.exit_code == 130
