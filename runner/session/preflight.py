"""`--preflight`: whether the objects of a run are in the tenant, looked up by Data Query before anything is sent."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from runner.config.connection import wire_of
from runner.config.settings import Settings
from runner.ledger import Store, queries
from runner.select.exclusions import rows_of
from runner.select.tables import TABLES, Table
from runner.system.counting import counted
from runner.zuora.client import connected
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.literals import spellings
from runner.zuora.data_query.parts import texts
from runner.zuora.operations import BILLING, BOOKING

SHOWN = 5
Key = tuple[str, ...]


def missing_objects(store: Store, settings: Settings) -> list[str]:
    """A sentence for each type of which objects are not in the tenant. Raises QueryFailedError."""
    wanted: dict[tuple[str, Key], set[Key]] = defaultdict(set)
    for operation in (BOOKING, BILLING):
        for _, body in queries.pending_bodies(store, operation.name):
            fields = msgspec.json.decode(body or "{}", type=dict[str, Any])
            names = tuple(sorted(name for name in fields if name != "type"))
            wanted[str(fields.get("type")), names].add(tuple(_plain(str(fields[name])) for name in names))
    return asyncio.run(_missing(settings, wanted)) if wanted else []


async def _missing(settings: Settings, wanted: Mapping[tuple[str, Key], set[Key]]) -> list[str]:
    lines: list[str] = []
    async with connected(wire_of(settings)) as client:
        query = DataQuery(client)
        for (type_, names), keys in sorted(wanted.items()):
            columns = [_column(TABLES.get(type_), name) for name in names]
            if any(column is None for column in columns):
                continue  # no published table lists objects of this type by these fields
            absent = keys - await _present(query, TABLES[type_], [str(column) for column in columns], keys)
            lines += _sentence(type_, absent)
    return lines


async def _present(query: DataQuery, table: Table, columns: list[str], keys: set[Key]) -> set[Key]:
    """Those of the keys that the tenant has."""
    shown = [f"k{at}" for at in range(len(columns))]
    named = ", ".join(f"{column} AS {name}" for column, name in zip(columns, shown, strict=True))
    first = sorted({spelled for key in keys for spelled in spellings(key[0])})
    parts = texts(f"SELECT {named} FROM {table.source}", columns[0], first)  # noqa: S608 - our own names
    with tempfile.TemporaryDirectory(prefix="regen-preflight-") as folder:
        path = Path(folder, "objects.csv")
        await query.extract(path, shown, parts)
        return {tuple(map(_plain, row)) for row in rows_of(path)}


def _column(table: Table | None, field: str) -> str | None:
    """The column that a field of a body stands in; None where it is in none."""
    if table is None:
        return None
    for name, column in table.columns.items():
        if name == field or name.lower().endswith(field.lower()) or (field == "documentId" and column == "o.id"):
            return column
    return None


def _sentence(type_: str, absent: set[Key]) -> Iterator[str]:
    if absent:
        examples = ", ".join(" ".join(key) for key in sorted(absent)[:SHOWN])
        more = ", …" if len(absent) > SHOWN else ""
        yield f"{counted(len(absent), 'object')} of type {type_} not in the tenant: {examples}{more}"


def _plain(text: str) -> str:
    """An id without hyphens, whichever of its two forms it has; other texts as they are."""
    plain = text.replace("-", "")
    return plain if len(text) == 36 and len(plain) == 32 else text
