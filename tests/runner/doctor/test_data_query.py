"""`regen doctor` names what data queries and Zuora Revenue lack."""

from __future__ import annotations

import pytest

from tests.runner.doctor.test_checks import levels, line_of


@pytest.mark.parametrize(
    ("options", "query", "revenue", "why"),
    [
        ({}, "ok", "ok", "the tenant shows bookingtransaction, billingtransaction"),
        ({"revenue": "off"}, "ok", "warn", "ENABLE_DATAQUERY_SERVICE"),
        ({"denied_paths": ("/query/",)}, "warn", None, "Run Data Queries"),
    ],
)
def test_what_data_queries_lack(regen, simulator, options, query, revenue, why):
    """It keeps no run from going: a warning with the permission or setting."""
    with simulator(job_seconds=0, **options) as server:
        done = regen("doctor", "--base-url", server.url, "--json")
    assert done.code == 0
    assert (levels(done)["data-query"], levels(done).get("revenue")) == (query, revenue)
    assert why in line_of(done, "data-query") + (line_of(done, "revenue") if revenue else "")
