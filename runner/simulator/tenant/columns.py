"""Tables of a tenant: columns in the documentation's own spelling, with the types that SHOW COLUMNS shows."""

from __future__ import annotations

from dataclasses import dataclass, field

TEXT = "varchar"
WHOLE = "bigint"
AMOUNT = "decimal(22,9)"
FLAG = "boolean"
DAY = "date"
TIME = "timestamp with time zone"


@dataclass(frozen=True)
class Column:
    """One column; in SQL its name is lower case."""

    name: str
    type: str

    @property
    def key(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Table:
    """One table. `deletable`: it has the column `deleted`, which `SELECT *` leaves out."""

    name: str
    columns: tuple[Column, ...]
    deletable: bool = True
    schema: str = "data"
    by_key: dict[str, Column] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self.by_key.update({column.key: column for column in self.columns})

    @property
    def key(self) -> str:
        return self.name.lower()


def table(name: str, *, deletable: bool = True, schema: str = "data", **columns: str) -> Table:
    """A table whose columns are written as words, by type: text, whole, amount, flag, day, time."""
    types = {"text": TEXT, "whole": WHOLE, "amount": AMOUNT, "flag": FLAG, "day": DAY, "time": TIME}
    made = [Column(word, types[kind]) for kind, words in columns.items() for word in words.split()]
    return Table(name, tuple(made), deletable, schema)


# Columns of every object of Zuora Billing.
COMMON_TEXT = "Id CreatedById UpdatedById "
COMMON_TIME = "CreatedDate UpdatedDate "
