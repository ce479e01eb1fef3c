"""The questions that `regen history` answers, as SQL over the tables `runs` and `rows`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from runner.domain.errors import Refused

_QUARTER = re.compile(r"(\d{4})Q([1-4])", re.IGNORECASE)

_OBJECT = """
SELECT regen_run AS run, regen_line AS line, regen_source AS source, regen_row AS row, regen_operation AS operation,
    mode, regen_outcome AS outcome, regen_id_count AS ids, regen_error_message AS error, regen_settled_at AS settled
FROM rows WHERE (regen_object = ? OR starts_with(regen_object, ? || ' ')) AND {filters}
ORDER BY run_started, regen_run, regen_line
"""
# The latest outcome of an object is what counts: one that failed and succeeded later is done.
_LATEST = """
SELECT regen_type AS type, regen_object AS object, regen_operation AS operation, count(*) FILTER (
        regen_outcome = '{state}') AS times, arg_max(regen_run, run_started) AS run,
    arg_max(regen_error_category, run_started) AS category, arg_max(regen_error_message, run_started) AS error
FROM rows WHERE regen_state <> 'duplicate' AND {filters}
GROUP BY ALL HAVING arg_max(regen_outcome, run_started) = '{state}' ORDER BY times DESC, type, object
"""
_BY = """
SELECT {what} AS {name}, count(*) AS rows, count(*) FILTER (regen_outcome = 'succeeded') AS succeeded,
    count(*) FILTER (regen_outcome = 'failed') AS failed, count(*) FILTER (regen_outcome = 'unknown') AS unknown,
    count(*) FILTER (regen_outcome = 'rejected') AS rejected
FROM rows WHERE {filters} GROUP BY ALL ORDER BY 1
"""
_WHO = """
SELECT login, profile, mode, count(DISTINCT regen_run) AS runs, count(*) AS rows, min(run_started) AS first,
    max(run_started) AS last
FROM rows WHERE {filters} GROUP BY ALL ORDER BY login, profile, mode
"""
_RUNS = """
SELECT regen_run AS run, run_started AS started, login, profile, mode, count(*) AS rows,
    count(*) FILTER (regen_outcome = 'succeeded') AS succeeded, count(*) FILTER (regen_outcome = 'failed') AS failed,
    count(*) FILTER (regen_outcome = 'unknown') AS unknown
FROM rows WHERE {filters} GROUP BY ALL ORDER BY started, run, mode
"""
GROUPS = {
    "month": "strftime(run_started, '%Y-%m')",
    "category": "coalesce(regen_error_category, '')",
    "type": "regen_type",
    "tenant": "tenant",
}


@dataclass(frozen=True)
class Filters:
    """Which rows a question is about; None is all of them."""

    mode: str | None = None
    quarter: str | None = None
    profile: str | None = None

    def sql(self) -> tuple[str, list[Any]]:
        """A condition, and its parameters. Raises Refused for a quarter that is none."""
        conditions, values = ["true"], list[Any]()
        for column, value in (("mode", self.mode), ("profile", self.profile)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        if self.quarter is not None:
            conditions.append("run_started >= ?::TIMESTAMPTZ AND run_started < ?::TIMESTAMPTZ")
            values += _quarter(self.quarter)
        return " AND ".join(conditions), values


def _quarter(text: str) -> list[str]:
    """The first moment of a quarter and that of the next, in UTC."""
    match = _QUARTER.fullmatch(text)
    if match is None:
        raise Refused(f"--quarter {text}: give a year and a quarter, e.g. 2026Q3")
    year, month = int(match[1]), 3 * int(match[2]) - 2
    after = (year + 1, 1) if month == 10 else (year, month + 3)
    return [f"{year:04}-{month:02}-01T00:00:00Z", f"{after[0]:04}-{after[1]:02}-01T00:00:00Z"]


def about_object(name: str, filters: Filters) -> tuple[str, list[Any]]:
    """Every row about one object, in the order of the runs. `A-S1` also finds `A-S1 v2`."""
    condition, values = filters.sql()
    return _OBJECT.format(filters=condition), [name, name, *values]


def latest(state: str, filters: Filters) -> tuple[str, list[Any]]:
    """The objects whose latest outcome is `failed` or `unknown`."""
    condition, values = filters.sql()
    return _LATEST.format(state=state, filters=condition), values


def counted_by(group: str, filters: Filters) -> tuple[str, list[Any]]:
    """Rows by outcome for each month, error category, type or tenant."""
    condition, values = filters.sql()
    return _BY.format(what=GROUPS[group], name=group, filters=condition), values


def by_login(filters: Filters) -> tuple[str, list[Any]]:
    """Who ran what: runs and rows by login, profile and mode."""
    condition, values = filters.sql()
    return _WHO.format(filters=condition), values


def by_run(filters: Filters) -> tuple[str, list[Any]]:
    """One line per run and mode."""
    condition, values = filters.sql()
    return _RUNS.format(filters=condition), values
