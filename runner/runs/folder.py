"""Run folders: their ids, their documents, their locks and their seals."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.domain.errors import Refused
from runner.ledger import Store, open_read_only
from runner.runs import seal
from runner.runs.lock import LOCKS, held, is_held
from runner.runs.run_id import RUN_ID
from runner.runs.run_json import RunDocument, document_of, parsed
from runner.runs.seal import AFTER, SEAL
from runner.system.atomic_file import make_private, replacing
from runner.system.console import json_text
from runner.system.timestamps import iso, now_microseconds

LEDGER, DOCUMENT, LOG = "ledger.db", "run.json", "run.log"
RETRIES = ".retries"  # in the runs folder: rows carried over from one night to the next


@dataclass(frozen=True)
class RunFolder:
    """`runs/<run-id>/`: everything about one run."""

    path: Path

    @property
    def id(self) -> str:
        """The run id. A folder that is published has a name of the form `run=ID`."""
        return id_of(self.path.name)

    @property
    def ledger(self) -> Path:
        """The one truth."""
        return self.path / LEDGER

    @property
    def sealed(self) -> bool:
        """Whether the run has ended gracefully."""
        return (self.path / SEAL).exists()

    def make(self) -> None:
        """Make the folder, for its owner alone."""
        try:
            make_private(self.path, parents=True)
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror}; choose another --runs-dir") from error

    def document(self) -> RunDocument | None:
        """run.json; None if there is none, or none that can be read."""
        try:
            return parsed((self.path / DOCUMENT).read_bytes())
        except OSError:
            return None

    def current_document(self) -> RunDocument:
        """The run's document from its ledger as it is now. Raises LedgerError."""
        with open_read_only(self.ledger) as store:
            return document_of(store)

    def write_document(self, store: Store) -> RunDocument:
        """Write run.json from the ledger, whole or not at all; returns it."""
        document = document_of(store)
        self.put_document(document)
        return document

    def put_document(self, document: RunDocument) -> None:
        """Write run.json, whole or not at all."""
        with replacing(self.path / DOCUMENT) as file:
            file.write(json_text(document.as_json(), indent=2).encode() + b"\n")

    def seal(self) -> None:
        """Close the folder: write SHA256SUMS."""
        seal.write(self.path)

    def later(self) -> Path:
        """Where a command writes files of its own: beside the others, or in `after/<UTC time>/` of a folder that is
        sealed, or will be by the process that holds it: two must not write the same file."""
        if not self.sealed and not self.is_held():
            return self.path
        later = self.path / AFTER / iso(now_microseconds()).replace(":", "")
        make_private(later.parent)
        later.mkdir(mode=0o700)
        return later

    def unseal(self) -> bool:
        """Open the seal, to go on; whether there was one."""
        try:
            (self.path / SEAL).unlink()
        except FileNotFoundError:
            return False
        return True

    def is_held(self) -> bool:
        """Whether a process holds the run just now."""
        return is_held(self.path.parent / LOCKS, self.id)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run. Raises RunHeld, saying who holds it, if another process does."""
        with held(self.path.parent / LOCKS, self.id, f"run {self.id}", run=self.id):
            yield


def id_of(name: str) -> str:
    """The run id that a folder's name has."""
    return name.removeprefix("run=")


def folder(runs: Path, run: str) -> RunFolder:
    """The folder of a run, by id. Raises Refused for an id that could leave the runs folder."""
    if not RUN_ID.fullmatch(run):
        raise Refused(f"run id {run!r}: up to 80 of A-Z a-z 0-9 . _ - and no leading dot")
    return RunFolder(runs / run)


def all_runs(runs: Path) -> list[RunFolder]:
    """Every run in the folder, by name. Raises Refused for what is no folder, or cannot be read."""
    return [RunFolder(path) for name in folder_names(runs) if _has_document(path := runs / name)]


def folder_names(runs: Path) -> list[str]:
    """What may be a run, by name. Raises Refused for what is no folder, or cannot be read."""
    if not runs.exists():
        return []
    try:
        with os.scandir(runs) as entries:
            return sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise Refused(f"{runs}: {error.strerror}; choose another --runs-dir, or make it readable") from error


def _has_document(path: Path) -> bool:
    """Whether a folder is a run's. One that this user cannot look into, such as lost+found, is none."""
    try:
        return (path / DOCUMENT).exists()
    except OSError:
        return False
