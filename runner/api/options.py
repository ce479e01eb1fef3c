"""Keyword options of the API, named as on the command line, as the values that the session takes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from runner.api.option_types import checked
from runner.config.settings import Flags
from runner.dispatch.circuit_breaker import FailureLimit
from runner.dispatch.run_limits import Terms
from runner.domain.errors import Refused
from runner.domain.steps import ReadingOptions
from runner.plan.typed_paths import typed_paths
from runner.results.formats import formats_of
from runner.session.invocation import Invocation
from runner.session.run_request import RunRequest

Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

SETTINGS = (
    *("profile", "config", "base_url", "runs_dir", "rate", "concurrency", "tenant", "quota_share"),
    *("on_finish", "notify", "notify_on", "metrics", "remote"),
)
CREDENTIALS = {"client_id": "ZUORA_CLIENT_ID", "client_secret": "ZUORA_CLIENT_SECRET"}
PLANNING = (
    *("run_id", "type", "only_resend", "re_migrate", "mode", "skip_rejected", "resend_unknown", "again"),
    *("if_unfinished", "retry_failed_from", "give_up_after"),
)
READING = ("sheet", "header_row", "by", "encoding", "literal", "include_hidden", "skip_hidden")
CHECKING = ("type", "mode", "only_resend", "re_migrate", "skip_rejected", "resend_unknown")
STOPPING = ("max_requests", "until", "canary", "max_failures", "outage_patience", "wait_for_quota")
INVOKING = ("resend_unknown", "accept_failures", "accept_incomplete_ledger", "wait", "no_wait", "moved", "preflight")


class Options:
    """The keyword arguments of one call, taken apart.

    Raises TypeError for one that the call does not take, Refused for a value that the option cannot have.
    """

    def __init__(self, call: str, values: dict[str, Any], known: Sequence[str]) -> None:
        unknown = values.keys() - set(known)
        if unknown:
            raise TypeError(f"runner.{call}() got an unexpected keyword argument {min(unknown)!r}")
        self._given = {name: checked(name, value) for name, value in values.items()}

    def some(self, names: Sequence[str]) -> dict[str, Any]:
        """Those of these names that were given, and not None."""
        return {name: self._given[name] for name in names if self._given.get(name) is not None}

    def flags(self) -> Flags:
        """The settings, and the credentials where they were given."""
        settings = self.some(SETTINGS)
        secrets = {variable: str(value) for name, variable in CREDENTIALS.items() if (value := self._given.get(name))}
        return Flags(**settings, environment={**os.environ, **secrets} if secrets else None)

    def request(self, files: Files) -> RunRequest:
        """What is to be planned. `format` is parquet, csv, both or xlsx. Raises Refused."""
        word = self._given.get("format") or "both"
        formats = formats_of(word)
        manifests, types = typed_paths(paths(files))
        return RunRequest(
            manifests=manifests,
            types=types,
            reading=self._reading(),
            flags=self.flags(),
            formats=formats,
            template_check=not self._given.get("no_template_check"),
            **self.some(PLANNING),
        )

    def _reading(self) -> ReadingOptions:
        """How the files are to be read."""
        chosen = self.some(READING)
        include, skip = chosen.pop("include_hidden", False), chosen.pop("skip_hidden", False)
        if include and skip:
            raise Refused("include_hidden and skip_hidden exclude each other")
        return ReadingOptions(hidden="include" if include else "skip" if skip else None, **chosen)

    def invocation(self) -> Invocation:
        """How far the call may go."""
        stopping = self.some(STOPPING)
        terms = Terms(
            max_requests=stopping.get("max_requests"),
            until=_moment(stopping["until"]) if "until" in stopping else None,
            canary=stopping.get("canary"),
            failures=_failure_limit(stopping["max_failures"]) if "max_failures" in stopping else FailureLimit(),
            outage_patience_seconds=60.0 * stopping.get("outage_patience", 15.0),
            wait_for_quota=stopping.get("wait_for_quota", False),
        )
        return Invocation(terms=terms, quiet=True, **self.some(INVOKING))


def paths(files: Files) -> tuple[str, ...]:
    """One file or several, as texts."""
    several = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not several:
        raise Refused("no files were given")
    return tuple(os.fspath(file) for file in several)


def _moment(until: str | datetime) -> float:
    """`HH:MM`, local time, its next occurrence; or a datetime: seconds since the epoch."""
    from runner.system.timestamps import next_occurrence

    if isinstance(until, datetime):
        return until.timestamp()
    try:
        return next_occurrence(until)
    except ValueError:
        raise Refused(f"until={until!r}: give 'HH:MM' or a datetime") from None


def _failure_limit(limit: int | str) -> FailureLimit:
    """A number of requests, or a share such as `5%`."""
    try:
        return FailureLimit.parsed(str(limit))
    except ValueError:
        raise Refused(f"max_failures={limit!r}: give a number of requests or a percentage such as '5%'") from None


def folder_path(runs_dir: str | Path | None) -> Flags:
    """Flags that name a runs folder alone."""
    return Flags(runs_dir=None if runs_dir is None else os.fspath(runs_dir))
