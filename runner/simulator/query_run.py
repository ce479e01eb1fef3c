"""Running one data query: which records it sees, its limits, and the file that it leaves.

Sources: "Overview of Data Query" (500,000 rows of output, 10,000,000 of input per table after filters; a query with
more fails), "Construct SQL Queries in Data Query" (SHOW, DESCRIBE, `deleted`), published exports (the text of values).
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Sequence

from runner.simulator.context import World
from runner.simulator.query_jobs import QueryJob
from runner.simulator.responses import encode
from runner.simulator.tenant.columns import FLAG, Column
from runner.simulator.tenant.dialect import Setting, Statement, translated, words_of
from runner.simulator.tenant.engine import BOTH, DELETED, LIVE, Engine, EngineMissingError, Format, Result, separated
from runner.simulator.tenant.records import Records
from runner.simulator.tenant.sql_text import SqlError, position_of
from runner.simulator.tenant.tables import DATA, TABLES

WAREHOUSE_ZONE = "America/Los_Angeles"
_WAREHOUSE_ROWS_OUT = 50_000_000
_NOT_IN_WAREHOUSE = ("bookingtransaction", "billingtransaction")
_SEPARATORS = {"CSV": ",", "TSV": "\t", "JSON": ""}
_SUFFIXES = {"JSON": "jsonl", "CSV": "csv", "TSV": "tsv", "DSV": "dsv"}


class QueryRun:
    """Runs the query of a job."""

    def __init__(self, world: World, records: Records) -> None:
        self._world = world
        self._records = records

    def outcome(self, job: QueryJob) -> Result | str:
        """The result of a job, or the reason why it failed."""
        try:
            engine = self._records.engine
            shown = _shown_names(job.query, with_revenue=self._has_revenue())
            return self._names(engine, job, shown) if shown is not None else self._rows(engine, job)
        except (SqlError, EngineMissingError) as failed:
            return str(failed)

    def content(self, job: QueryJob) -> bytes:
        """The bytes of the result file, as they are downloaded."""
        assert isinstance(job.outcome, Result)
        content = job.outcome.path.read_bytes()
        if job.fault is not None and job.fault.name == "query-file-torn" and job.downloads == 1:
            content = content[: len(content) // 2]
        match job.body["compression"]:
            case "GZIP":
                return gzip.compress(content, 1)
            case "ZIP":
                return _zipped(f"{job.name}.{_SUFFIXES[job.body['outputFormat']]}", content)
            case _:
                return content

    @staticmethod
    def suffix(job: QueryJob) -> str:
        """The end of the file's name; with compression it is not published."""
        compressed = {"GZIP": ".gz", "ZIP": ".zip"}
        return _SUFFIXES[job.body["outputFormat"]] + compressed.get(job.body["compression"], "")

    def _rows(self, engine: Engine, job: QueryJob) -> Result:
        options, live = self._world.options, job.source == "LIVE"
        setting = Setting(options.time_zone, options.literal_zone, self._world.now())
        statement = translated(job.query, setting)
        if not live:
            _check_warehouse(statement)
        if any(TABLES[key].schema != DATA for key in statement.tables):
            self._check_revenue(statement)
            engine = self._records.engine_with_revenue()
        view = _view(job, statement)
        if live and any(engine.count(key) > options.rows_in for key in statement.tables):
            count = engine.input_rows(statement, view)
            if count > options.rows_in:
                raise SqlError(f"The number of input rows exceeds the limit of {options.rows_in}")
        most = options.rows_out if live else _WAREHOUSE_ROWS_OUT
        result = engine.write(statement, view, _format(job), most)
        if result.rows > most:
            result.path.unlink()
            raise SqlError(f"The number of output rows exceeds the limit of {most}")
        return result

    def _check_revenue(self, statement: Statement) -> None:
        """Without the profile ENABLE_DATAQUERY_SERVICE there are no tables of Revenue."""
        for key in statement.tables if not self._has_revenue() else ():
            if TABLES[key].schema != DATA:
                name = key.partition(".")[2]
                raise SqlError(f"{position_of(statement.query, name)}: Table owl.{key} does not exist")

    def _has_revenue(self) -> bool:
        return self._world.options.revenue in ("on", "query")

    def _names(self, engine: Engine, job: QueryJob, rows: Sequence[Sequence[str]]) -> Result:
        """The answer to SHOW and DESCRIBE: the first row names the columns."""
        header, *body = rows
        path = engine.new_path()
        format_ = _format(job)
        if format_.name == "JSON":
            lines = [encode(dict(zip(header, row, strict=True))).decode() + "\n" for row in body]
        else:
            lines = [separated(row, format_.separator) for row in rows]
        path.write_text("".join(lines), encoding="utf-8", newline="")
        return Result(path, len(body))


def _format(job: QueryJob) -> Format:
    name = job.body["outputFormat"]
    return Format(name, _SEPARATORS.get(name) or str(job.body.get("columnSeparator", "")))


def _view(job: QueryJob, statement: Statement) -> str:
    """Naming `deleted` returns both kinds of records, whatever `readDeleted` says."""
    if statement.names_deleted:
        return BOTH
    return DELETED if job.body.get("readDeleted") else LIVE


def _check_warehouse(statement: Statement) -> None:
    """Zuora Warehouse lacks the transaction tables and Revenue's."""
    for key in statement.tables:
        if key in _NOT_IN_WAREHOUSE or TABLES[key].schema != DATA:
            raise SqlError(f"{position_of(statement.query, key)}: Table owl.data.{key} does not exist")


def _shown_names(query: str, *, with_revenue: bool) -> list[list[str]] | None:
    """The rows that answer SHOW TABLES, SHOW COLUMNS or DESCRIBE; None for another query."""
    words = words_of(query)
    names = [word.word for word in words]
    if names[:2] == ["show", "tables"]:
        schema = "".join(names[3:]) if names[2:3] in (["from"], ["in"]) else DATA
        shown = [table for table in TABLES.values() if table.schema == schema and (with_revenue or schema == DATA)]
        return [["Table"], *([table.key] for table in shown)]
    if names[:2] == ["show", "columns"] and names[2:3] in (["from"], ["in"]):
        return _columns(query, "".join(names[3:]), with_revenue=with_revenue)
    if names[:1] in (["describe"], ["desc"]):
        return _columns(query, "".join(names[1:]), with_revenue=with_revenue)
    if names[:2] == ["show", "functions"]:
        return [["Function"], ["at_timezone"], ["date_add"], ["to_uuid32"], ["to_uuid36"]]
    if names[:1] == ["show"]:
        raise SqlError(f"line 1:6: mismatched input '{''.join(names[1:2]) or '<EOF>'}'. Expecting: 'COLUMNS', 'TABLES'")
    return None


def _columns(query: str, name: str, *, with_revenue: bool) -> list[list[str]]:
    """`Column,Type,Extra,Comment`; the comment is the name in mixed case."""
    table = TABLES.get(name.removeprefix("owl.").removeprefix("data."))
    if table is None or (table.schema != DATA and not with_revenue):
        full = name if "." in name else f"data.{name}"
        raise SqlError(f"{position_of(query, name.rpartition('.')[2])}: Table owl.{full} does not exist")
    columns = [*table.columns, *([Column("deleted", FLAG)] if table.deletable and table.schema == DATA else [])]
    return [["Column", "Type", "Extra", "Comment"], *([column.key, column.type, "", column.name] for column in columns)]


def _zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
