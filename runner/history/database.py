"""All runs as two tables in DuckDB, in memory: `runs`, from run.json, and `rows`, from the results in Parquet.

`rows` has every result column under the name that it has in the files, and from its run: `run_started`, `tenant`,
`profile`, `login`, and `mode` (`regen_mode`; of results without that column, the mode of their step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.domain.errors import Refused
from runner.history.sources import RunSource, mode_of, started

if TYPE_CHECKING:
    import duckdb

INSTALL = "`regen history` needs DuckDB: pip install 'regeneration-runner[history]'"

_RUNS = """
CREATE TABLE runs (
    run TEXT, status TEXT, started TIMESTAMPTZ, ended TIMESTAMPTZ, tenant TEXT, host TEXT, profile TEXT, login TEXT,
    machine TEXT, version TEXT, mode TEXT, parent TEXT, exit_code INTEGER, rows BIGINT, succeeded BIGINT,
    failed BIGINT, unknown BIGINT, rejected BIGINT, duplicate BIGINT, pending BIGINT, file TEXT)
"""
_INSERT_RUN = "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ROWS = """
CREATE VIEW rows AS
SELECT result.* EXCLUDE (filename), coalesce({mode}, step.mode) AS mode, run.started AS run_started, run.tenant,
    run.profile, run.login
FROM read_parquet(?, union_by_name = true, filename = true) AS result
JOIN runs AS run ON run.file = result.filename
LEFT JOIN steps AS step ON step.file = result.filename AND step.step = result.regen_step
"""
_STATES = ("rows", "succeeded", "failed", "unknown", "rejected", "duplicate", "pending")


@dataclass(frozen=True)
class Answer:
    """The answer to a question: column names, and rows of their values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class History:
    """The runs, ready to be asked. Close it after use."""

    def __init__(self, sources: Sequence[RunSource]) -> None:
        """Raises Refused where DuckDB is not installed, or no run has results in Parquet."""
        self.connection = _connection()
        self.without_results = [source.document.run for source in sources if source.results is None]
        self.connection.execute("SET TimeZone = 'UTC'")
        for files in {id(source.files): source.files for source in sources if source.files is not None}.values():
            self.connection.register_filesystem(files)
        self._load(sources)

    def ask(self, sql: str, parameters: Sequence[Any] = ()) -> Answer:
        """Run one query. Raises Refused with DuckDB's own reason where it cannot be answered."""
        import duckdb

        try:
            cursor = self.connection.execute(sql, list(parameters))
            return Answer(tuple(column[0] for column in cursor.description or ()), cursor.fetchall())
        except duckdb.Error as error:
            raise Refused(f"the query failed: {error}") from error

    def close(self) -> None:
        """Release what DuckDB holds."""
        self.connection.close()

    def _load(self, sources: Sequence[RunSource]) -> None:
        self.connection.execute(_RUNS)
        self.connection.execute("CREATE TABLE steps (file TEXT, step INTEGER, mode TEXT)")
        if sources:
            self.connection.executemany(_INSERT_RUN, list(map(_run, sources)))
        steps = [
            (str(source.results), step.number, mode_of(step))
            for source in sources
            for step in source.document.steps
            if step.do == "regenerate"
        ]
        if steps:
            self.connection.executemany("INSERT INTO steps VALUES (?, ?, ?)", steps)
        files = [str(source.results) for source in sources if source.results is not None]
        if not files:
            raise Refused("no run here has results in Parquet; `regen results RUN --format parquet` writes them")
        names = self.connection.execute(
            "SELECT DISTINCT name FROM parquet_schema(?) WHERE name = 'regen_mode'", [files]
        ).fetchall()
        relation = _ROWS.format(mode="result.regen_mode" if names else "NULL")
        quoted = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        self.connection.execute(relation.replace("?", f"[{quoted}]"))


def _connection() -> duckdb.DuckDBPyConnection:
    try:
        import duckdb
    except ImportError:
        raise Refused(INSTALL) from None
    return duckdb.connect()


def _run(source: RunSource) -> tuple[Any, ...]:
    document = source.document
    return (
        *(document.run, str(document.status), started(source) or None, document.ended_at, document.tenant),
        *(document.host, document.profile, source.user, document.machine, document.version, source.mode),
        *(document.parent, document.exit_code),
        *(document.counts.get(state, 0) for state in _STATES),
        str(source.results) if source.results else None,
    )
