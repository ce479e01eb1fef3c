"""Every run of a runs folder, with the brief of its run.json: what a question over all runs looks at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runner.runs.brief import RunBrief
from runner.runs.folder import DOCUMENT, RunFolder, folder_names, id_of
from runner.runs.index import Index
from runner.runs.seal import SEAL


class KnownRun(NamedTuple):
    """A run folder by name, and the brief of its run.json."""

    runs: Path
    name: str
    brief: RunBrief

    @property
    def folder(self) -> RunFolder:
        """The run's folder."""
        return RunFolder(self.runs / self.name)

    @property
    def id(self) -> str:
        """The run id, by the folder's name."""
        return id_of(self.name)

    @property
    def sealed(self) -> bool:
        """Whether the run has ended gracefully."""
        return os.path.exists(f"{self.runs}/{self.name}/{SEAL}")  # noqa: PTH110 - a Path takes three times as long


def known_runs(runs: Path) -> Iterator[KnownRun]:
    """The runs whose run.json can be read, by name. Raises Refused where the runs folder cannot be read."""
    return (KnownRun(runs, name, brief) for name, brief in briefs(runs) if brief is not None)


def briefs(runs: Path) -> Iterator[tuple[str, RunBrief | None]]:
    """The name of each run folder with its brief; None for a run.json that cannot be read."""
    names = folder_names(runs)
    with Index(runs, names) as index:
        for name in names:
            try:
                yield name, index.brief(name)
            except OSError:  # no run's folder, or none that this user can look into, such as lost+found
                continue


def changed_runs(runs: Path) -> Iterator[tuple[float, RunFolder]]:
    """When each run.json was last written, in seconds since the epoch, and its folder."""
    for name in folder_names(runs):
        with suppress(OSError):  # as in `briefs`, or removed meanwhile
            yield os.stat(f"{runs}/{name}/{DOCUMENT}").st_mtime, RunFolder(runs / name)  # noqa: PTH116 - as above
