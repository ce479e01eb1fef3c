"""What the simulated tenant shows of its tables."""

from __future__ import annotations


def test_show_and_describe(tenant):
    """`Table`; `Column,Type,Extra,Comment`, with the comment in mixed case; BillingTransaction has no `deleted`."""
    assert {"table": "rateplancharge"} in [{"table": row["Table"]} for row in tenant.rows("SHOW TABLES")]
    lines = tenant.content("SHOW COLUMNS FROM BookingTransaction;").decode().splitlines()
    assert lines[0] == "Column,Type,Extra,Comment"
    assert 'currentccv,"decimal(22,9)",,CurrentCcv' in lines
    assert "updateddate,timestamp with time zone,,UpdatedDate" in lines
    assert "deleted,boolean,,deleted" in lines
    assert len(tenant.rows("DESCRIBE billingtransaction")) == 126
    assert tenant.content("desc subscription") == tenant.content("show columns in Subscription")
    assert "Table owl.data.colours does not exist" in tenant.failure("SHOW COLUMNS FROM colours")
    assert "mismatched input" in tenant.failure("SHOW SCHEMAS")
