"""The rows of a run that had, or may have had, an effect: their ids and objects in columns, for comparison in bulk.

```
row ─┬─ ids of its idList, hyphens removed ─▶ `ids`, each with its row's index
     └─ names of its object ────────────────▶ `keys`, by the columns that hold them
```

A million rows are some 100 MB: texts are digests here, and are read from the ledger again where they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from runner.audit.digests import DigestSet, digests
from runner.ledger import Store
from runner.ledger.sent_requests import SentRequest, ids_of, sent_requests
from runner.results.columns import mode_of_query
from runner.zuora.transaction_tables import ORDER_LINE_ITEM_FIELDS, Names, TransactionTable

if TYPE_CHECKING:
    import numpy as np

_ids = msgspec.json.Decoder(list[str]).decode
_body = msgspec.json.Decoder(dict[str, Any]).decode
SEPARATOR = "\x1f"
_DECIMALS = re.compile(r"\.0+$")
CHUNK = 50_000
Columns = tuple[str, ...]
OrderLine = tuple[str, str]  # order number, item number


@dataclass
class Keys:
    """The objects of the rows that are named by the same columns: each object once, and the rows' objects."""

    columns: Columns
    objects: DigestSet  # of their names
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
    ids: DigestSet
    id_of: np.ndarray[Any, Any]  # for each id of an idList in turn, the index in `ids`
    id_row: np.ndarray[Any, Any]  # and the index of its row
    keys: list[Keys]
    nameless: np.ndarray[Any, Any]  # rows whose object no column names

    def __len__(self) -> int:
        return len(self.numbers)


def plain_id(text: str) -> str:
    """An id as it is compared: a tenant shows 32 characters or, with hyphens, 36."""
    return text.replace("-", "")


class _Column:
    """Numbers, or rows of them, that come one after the other."""

    def __init__(self, kind: Any) -> None:
        self._kind, self._parts = kind, list[Any]()
        self._waiting: list[Any] = []

    def add(self, value: Any) -> None:
        self._waiting.append(value)
        if len(self._waiting) >= CHUNK:
            self._pack()

    def array(self) -> Any:
        import numpy as np

        if self._waiting or not self._parts:
            self._pack()
        return np.concatenate(self._parts)

    def _pack(self) -> None:
        import numpy as np

        self._parts.append(np.array(self._waiting, self._kind))
        self._waiting = []


class _Texts(_Column):
    """Texts, kept as their digests."""

    def __init__(self) -> None:
        super().__init__(object)

    def _pack(self) -> None:
        self._parts.append(digests(self._waiting))
        self._waiting = []


class _Gathered:
    """What one pass over the ledger gathers."""

    def __init__(self, table: TransactionTable, order_lines: Mapping[OrderLine, str]) -> None:
        self._table, self._order_lines = table, order_lines
        self._rows = _Column("int64")  # number, whether unknown, first and last time, kind
        self._kind_names: dict[tuple[str, str], int] = {}
        self._ids, self._id_row = _Texts(), _Column("int32")
        self._keys: dict[Columns, tuple[_Column, _Texts]] = {}
        self._nameless = _Column("int32")
        self._count = 0

    def add(self, sent: SentRequest) -> None:
        index, self._count = self._count, self._count + 1
        name = (sent.type or "", mode_of_query(sent.query))
        kind = self._kind_names.setdefault(name, len(self._kind_names))
        self._rows.add((sent.row, sent.state == "unknown", sent.first_at, sent.last_at, kind))
        for text in _ids(sent.ids or "[]"):
            self._ids.add(plain_id(text))
            self._id_row.add(index)
        names = names_of(sent.body, self._table, self._order_lines)
        if names is None:
            self._nameless.add(index)
            return
        columns = tuple(column for column, _ in names)
        if columns not in self._keys:
            self._keys[columns] = _Column("int32"), _Texts()
        rows, keys = self._keys[columns]
        rows.add(index)
        keys.add(SEPARATOR.join(value for _, value in names))

    def rows(self) -> SentRows:
        ids, id_of = DigestSet.of(self._ids.array())
        numbers, unknown, first_at, last_at, kinds = self._rows.array().reshape(-1, 5).T.copy()
        return SentRows(
            numbers=numbers,
            unknown=unknown.astype(bool),
            first_at=first_at,
            last_at=last_at,
            kinds=kinds.astype("int32"),
            kind_names=list(self._kind_names),
            ids=ids,
            id_of=id_of,
            id_row=self._id_row.array(),
            keys=[_keys(columns, rows.array(), texts.array()) for columns, (rows, texts) in self._keys.items()],
            nameless=self._nameless.array(),
        )


def names_of(body: str | None, table: TransactionTable, order_lines: Mapping[OrderLine, str]) -> Names | None:
    """The columns and values that name the object of a body, ids as they are compared; None where no column does."""
    names = table.names_of(_named(_body(body or "{}"), order_lines))
    return None if names is None else tuple((column, _key_part(column, value)) for column, value in names)


def _key_part(column: str, value: str) -> str:
    if column.endswith("version"):
        return _DECIMALS.sub("", value)
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
    gathered = _Gathered(table, order_lines or {})
    for request in sent:
        gathered.add(request)
    return gathered.rows()


def _keys(columns: Columns, rows: Any, texts: Any) -> Keys:
    objects, object_of = DigestSet.of(texts)
    return Keys(columns, objects, rows, object_of)


def missing_ids(
    store: Store, rows: SentRows, missing: np.ndarray[Any, Any], among: np.ndarray[Any, Any] | None = None
) -> Iterator[tuple[int, str]]:
    """The ids that are missing (of each of the rows' different ids, whether it is), as they are compared, with the
    numbers of their rows, from the ledger; `among`: of each row, whether it is wanted."""
    import numpy as np

    wanted = missing[rows.id_of]
    if among is not None:
        wanted &= among[rows.id_row]
    begins = np.searchsorted(rows.id_row, np.arange(len(rows)))  # the ids of a row follow each other
    indices = np.unique(rows.id_row[wanted])
    for part in (indices[at : at + CHUNK] for at in range(0, len(indices), CHUNK)):
        texts = ids_of(store, rows.numbers[part].tolist())
        for index in part.tolist():
            row = int(rows.numbers[index])
            for at, text in enumerate(_ids(texts[row]), start=int(begins[index])):
                if wanted[at]:
                    yield row, plain_id(text)
