"""What somebody wants selected, checked before the tenant is asked anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from manifests.schemas import canonical
from runner.domain.errors import Refused
from runner.select.query import Filters, is_windowed, line_statement, own_statement, statement
from runner.select.tables import Table, status_of, table_of

LAST = "last"
SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class SelectRequest:
    """A selection as a command or a plan file words it. `updated_since`: a date, a time, or `last`."""

    type: str
    updated_since: str | None = None
    begin: str | None = None  # with `last`: where there was no selection of the name yet
    missing: bool = False
    lines: bool = False
    statuses: tuple[str, ...] = ()
    sql_file: str | None = None
    name: str | None = None
    output: str | None = None

    @property
    def stem(self) -> str:
        """The name of the selection."""
        return self.name or canonical(self.type) or self.type

    @property
    def path(self) -> Path:
        """The manifest. Raises Refused for a format that is not written."""
        path = Path(self.output or f"{self.stem}.csv")
        if path.suffix.lower() not in SUFFIXES:
            raise Refused(f"{path}: a selection is written as {' or '.join(SUFFIXES)}; name the file so")
        return path


@dataclass(frozen=True)
class Query:
    """The SQL of a request; `table` is None where it is the person's own."""

    type: str
    filters: Filters
    table: Table | None

    def statement(self, *, flag: bool) -> str:
        """The query, with :since and :until where it has them."""
        if self.table is None:
            return str(self.filters.sql)
        return statement(self.table, self.filters, flag=flag)

    def statements(self, *, flag: bool) -> list[str]:
        """The query, and that of the objects' lines where they count."""
        if self.table is None or not self.filters.lines:
            return [self.statement(flag=flag)]
        return [self.statement(flag=flag), line_statement(self.table, self.filters, flag=flag)]

    @property
    def identity(self) -> str:
        """What two selections of one name must have in common."""
        return f"{self.type}: {'; '.join(self.statements(flag=False))}"


def query_of(request: SelectRequest) -> Query:
    """Raises Refused for a type, a status, a file or a combination that cannot be."""
    if request.begin is not None and (request.updated_since or "").lower() != LAST:
        raise Refused("--begin says where `--updated-since last` begins for the first time; give both")
    if request.sql_file is None:
        table = table_of(request.type)
        statuses = tuple(dict.fromkeys(status_of(table, status) for status in request.statuses))
        lines = request.lines and table.lines is not None
        return Query(table.type, Filters(statuses, request.missing, lines=lines), table)
    if request.missing or request.statuses or request.lines:
        raise Refused("--sql is the whole query: put the status, what is missing and the lines into it")
    sql = own_statement(_text(request.sql_file), request.sql_file)
    if request.updated_since is not None and not is_windowed(sql):
        raise Refused(
            f"{request.sql_file} has no :since and :until, so that --updated-since has no effect; "
            "write `… updateddate >= :since AND updateddate < :until`"
        )
    return Query(request.type, Filters(sql=sql), None)


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: not UTF-8 text ({error.reason})") from error


def moment_of(text: str, now: int) -> int:
    """A date (midnight UTC) or a time in microseconds; without an offset it is UTC. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused(f"--updated-since {text!r}: write a date (2026-11-30), a time with its zone, or last") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    microseconds = int(moment.timestamp() * 1_000_000)
    if microseconds > now:
        raise Refused(f"--updated-since {text}: that is in the future; nothing can have been updated since")
    return microseconds
