"""What is in the tenant: seeded rows, and the transactions that regenerating left.

Nothing is written to the engine before somebody looks: a rehearsal without data queries needs no DuckDB.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from runner.simulator.context import World
from runner.simulator.effects import Effect, Effects, Entry
from runner.simulator.seeded_random import hex_ids
from runner.simulator.tenant.catalog import Catalog, Row
from runner.simulator.tenant.engine import Engine
from runner.simulator.tenant.leavings import TRANSACTION_TABLES, Leavings, Sent, add_others, hyphened
from runner.simulator.tenant.revenue import Revenue
from runner.simulator.tenant.revenue_tables import REVENUE, STAGING
from runner.simulator.tenant.tables import DATA, TABLES, table_named
from runner.simulator.tenant.values import completed, kept, moment_of

_CHUNK = 10_000  # effects whose rows are made at once


class Records:
    """The tenant's rows. Its methods may be called from any thread."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._begin()
        for _, value in world.store.values("rows"):
            self._note(value["table"], value["rows"])
        for entry in effects.entries():
            for effect in entry.effects:
                self.effect(entry, effect)

    def _begin(self) -> None:
        self.catalog = Catalog()
        self._leavings = Leavings(self._world, self.catalog)
        self.revenue = Revenue(self._world, self.catalog)
        self._seeded: dict[str, dict[str, Row]] = defaultdict(dict)
        self._sent: deque[tuple[Entry, Effect]] = deque()
        self._changes: list[tuple[float, str, list[str]]] = []

    def forget(self) -> None:
        """Begin with empty tables."""
        with self._lock:
            self.close()
            self._begin()

    def close(self) -> None:
        """Let go of the engine."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = None

    # -- rows from outside --------------------------------------------------------------------------------------

    def insert(self, table: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Seed rows and return their ids.

        Columns may be written in any case. Times are datetimes, ISO 8601 texts with an offset, or seconds since 1970.
        Without a value, `id` is made up, and `createddate` and `updateddate` are the present time. A row with the id of
        another replaces it. Raises ValueError for a table or column that there is not.
        """
        key = table_key(table)
        with self._lock:
            made = self._note(key, rows)
            number = self._world.serial("rows")
            self._world.store.put("rows", f"{number:012d}", {"table": key, "rows": [kept(row) for row in made]})
            self._world.store.commit()
        return [str(row["id"]) for row in made]

    def lose(self, table: str, ids: Iterable[str]) -> None:
        """Rows are gone, as if they had never been written."""
        key, lost = table_key(table), list(ids)
        with self._lock:
            if key == f"{REVENUE}.{STAGING.key}":
                self.revenue.clear(set(map(int, lost)))
                return
            self.engine.remove(TABLES[key], lost)
            for identity in lost:
                self.catalog.remove(key, identity)

    def delete(self, table: str, ids: Iterable[str]) -> None:
        """Rows are deleted: a query shows them only if it reads deleted records or names the column `deleted`."""
        self.engine.delete(table_named(table), list(ids))

    def rows(self, table: str, where: str = "true") -> list[Row]:
        """The rows of a table as dictionaries, deleted ones among them; `where` is DuckDB's SQL."""
        known = table_named(table)
        engine = self.engine if known.schema == DATA else self.engine_with_revenue()
        return engine.rows(known, where)

    def _note(self, key: str, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        made = [completed(TABLES[key], row, self._world.now(), self._new_id(key)) for row in rows]
        for row in made:
            self.catalog.add(key, row)
            self._seeded[key][str(row.get("id"))] = row
        return made

    def _new_id(self, key: str) -> str:
        return hex_ids(self._world.options.seed, 1, "row", key, self._world.serial("row"))[0]

    def change_later(self, at: float, table: str, ids: Iterable[str] | None) -> None:
        """Rows of a seeded table change at that time, all of them without `ids`: their `updateddate` moves."""
        with self._lock:
            every = [str(row["id"]) for row in self.catalog.every(table.lower())]
            self._changes.append((at, table.lower(), every if ids is None else list(ids)))

    def _change(self) -> None:
        """Do what is due by now."""
        now = self._world.now()
        for at, key, ids in [change for change in self._changes if change[0] <= now]:
            rows = [row for identity in ids if (row := self.catalog.first(key, id=identity)) is not None]
            self.insert(key, [{**row, "updateddate": max(row["updateddate"], moment_of(at))} for row in rows])
        self._changes = [change for change in self._changes if change[0] > now]

    # -- regenerating -------------------------------------------------------------------------------------------

    def transaction_ids(self, path: str, body: Mapping[str, Any]) -> list[str]:
        """The `idList` of a request: the ids of the transactions of its object."""
        ids = self._leavings.ids(path, body)
        return list(map(hyphened, ids)) if self._world.options.id_style == "36" else ids

    def effect(self, entry: Entry, effect: Effect) -> None:
        """Regenerating was done; its rows are made when somebody looks."""
        if entry.path in TRANSACTION_TABLES and isinstance(entry.body, dict):
            self._sent.append((entry, effect))
            self.revenue.effect(entry, effect)

    # -- the engine ---------------------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The engine with all rows that can be seen by now. Raises EngineMissingError without DuckDB."""
        options = self._world.options
        with self._lock:
            if self._engine is None:
                self._engine = Engine(options.time_zone, options.seed)
                add_others(self._engine, options.other_transactions, self._world.now())
            self._flush(self._engine)
            return self._engine

    def engine_with_revenue(self) -> Engine:
        """The engine with what is in Revenue by now, too."""
        with self._lock:
            self.revenue.flush(self.engine)
            return self.engine

    def _flush(self, engine: Engine) -> None:
        self._change()
        for key, rows in self._seeded.items():
            engine.add(TABLES[key], list(rows.values()))
        self._seeded.clear()
        due = self._due(self._world.now() - self._world.options.lag_seconds)
        while sent := list(islice(due, _CHUNK)):
            self._leavings.write(engine, sent)

    def _due(self, until: float) -> Iterator[Sent]:
        """The effects that can be seen: a change may lag ("Data Query help section")."""
        while self._sent and self._sent[0][1].at <= until:
            entry, effect = self._sent.popleft()
            yield Sent(entry.path, entry.query, entry.body, effect.at)


def table_key(name: str) -> str:
    """The name of a table in `TABLES`, out of the name in any case. Raises ValueError if there is none."""
    table_named(name)
    return name.lower()
