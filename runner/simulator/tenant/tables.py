"""All tables of a tenant, by the name that a query uses (lower case, with the schema where it is not Billing's own)."""

from __future__ import annotations

from collections.abc import Mapping

from runner.simulator.tenant.columns import Table
from runner.simulator.tenant.object_tables import OBJECTS
from runner.simulator.tenant.revenue_tables import TABLES as REVENUE_TABLES
from runner.simulator.tenant.transaction_tables import BILLING, BOOKING, EVENTS

DATA = "data"  # the schema of Billing's tables; their full name is owl.data.…

TABLES: Mapping[str, Table] = {
    table.key if table.schema == DATA else f"{table.schema}.{table.key}": table
    for table in (BOOKING, BILLING, EVENTS, *OBJECTS, *REVENUE_TABLES)
}


def table_named(name: str) -> Table:
    """The table of that name, in any case. Raises ValueError if there is none."""
    table = TABLES.get(name.lower())
    if table is None:
        raise ValueError(f"there is no table {name!r}; there are: {', '.join(sorted(TABLES))}")
    return table
