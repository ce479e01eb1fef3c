"""What is selected, and the SQL of it: windows of `updateddate`, which is indexed in every table.

Sources: "Construct SQL Queries in Data Query", "General best practices" (times with offset and three decimals, no
functions left of a comparison), "Overview of Data Query" (limits).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner.domain.errors import Refused
from runner.select.tables import STATUS, UPDATED, Table
from runner.zuora.data_query.literals import quoted, timestamp

BEGINNING = 946_684_800_000_000  # 2000-01-01: before any tenant
SECOND = 1_000_000
MOST_CHARACTERS = 1_000_000  # of a query by API
SINCE, UNTIL = ":since", ":until"
_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|(:since|:until)\b", re.DOTALL)


@dataclass(frozen=True)
class Filters:
    """Which objects of a type are wanted. `sql` is a query of the person's own, instead of all else."""

    statuses: tuple[str, ...] = ()
    missing: bool = False
    sql: str | None = None
    lines: bool = False  # also the objects of which only a line was updated


@dataclass(frozen=True)
class Window:
    """The objects that were updated from `since` until before `until`, in microseconds."""

    statement: str  # with :since and :until
    since: int
    until: int

    @property
    def sql(self) -> str:
        """The query, with the times as Data Query takes them."""
        times = {SINCE: timestamp(self.since), UNTIL: timestamp(self.until)}
        return _PLACEHOLDER.sub(lambda match: times[match[1]] if match[1] else match[0], self.statement)

    def halves(self) -> Sequence[Window]:
        """Two windows of whole seconds; none of less than two seconds."""
        middle = (self.since + self.until) // 2 // SECOND * SECOND
        if not self.since < middle < self.until:
            return ()
        return replace(self, until=middle), replace(self, since=middle)


@dataclass(frozen=True)
class Whole:
    """A query that cannot be divided: one of the person's own without :since and :until."""

    sql: str

    def halves(self) -> Sequence[Whole]:
        """None."""
        return ()


def statement(table: Table, filters: Filters, *, flag: bool, at_any_time: bool = False) -> str:
    """The query of a type, with :since and :until where its times go. `flag`: whether the table has its flag.

    `at_any_time`: without times and without WHERE.
    """
    columns = _columns(table, flag=flag)
    if at_any_time:
        return f"SELECT {columns} FROM {table.source}"  # noqa: S608 - our own names
    source, conditions = _narrowed(table, filters, "o.updateddate")
    return f"SELECT {columns} FROM {table.source}{source} WHERE {conditions}"  # noqa: S608 - our own names


def line_statement(table: Table, filters: Filters, *, flag: bool) -> str:
    """The query of the objects of which a line was updated in the time; their time is that of the newest such line."""
    assert table.lines is not None
    columns = _columns(table, flag=flag).replace("o.updateddate AS", "max(l.updateddate) AS")
    source, conditions = _narrowed(table, filters, "l.updateddate")
    own = [sql for name, sql in table.columns.items() if name != UPDATED] + ([f"o.{table.flag}"] if flag else [])
    return (
        f"SELECT {columns} FROM {table.source} {table.lines.join}{source} WHERE {conditions} "  # noqa: S608
        f"GROUP BY {', '.join(own)}"
    )


def _columns(table: Table, *, flag: bool) -> str:
    columns = [f"{sql} AS {name.lower()}" for name, sql in table.columns.items()]
    return ", ".join([*columns, *([f"o.{table.flag}"] if flag else [])])


def _narrowed(table: Table, filters: Filters, updated: str) -> tuple[str, str]:
    """What stands behind the source, and the conditions, of objects that were `updated` in the time."""
    source, conditions = "", [f"{updated} >= :since", f"{updated} < :until"]
    if filters.statuses:
        conditions.append(f"{table.columns[STATUS]} IN ({quoted(filters.statuses)})")
    if filters.missing:
        owner = table.transaction_owner
        newest = f"SELECT {owner}, max(updateddate) AS newest FROM {table.transactions}"  # noqa: S608 - our own names
        source = f" LEFT JOIN ({newest} WHERE updateddate >= :since GROUP BY {owner}) t ON t.{owner} = o.id"
        conditions.append(f"(t.newest IS NULL OR t.newest < {updated})")
    return source, " AND ".join(conditions)


def own_statement(text: str, path: str) -> str:
    """The query of a file. Raises Refused for one that Data Query would not take."""
    sql = text.strip().removesuffix(";").rstrip()
    bare = _without_comments(sql)
    if not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        raise Refused(f"{path} holds no query: Data Query reads only, so it begins with SELECT or WITH")
    if ";" in re.sub(r"'(?:[^']|'')*'", "", bare):
        raise Refused(f"{path} holds more than one statement; a data query is one")
    if len(sql) > MOST_CHARACTERS:
        raise Refused(f"{path} has {len(sql):,} characters; a data query has at most {MOST_CHARACTERS:,}")
    return sql


def is_windowed(sql: str) -> bool:
    """Whether a query has a place for both times."""
    return {SINCE, UNTIL} <= {match[1] for match in _PLACEHOLDER.finditer(sql) if match[1]}


def part_of(sql: str, since: int | None, until: int) -> Window | Whole:
    """A statement from a time on; of all times if `since` is None."""
    return Window(sql, BEGINNING if since is None else since, until) if is_windowed(sql) else Whole(sql)


def selected_columns(table: Table, *, flag: bool) -> list[str]:
    """The columns of an answer to `statement`, in order."""
    return [*(name.lower() for name in table.columns), *([str(table.flag)] if flag else ())]


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL).strip()


__all__ = [
    "UPDATED",
    "Filters",
    "Whole",
    "Window",
    "is_windowed",
    "line_statement",
    "own_statement",
    "part_of",
    "statement",
]
