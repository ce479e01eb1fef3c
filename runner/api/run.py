"""A run as a value: what `plan`, `run`, `resume` and `runs` return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from runner.runs.brief import RunBrief
from runner.runs.folder import RunFolder
from runner.runs.run_json import RunDocument


@dataclass(frozen=True)
class Run:
    """A run as it stood when the call returned. `runner.resume(run)` returns it as it stands then."""

    id: str
    path: Path  # the run folder
    status: (
        str  # planned, running, paused, interrupted, terminated, stopped, halted, fault, finished, abandoned, refused
    )
    counts: Mapping[
        str, int
    ]  # rows by state: succeeded, failed, unknown, rejected, duplicate, pending; and their sum, rows
    exit_code: int | None  # as the command line's; None for a run that was only planned
    reason: str | None = None  # why it ended, where it did not just finish


def run_of(folder: RunFolder, document: RunDocument | RunBrief) -> Run:
    """The run of a folder with this run.json."""
    return Run(
        id=document.run,
        path=folder.path,
        status=str(document.status),
        counts=MappingProxyType(dict(document.counts)),
        exit_code=document.exit_code,
        reason=document.reason,
    )
