"""The ids of the simulated tenant."""

from __future__ import annotations

import pytest

from tests.runner.simulator.tenant.test_records import Tenant


@pytest.mark.parametrize(("style", "in_response", "in_table"), [("32", 32, 32), ("36", 36, 36), ("mixed", 32, 36)])
def test_ids_with_hyphens(style, in_response, in_table):
    """A tenant can be switched to 36 characters; the tables may differ from the responses."""
    tenant = Tenant(id_style=style)
    ids = tenant.regenerate(type="OrderLineItem", orderNumber="O-1", itemNumber="1")
    (row,) = tenant.records.rows("bookingtransaction")
    assert ([len(identity) for identity in ids], len(row["id"])) == ([in_response], in_table)
    assert row["id"].replace("-", "") == ids[0].replace("-", "")
