"""The rows of a run that had, or may have had, an effect: their ids and objects in columns, for comparison in bulk.

```
row ─┬─ ids of its idList, hyphens removed ─▶ `ids`, each with its row's index
     └─ names of its object ────────────────▶ `keys`, by the columns that hold them
```
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from runner.ledger import Store
from runner.ledger.sent_requests import SentRequest, sent_requests
from runner.results.columns import mode_of_query
from runner.zuora.transaction_tables import ORDER_LINE_ITEM_FIELDS, TransactionTable

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_ids = msgspec.json.Decoder(list[str]).decode
_body = msgspec.json.Decoder(dict[str, Any]).decode
SEPARATOR = "\x1f"
CHUNK = 100_000
Columns = tuple[str, ...]
OrderLine = tuple[str, str]  # order number, item number


@dataclass
class Keys:
    """The objects of the rows that are named by the same columns: each object once, and the rows' objects."""

    columns: Columns
    objects: pa.Array  # texts, unique
    rows: np.ndarray[Any, Any]  # indices of rows
    object_of: np.ndarray[Any, Any]  # for each of `rows`, the index of its object


@dataclass
class ObjectsOfRows:
    """What the rows of each object have in common, by the objects' indices. Times in microseconds."""

    first_row: np.ndarray[Any, Any]  # the index of the first row that names it
    first_at: np.ndarray[Any, Any]
    last_at: np.ndarray[Any, Any]
    unknown: np.ndarray[Any, Any]  # whether a row of it is unknown

    @classmethod
    def of(cls, keys: Keys, rows: SentRows) -> ObjectsOfRows:
        """Gathered from the rows that these keys name."""
        import numpy as np

        count = len(keys.objects)
        first_row = np.zeros(count, np.int64)
        first_row[keys.object_of[::-1]] = keys.rows[::-1]
        first_at, last_at, unknown = rows.first_at[first_row], rows.last_at[first_row], np.zeros(count, bool)
        np.minimum.at(first_at, keys.object_of, rows.first_at[keys.rows])
        np.maximum.at(last_at, keys.object_of, rows.last_at[keys.rows])
        unknown[keys.object_of[rows.unknown[keys.rows]]] = True
        return cls(first_row, first_at, last_at, unknown)


@dataclass
class SentRows:
    """The rows, by index. Times in microseconds."""

    numbers: np.ndarray[Any, Any]
    unknown: np.ndarray[Any, Any]
    first_at: np.ndarray[Any, Any]
    last_at: np.ndarray[Any, Any]
    kinds: np.ndarray[Any, Any]  # which of `kind_names`
    kind_names: list[tuple[str, str]]  # type, mode
    ids: pa.Array  # unique
    id_of: np.ndarray[Any, Any]  # for each id of an idList in turn, the index in `ids`
    id_row: np.ndarray[Any, Any]  # and the index of its row
    keys: list[Keys]
    nameless: np.ndarray[Any, Any]  # rows whose object no column names

    def __len__(self) -> int:
        return len(self.numbers)


def plain_id(text: str) -> str:
    """An id as it is compared: a tenant shows 32 characters or, with hyphens, 36."""
    return text.replace("-", "")


@dataclass
class _Gathered:
    """What one pass over the ledger gathers."""

    numbers: list[int] = field(default_factory=list)
    unknown: list[bool] = field(default_factory=list)
    first_at: list[int] = field(default_factory=list)
    last_at: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    kind_names: dict[tuple[str, str], int] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    id_row: list[int] = field(default_factory=list)
    keys: dict[Columns, tuple[list[int], list[str]]] = field(default_factory=dict)
    nameless: list[int] = field(default_factory=list)

    def add(self, sent: SentRequest, table: TransactionTable, order_lines: Mapping[OrderLine, str]) -> None:
        index = len(self.numbers)
        self.numbers.append(sent.row)
        self.unknown.append(sent.state == "unknown")
        self.first_at.append(sent.first_at)
        self.last_at.append(sent.last_at)
        kind = (sent.type or "", mode_of_query(sent.query))
        self.kinds.append(self.kind_names.setdefault(kind, len(self.kind_names)))
        for text in _ids(sent.ids or "[]"):
            self.ids.append(plain_id(text))
            self.id_row.append(index)
        names = table.names_of(_named(_body(sent.body or "{}"), order_lines))
        if names is None:
            self.nameless.append(index)
            return
        rows, keys = self.keys.setdefault(tuple(column for column, _ in names), ([], []))
        rows.append(index)
        keys.append(SEPARATOR.join(_key_part(column, value) for column, value in names))


def _key_part(column: str, value: str) -> str:
    return plain_id(value) if column.endswith("id") else value


def _named(body: dict[str, Any], order_lines: Mapping[OrderLine, str]) -> dict[str, Any]:
    """A body that names an order line item by its numbers, with its id instead, where that is known."""
    if body.keys() - {"type"} != ORDER_LINE_ITEM_FIELDS:
        return body
    line_id = order_lines.get((str(body["orderNumber"]), str(body["itemNumber"])))
    return body if line_id is None else {"orderLineItemId": line_id}


def order_lines_of(store: Store, operation: str, most: int) -> list[OrderLine]:
    """The order line items that rows name by numbers: those of unknown rows first, at most so many."""
    unknown: list[OrderLine] = []
    others: list[OrderLine] = []
    for sent in sent_requests(store, operation):
        if sent.type != "OrderLineItem":
            continue
        body = _body(sent.body or "{}")
        if body.keys() >= ORDER_LINE_ITEM_FIELDS:
            named = (str(body["orderNumber"]), str(body["itemNumber"]))
            (unknown if sent.state == "unknown" else others).append(named)
    return (unknown + others)[:most]


def gather(
    sent: Iterable[SentRequest], table: TransactionTable, order_lines: Mapping[OrderLine, str] | None = None
) -> SentRows:
    """The rows of a run in columns."""
    import numpy as np
    import pyarrow as pa

    gathered = _Gathered()
    for request in sent:
        gathered.add(request, table, order_lines or {})
    encoded = _encoded(gathered.ids)
    return SentRows(
        numbers=np.array(gathered.numbers, np.int64),
        unknown=np.array(gathered.unknown, bool),
        first_at=np.array(gathered.first_at, np.int64),
        last_at=np.array(gathered.last_at, np.int64),
        kinds=np.array(gathered.kinds, np.int32),
        kind_names=list(gathered.kind_names),
        ids=encoded.dictionary if len(encoded) else pa.array([], pa.string()),
        id_of=encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        id_row=np.array(gathered.id_row, np.int64),
        keys=list(_keys(gathered)),
        nameless=np.array(gathered.nameless, np.int64),
    )


def _encoded(texts: list[str]) -> Any:
    import pyarrow as pa

    return pa.array(texts, pa.string()).dictionary_encode()


def _keys(gathered: _Gathered) -> Iterator[Keys]:
    import numpy as np

    for columns, (rows, texts) in gathered.keys.items():
        encoded = _encoded(texts)
        object_of = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        yield Keys(columns, encoded.dictionary, np.array(rows, np.int64), object_of)
