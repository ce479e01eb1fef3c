"""Which columns of an extract of the tenant's transactions say what: the id, when it was updated, its type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.domain.errors import Refused
from runner.zuora.operations import OPERATIONS

TIME_COLUMNS = ("updateddate", "updatedon", "updatedtime", "lastupdated", "lastupdateddate", "updated", "createddate")
TYPE_COLUMNS = ("type", "transactiontype", "objecttype", "sourcetype")


@dataclass(frozen=True)
class Columns:
    """Which columns of an extract are asked: the id; when it was updated and its type, where it has them."""

    id: str
    time: str | None = None
    type: str | None = None

    @property
    def compared(self) -> list[str]:
        """The columns that say which id was made when."""
        return [self.id] if self.time in (None, self.id) else [self.id, self.time]


def columns_of(headers: Sequence[str], path: str, id_column: str | None, time_column: str | None) -> Columns:
    """Find the columns. Raises Refused if there is no id column, or more than one that could be it."""
    for named in (id_column, time_column):
        if named is not None and named not in headers:
            raise Refused(f"{path}: there is no column {named!r}; it has: {', '.join(headers)}")
    known = {"id", "transactionid", *(f"{table}id" for table in _tables())}
    matching = [header for header in headers if _plain(header) in known]
    if id_column is None and len(matching) != 1:
        reason = (
            f"several columns could be the id ({', '.join(matching)})" if matching else "no column is known as the id"
        )
        raise Refused(f"{path}: {reason}; name it with --id-column; it has: {', '.join(headers)}")
    times = sorted((header for header in headers if _plain(header) in TIME_COLUMNS), key=_time_rank)
    types = [header for header in headers if _plain(header) in TYPE_COLUMNS]
    return Columns(id_column or matching[0], time_column or next(iter(times), None), next(iter(types), None))


def _tables() -> list[str]:
    """The tables of transactions, in lower case: exports put their names before those of columns."""
    return [operation.query_table.sql_name for operation in OPERATIONS.values() if operation.query_table is not None]


def _plain(header: str) -> str:
    """A header without case, spaces and the object that some exports put before it."""
    text = "".join(character for character in header.lower() if character.isalnum())
    stripped = text
    for table in _tables():
        stripped = stripped.removeprefix(table)
    return text if stripped == "id" else stripped


def _time_rank(header: str) -> int:
    return TIME_COLUMNS.index(_plain(header))
