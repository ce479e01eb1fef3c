"""The runs that can be asked: each run's run.json and, where it has been written, its results.parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.runs.folder import DOCUMENT, RunFolder, all_runs
from runner.runs.run_json import RunDocument, StepDocument

RESULTS = "results.parquet"


@dataclass(frozen=True)
class RunSource:
    """One run: its folder and its run.json."""

    folder: RunFolder
    document: RunDocument
    published: str | None = None  # where its results are on object storage
    files: Any = None  # the fsspec file system that has them

    @property
    def results(self) -> str | None:
        """The results in Parquet, a path or a URL; None where the run has none."""
        if self.published is not None:
            return self.published
        path = self.folder.path / RESULTS
        return str(path) if path.is_file() else None

    @property
    def user(self) -> str:
        """The login that started the run, empty where it is not recorded."""
        return self.document.user or ""

    @property
    def mode(self) -> str | None:
        """The mode of the run's regenerate steps; `mixed` where they differ, None where there are none."""
        modes = sorted({mode_of(step) for step in self.document.steps if step.do == "regenerate"})
        return None if not modes else modes[0] if len(modes) == 1 else "mixed"


def mode_of(step: StepDocument) -> str:
    """Zuora's two flags as one word."""
    if step.options.get("only_resend"):
        return "only-resend"
    return "re-migrate" if step.options.get("re_migrate") else "default"


def sources_in(runs: Path, newest: int | None = None) -> list[RunSource]:
    """The runs in the folder with a run.json that can be read, the earliest first; only the `newest` if given."""
    folders = all_runs(runs)
    if newest is not None and len(folders) > newest:
        folders = sorted(folders, key=_changed)[-newest:]
    sources = [RunSource(run, document) for run in folders if (document := run.document()) is not None]
    return sorted(sources, key=lambda source: (started(source), source.document.run))


def sources_at(url: str) -> list[RunSource]:
    """The runs that are published at a remote, the earliest first. Raises Refused, RemoteUnusable."""
    from runner.remote.published_runs import location, published_runs, readable_files

    files = readable_files(url)
    sources = [
        RunSource(
            run.folder,
            run.document,
            location(url, run.target, RESULTS) if files is not None and "parquet" in run.document.formats else None,
            files,
        )
        for run in published_runs(url)
    ]
    return sorted(sources, key=lambda source: (started(source), source.document.run))


def _changed(run: RunFolder) -> float:
    try:
        return (run.path / DOCUMENT).stat().st_mtime
    except OSError:  # removed meanwhile
        return 0.0


def started(source: RunSource) -> str:
    """When the run was started, or planned where it was not: ISO 8601, UTC."""
    return str(source.document.started_at or source.document.planned_at or "")
