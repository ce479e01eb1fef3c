"""How the run of a stage ended."""

from __future__ import annotations

from dataclasses import dataclass

from runner.domain.errors import ExitCode
from runner.runs.folder import RunFolder


@dataclass(frozen=True)
class StageEnd:
    """How the run of a stage ended; `folder` is None where there was nothing to run."""

    exit_code: ExitCode
    folder: RunFolder | None = None
