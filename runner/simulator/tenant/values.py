"""Seeded rows as people write them, made into the values of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from runner.simulator.tenant.catalog import Row
from runner.simulator.tenant.columns import AMOUNT, DAY, TIME, WHOLE, Table


def completed(table: Table, row: Mapping[str, Any], now: float, new_id: str) -> Row:
    """The row by lower-case column, with `id`, `createddate`, `updateddate` and `deleted` where they were left out.

    Raises ValueError for a column that the table has not, or a value that the column cannot have.
    """
    lower = {name.lower(): value for name, value in row.items()}
    unknown = set(lower) - {*table.by_key, "deleted"}
    if unknown:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    usual: Row = {"id": new_id, "createddate": lower.get("updateddate", now), "updateddate": now}
    whole = {name: value for name, value in usual.items() if name in table.by_key} | lower
    return {name: _value(table, name, value) for name, value in whole.items()} | {"deleted": bool(lower.get("deleted"))}


def kept(row: Row) -> Row:
    """A row as JSON keeps it."""
    return {name: str(value) if isinstance(value, (date, Decimal)) else value for name, value in row.items()}


def _value(table: Table, name: str, value: Any) -> Any:
    type_ = table.by_key[name].type if name in table.by_key else ""
    if value is None:
        return None
    if type_ == TIME:
        return moment_of(value)
    if type_ == DAY:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    if type_ == AMOUNT:
        return Decimal(str(value))
    return int(value) if type_ == WHOLE else value


def moment_of(value: Any) -> datetime:
    """A time: seconds since 1970, a datetime, or an ISO 8601 text; the latter two with an offset."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(f"the time {value} has no offset")
    return moment
