"""Jobs of Data Query."""

from __future__ import annotations

import asyncio

import pytest

from runner.domain.model import Reply
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.job import QueryFailedError
from tests.runner.zuora.data_query.test_client import LOST, Tenant

FULL = Reply(400, b'{"code": 1000, "message": "The queue of queries is full"}', retry_after_seconds=120.0)


@pytest.mark.parametrize("refusals", [[FULL] * 40, [LOST] * 10 + [Reply(503, b"")] * 10, [Reply(429, b"")] * 30])
def test_a_full_queue_and_a_lost_connection_pass(refusals):
    """They are waited for: as long as the server asks for, at least."""
    tenant = Tenant([(b"Column,Type,Extra,Comment\nID,varchar,,Id\n", 1)], refusals)
    assert asyncio.run(DataQuery(tenant, tenant.sleep).columns("t")) == {"id": "varchar"}
    assert tenant.waited[0] == (refusals[0].retry_after_seconds or 1.0)
    assert len(tenant.waited) == len(refusals) + 1


def test_a_job_without_end_is_left_after_four_hours():
    """It goes on, and the same command follows it."""
    tenant = Tenant([(b"", 0)])
    tenant.fields = {"queryStatus": "in_progress"}
    with pytest.raises(QueryFailedError, match="j-0 has not ended within 4 hours"):
        asyncio.run(DataQuery(tenant, tenant.sleep).columns("t"))
    assert 4 * 3600 <= sum(tenant.waited) < 4 * 3600 + 60
