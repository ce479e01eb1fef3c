"""DuckDB under the tenant's tables: the only module that imports it.

Times are kept as instants and shown in the tenant's zone, as `2023-12-20T05:31:05-05:00` (published exports).
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.simulator.seeded_random import draw
from runner.simulator.tenant.columns import TIME, Table
from runner.simulator.tenant.dialect import Statement
from runner.simulator.tenant.query_errors import reason_of
from runner.simulator.tenant.sql_text import SqlError
from runner.simulator.tenant.tables import DATA, TABLES

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = (
    "the simulator answers data queries with DuckDB, which is not installed; install it: "
    "pip install 'regeneration-runner[simulate]'"
)
LIVE, DELETED, BOTH = (
    "only_live",
    "only_deleted",
    "live_and_deleted",
)  # which records a query sees; each is a schema of views
_VIEWS = {LIVE: "NOT deleted", DELETED: "deleted", BOTH: "true"}
_THREADS = 2
_SHOWN_TIME = "CASE WHEN length({0}) = 22 THEN {0} || ':00' ELSE {0} END"  # the offset -05 as -05:00
_MACROS = """
CREATE MACRO to_uuid32(id) AS lower(replace(id, '-', ''));
CREATE MACRO to_uuid36(id) AS regexp_replace(lower(replace(id, '-', '')),
    '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5');
CREATE MACRO at_timezone(moment, zone) AS strftime(timezone(zone, moment), '%Y-%m-%dT%H:%M:%S')
    || format('{}{:02d}:{:02d}',
    CASE WHEN timezone(zone, moment) < timezone('UTC', moment) THEN '-' ELSE '+' END,
    abs(date_diff('minute', timezone('UTC', moment), timezone(zone, moment))) // 60,
    abs(date_diff('minute', timezone('UTC', moment), timezone(zone, moment))) % 60);
CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ);
CREATE MACRO date_add(unit, number, moment) AS moment + number * (CASE lower(unit)
    WHEN 'second' THEN INTERVAL 1 SECOND WHEN 'minute' THEN INTERVAL 1 MINUTE WHEN 'hour' THEN INTERVAL 1 HOUR
    WHEN 'day' THEN INTERVAL 1 DAY WHEN 'week' THEN INTERVAL 7 DAY WHEN 'month' THEN INTERVAL 1 MONTH
    ELSE INTERVAL 1 YEAR END);
"""


class EngineMissingError(Exception):
    """DuckDB is not installed; the message says what to do."""


@dataclass(frozen=True)
class Format:
    """How a result file is written: JSON Lines, or text with a separator."""

    name: str = "CSV"
    separator: str = ","


@dataclass(frozen=True)
class Result:
    """A result file and its number of rows."""

    path: Path
    rows: int


class Engine:
    """The tables, in memory. `zone`: of the tenant; `seed`: of the order in which `*` gives the columns.

    Raises EngineMissingError without DuckDB.
    """

    def __init__(self, zone: str, seed: int) -> None:
        self._base = _duckdb().connect()
        self._folder: Path | None = None  # of the result files; made with the first
        self._seed = seed
        self._stored: dict[str, list[str]] = {}  # by table: the columns that some row has
        self._shown: set[str] = set()  # tables whose views are as the stored columns are
        self._files = 0
        self._base.execute(f"SET threads = {_THREADS}; SET TimeZone = '{zone}'")
        self._base.execute(_MACROS)
        schemas = {"stored", *_VIEWS, *(table.schema for table in TABLES.values())} - {DATA}
        self._base.execute("; ".join(f"CREATE SCHEMA {schema}" for schema in sorted(schemas)))

    # -- rows ---------------------------------------------------------------------------------------------------

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """DuckDB's own SQL over the tables `stored.…`, for rows that are made by the million."""
        rows: list[tuple[Any, ...]] = self._base.execute(sql, list(values)).fetchall()
        return rows

    def add(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows by lower-case column; those whose id is there already are replaced."""
        if not rows:
            return
        self._register(table, rows)
        self._ensure(table, [])
        if "id" in table.by_key:
            self._base.execute(f"DELETE FROM {stored(table)} WHERE id IN (SELECT id FROM pending)")
        self.fill(table, "SELECT * FROM pending")

    def fill(self, table: Table, select: str, *values: Any) -> None:
        """Rows out of DuckDB's own SQL, by the names of its columns: for millions of them."""
        described = self._base.execute(f"DESCRIBE {select}", list(values)).fetchall()
        self._ensure(table, [str(row[0]) for row in described])
        self._base.execute(f"INSERT INTO {stored(table)} BY NAME {select}", list(values))

    def touch(self, table: Table, rows: Sequence[Mapping[str, Any]], constants: Mapping[str, str]) -> None:
        """Rows as `add` takes them, with `touched`: of a row that is there already only the update is noted, if so.

        `constants`: SQL by column, of what is the same in all of them.
        """
        if not rows:
            return
        self._register(table, rows)
        self._ensure(table, ["updateddate", "updatedbyid"])
        name, more = stored(table), "".join(f", {value} AS {column}" for column, value in constants.items())
        # An inner join looks the few new ids up in one pass; NOT IN would hash the whole table for each chunk.
        known = self.execute(f"SELECT new.id FROM {name} AS old JOIN pending AS new ON old.id = new.id")
        if known:
            self._base.execute(
                f"UPDATE {name} AS old SET updateddate = new.updateddate, updatedbyid = new.updatedbyid "
                "FROM pending AS new WHERE old.id = new.id AND new.touched"
            )
        condition = "WHERE id NOT IN (SELECT unnest(?))" if known else ""
        values = [[row[0] for row in known]] if known else []
        self.fill(table, f"SELECT * EXCLUDE (touched){more} FROM pending {condition}", *values)

    def rows(self, table: Table, where: str) -> list[dict[str, Any]]:
        """The rows of a table, deleted ones among them; `where` is DuckDB's SQL."""
        self._ensure(table, [])
        rows = self._base.execute(f"SELECT * FROM {stored(table)} WHERE {where}")
        names = [column[0] for column in rows.description or []]
        empty = dict.fromkeys(table.by_key)
        return [{**empty, **dict(zip(names, row, strict=True))} for row in rows.fetchall()]

    def remove(self, table: Table, ids: Iterable[str]) -> None:
        """The rows are gone, as if they had never been."""
        gone = list(ids)
        if gone:
            self._ensure(table, [])
            self.execute(f"DELETE FROM {stored(table)} WHERE id IN (SELECT unnest(?))", gone)

    def delete(self, table: Table, ids: Iterable[str]) -> None:
        """The rows are marked as deleted."""
        self._ensure(table, [])
        self.execute(f"UPDATE {stored(table)} SET deleted = true WHERE id IN (SELECT unnest(?))", list(ids))

    def count(self, key: str) -> int:
        """How many rows a table has, deleted ones among them."""
        self._ensure(TABLES[key], [])
        return int(self.execute(f"SELECT count(*) FROM {stored(TABLES[key])}")[0][0])

    def _ensure(self, table: Table, columns: Iterable[str]) -> None:
        """Make the table, and add to it those of its columns that it has not yet: most are in no row."""
        name = stored(table)
        if name not in self._stored:
            self._stored[name] = ["id"] if "id" in table.by_key else [table.columns[0].key]
            first = self._stored[name][0]
            self._base.execute(f"CREATE TABLE {name} ({first} VARCHAR, deleted BOOLEAN DEFAULT false)")
        for key in dict.fromkeys(columns):
            if key not in (*self._stored[name], "deleted"):
                type_ = _duckdb_type(table.by_key[key].type)
                self._base.execute(f'ALTER TABLE {name} ADD COLUMN "{key}" {type_}')
                self._stored[name].append(key)
                self._shown.discard(name)

    def _show(self, table: Table) -> None:
        """Make the views of a table; `*` gives the columns in no useful order (published exports)."""
        self._ensure(table, [])
        if stored(table) not in self._shown:
            self._base.execute("; ".join(_views(table, set(self._stored[stored(table)]), self._seed)))
            self._shown.add(stored(table))

    def _register(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make the rows the table `pending`."""
        import pyarrow as pa

        keys = dict.fromkeys(key for row in rows for key in row)
        columns = {key: pa.array([row.get(key) for row in rows], _arrow_type(table, key)) for key in keys}
        self._base.register("pending", pa.table(columns))

    # -- queries ------------------------------------------------------------------------------------------------

    def input_rows(self, statement: Statement, view: str) -> int:
        """The most rows that the filters leave of a table. Raises SqlError."""
        if statement.fine_literals:
            return max((self.count(key) for key in statement.tables), default=0)
        plan = self._run(f"EXPLAIN (ANALYZE, FORMAT json) {statement.unlimited}", view, statement)
        return max(_scanned(json.loads(plan[0][1])), default=0)

    def write(self, statement: Statement, view: str, format_: Format, most_rows: int) -> Result:
        """Write the rows of a statement to a file, at most one more than `most_rows`. Raises SqlError."""
        described = self._run(f"DESCRIBE {statement.sql}", view, statement)
        columns = [(_column_name(str(row[0]), number), str(row[1])) for number, row in enumerate(described)]
        inner = ", ".join(f"c{number}" for number in range(len(columns)))
        shown = ", ".join(_shown(f"c{number}", *column) for number, column in enumerate(columns))
        path = self.new_path()
        header = "" if format_.name == "JSON" else separated([name for name, _ in columns], format_.separator)
        rows = self._run(
            f"COPY (SELECT {shown} FROM (SELECT * FROM ({statement.sql}) AS q({inner}) LIMIT {most_rows + 1})) "
            f"TO '{path}' ({_copy_options(format_)})",
            view,
            statement,
        )[0][0]
        return Result(_with_header(path, header), int(rows))

    def new_path(self) -> Path:
        """Where the next file goes."""
        self._files += 1
        return self._confined() / f"{self._files}.out"

    def _confined(self) -> Path:
        """The folder of the result files: from now on the SQL, which comes from outside, reaches no other.

        It is removed with the engine, and at the latest when the interpreter ends.
        """
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="simulator-"))
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            self._base.execute(f"SET allowed_directories = ['{self._folder}']; SET enable_external_access = false")
        return self._folder

    def _run(self, sql: str, view: str, statement: Statement) -> list[tuple[Any, ...]]:
        import duckdb

        self._confined()
        for key in statement.tables:
            self._show(TABLES[key])
        self._base.execute(f"SET search_path = '{view},main'")
        try:
            return self.execute(sql)
        except duckdb.Error as error:
            raise SqlError(reason_of(str(error), statement.query)) from error
        finally:
            self._base.execute("SET search_path = 'main'")

    def close(self) -> None:
        """Let go of the memory and the files."""
        self._base.close()
        if self._folder is not None:
            self._remove()


def separated(cells: Sequence[str], separator: str) -> str:
    """A line of a text format; a cell that holds the separator is quoted (`"decimal(18,6)"`)."""
    quoted = (f'"{cell}"' if separator in cell else cell for cell in cells)
    return separator.join(quoted) + "\n"


def stored(table: Table) -> str:
    """The name of the table behind the views."""
    return f"stored.{table.schema}_{table.key}"


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise EngineMissingError(MISSING) from None
    return duckdb


def _views(table: Table, has: set[str], seed: int) -> Iterator[str]:
    """The statements that make the views: all published columns, of which the stored table has some."""
    names = sorted((column.key for column in table.columns), key=lambda name: draw(seed, "column", table.key, name))
    columns = ", ".join(
        f'"{name}"' if name in has else f'CAST(NULL AS {_duckdb_type(table.by_key[name].type)}) AS "{name}"'
        for name in names
    )
    views = {"revenue": "true"} if table.schema != DATA else _VIEWS
    for view, condition in views.items():
        more = ", deleted" if view == BOTH and table.deletable else ""
        schema = view if table.schema == DATA else table.schema
        yield (
            f"CREATE OR REPLACE VIEW {schema}.{table.key} AS SELECT {columns}{more} FROM {stored(table)} "
            f"WHERE {condition}"
        )


def _duckdb_type(type_: str) -> str:
    return "TIMESTAMPTZ" if type_ == TIME else type_


def _arrow_type(table: Table, key: str) -> pa.DataType:
    import pyarrow as pa

    if key in ("deleted", "touched"):
        return pa.bool_()
    type_ = table.by_key[key].type
    types = {"varchar": pa.string(), "bigint": pa.int64(), "boolean": pa.bool_(), "date": pa.date32()}
    return types.get(type_) or (pa.timestamp("us", "UTC") if type_ == TIME else pa.decimal128(22, 9))


def _column_name(name: str, number: int) -> str:
    """Lower case in every header; an expression without a name is `_col0`, by its place."""
    return name.lower() if re.fullmatch(r"\w+", name) else f"_col{number}"


def _shown(expression: str, name: str, type_: str) -> str:
    """A column of a result as the file has it."""
    value = expression
    if type_ == "TIMESTAMP WITH TIME ZONE":
        value = _SHOWN_TIME.format(f"strftime({expression}, '%Y-%m-%dT%H:%M:%S%z')")
    elif type_ == "TIMESTAMP":
        value = f"strftime({expression}, '%Y-%m-%dT%H:%M:%S')"
    return f'{value} AS "{name}"'


def _copy_options(format_: Format) -> str:
    if format_.name == "JSON":
        return "FORMAT json"
    separator = format_.separator.replace("'", "''")
    return f"FORMAT csv, HEADER false, DELIMITER '{separator}', QUOTE '\"', ESCAPE '\"'"


def _with_header(path: Path, header: str) -> Path:
    if not header:
        return path
    whole = path.with_suffix(".txt")
    with whole.open("wb") as file, path.open("rb") as rows:
        file.write(header.encode())
        shutil.copyfileobj(rows, file)
    path.unlink()
    return whole


def _scanned(plan: Any) -> Iterator[int]:
    """The rows that leave each scan of a table in a plan; DuckDB's versions name them differently."""
    if isinstance(plan, list):
        for part in plan:
            yield from _scanned(part)
    elif isinstance(plan, dict):
        words = (str(plan.get(name, "")) for name in ("type", "name", "operator_type", "operator_name"))
        if any("SCAN" in word for word in words):
            yield max(int(plan.get(name, 0)) for name in ("intermediate_rows", "operator_cardinality"))
        for part in plan.values():
            if isinstance(part, (list, dict)):
                yield from _scanned(part)
