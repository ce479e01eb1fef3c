"""How many requests may be under way at once."""

from __future__ import annotations

import pytest

from runner.ledger import open_writable
from tests.harness.virtual import EPOCH, dispatched, enrolled, run_virtually, states
from tests.runner.dispatch.test_throttle import Crowded


@pytest.mark.parametrize("headers", [False, True])
@pytest.mark.parametrize("category", [False, True])
def test_behind_a_tenant_that_allows_eight_a_run_settles_there(tmp_path, headers, category):
    """Started with 30: under 5 % of its requests are refused, and it finishes in about the time that 8 at once take."""
    tenant = Crowded(8, headers=headers, category=category)
    with open_writable(enrolled(tmp_path / "l.db", 3000)) as store:
        ending, _, _ = run_virtually(lambda: dispatched(store, tenant, concurrency=30))
        assert (ending.status, set(states(store).values())) == ("finished", {"succeeded"})
    assert tenant.refused < 0.05 * tenant.requests
    best = 3000 * 0.05 / (6 if headers else 8)
    assert max(tenant.times) - EPOCH < 1.35 * best
