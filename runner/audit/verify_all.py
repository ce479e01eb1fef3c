"""Every run folder verified, several at a time: one process a processor, since hashing and SQLite keep one busy."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from runner.audit.check import Check
from runner.audit.verify import verify
from runner.domain.errors import Refused, RemoteUnusable
from runner.runs.folder import RunFolder, all_runs


@dataclass(frozen=True)
class Verifiable:
    """A run folder on this machine; or one that is published at a URL, where `path` is below it."""

    run: str
    path: str
    url: str | None = None


Verified = tuple[Verifiable, list[Check]]
FEWEST_FOR_PROCESSES = 4  # starting processes takes longer than checking fewer folders


def verify_all(
    folders: Sequence[Verifiable], heads: Mapping[str, str], processes: int | None = None
) -> Iterator[Verified]:
    """Verify each folder; yields in their order. `heads` maps run ids to heads that were noted elsewhere."""
    count = min(processes or os.cpu_count() or 1, len(folders))
    work = [(folder, heads.get(folder.run)) for folder in folders]
    if count < 2 or len(folders) < FEWEST_FOR_PROCESSES:
        yield from zip(folders, map(_verified, work), strict=True)
        return
    context = multiprocessing.get_context("spawn")  # a forked child would share the parent's open files
    done = 0
    try:
        with ProcessPoolExecutor(count, mp_context=context) as pool:
            for folder, checks in zip(folders, pool.map(_verified, work), strict=True):
                yield folder, checks
                done += 1
    except BrokenProcessPool:  # a process was killed, or none can be started here: the rest is checked in this one
        yield from zip(folders[done:], map(_verified, work[done:]), strict=True)


def folders_in(runs: Path) -> list[Verifiable]:
    """Every run folder of a runs folder."""
    return [Verifiable(folder.id, str(folder.path)) for folder in all_runs(runs)]


def published_at(url: str) -> list[Verifiable]:
    """Every run that is published at a remote. Raises Refused, RemoteUnusable."""
    from runner.remote.published_runs import published_runs

    return [Verifiable(run.document.run, run.target, url) for run in published_runs(url)]


def _verified(work: tuple[Verifiable, str | None]) -> list[Check]:
    folder, head = work
    if folder.url is None:
        return verify(RunFolder(Path(folder.path)), head)
    from runner.remote.published_runs import brought

    with tempfile.TemporaryDirectory(prefix="regen-verify-") as temporary:
        try:
            return verify(brought(folder.url, folder.path, Path(temporary)), head)
        except RemoteUnusable as error:
            return [Check("published", "the published folder can be read", (str(error),), 1)]


def heads_in(path: Path) -> dict[str, str]:
    """The heads in a file: a run id and a head on each line, separated by white space or a comma.

    Empty lines and those that begin with `#` are skipped. Raises Refused for any other line, and for a run that is
    listed with two heads.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read: {error}") from error
    heads: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.replace(",", " ").split()
        if len(words) != 2:
            raise Refused(f"{path}, line {number}: a run id and the head of its chain are expected")
        if heads.setdefault(words[0], words[1]) != words[1]:
            raise Refused(f"{path}, line {number}: run {words[0]} is listed with two heads")
    return heads
