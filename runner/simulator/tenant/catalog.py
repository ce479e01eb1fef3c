"""The objects that were seeded, by the names that a request may use; ids with and without hyphens are the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]

# By which columns the rows of a table are looked up.
_LOOKUPS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "subscription": (("id",), ("name", "version")),
    "rateplan": (("id",), ("subscriptionid",)),
    "rateplancharge": (("id",), ("rateplanid",), ("chargenumber",)),
    "orders": (("id",), ("ordernumber",)),
    "orderlineitem": (("id",), ("orderid", "itemnumber")),
    "invoice": (("id",), ("invoicenumber",)),
    "invoiceitem": (("id",), ("invoiceid",)),
    "creditmemo": (("id",), ("memonumber",)),
    "debitmemo": (("id",), ("memonumber",)),
    "creditmemoitem": (("id",), ("creditmemoid",)),
    "debitmemoitem": (("id",), ("debitmemoid",)),
    "invoiceitemadjustment": (("id",), ("adjustmentnumber",)),
    "accountingperiod": (("id",), ("name",)),
    "bookingtransaction": (("id",), ("rateplanchargeid", "chargesegment"), ("orderlineitemid",)),
    "billingtransaction": (("id",), ("documentlineid",)),
}


_HEXADECIMAL = re.compile("[0-9a-fA-F]{32}")


def plain(value: Any) -> Any:
    """A value as it is compared: ids and names without hyphens would clash only if they differed in nothing else."""
    if not isinstance(value, str) or len(value) < 32:
        return value
    bare = value.replace("-", "")
    return bare.lower() if _HEXADECIMAL.fullmatch(bare) else value


class Catalog:
    """Rows by table and by the values of their key columns, in the order in which they came."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, tuple[str, ...], tuple[Any, ...]], dict[Any, Row]] = defaultdict(dict)

    def add(self, table: str, row: Row) -> None:
        """Note a row; one with the same id is replaced."""
        identity = plain(row.get("id"))
        for columns in _LOOKUPS.get(table, ()):
            values = tuple(plain(row.get(column)) for column in columns)
            if None not in values:
                self._rows[table, columns, values][identity] = row

    def remove(self, table: str, identity: str) -> None:
        """Forget a row."""
        row = self.first(table, id=identity)
        for columns in _LOOKUPS.get(table, ()) if row else ():
            values = tuple(plain((row or {}).get(column)) for column in columns)
            self._rows.get((table, columns, values), {}).pop(plain(identity), None)

    def all(self, table: str, **values: Any) -> list[Row]:
        """The rows with these values, which must be one of the table's lookups."""
        if not self._rows:
            return []
        key = (table, tuple(values), tuple(plain(value) for value in values.values()))
        return list(self._rows[key].values()) if key in self._rows else []

    def first(self, table: str, **values: Any) -> Row | None:
        """The row with these values, or None."""
        rows = self.all(table, **values) if None not in values.values() else []
        return rows[0] if rows else None

    def every(self, table: str) -> Iterable[Row]:
        """All rows of a table."""
        return [
            row
            for (name, columns, _), rows in self._rows.items()
            if name == table and columns == ("id",)
            for row in rows.values()
        ]
