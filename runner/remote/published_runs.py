"""The runs that are published on object storage, for questions over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.remote.object_storage import ObjectStorage
from runner.remote.publish import download, published_document
from runner.remote.storage import Storage, local_folder, open_storage
from runner.runs.folder import RunFolder
from runner.runs.run_json import RunDocument

THREADS = 16  # each waits for the storage most of the time


@dataclass(frozen=True)
class PublishedRun:
    """A run that is published whole."""

    url: str
    target: str  # below the URL
    document: RunDocument

    @property
    def folder(self) -> RunFolder:
        """Its folder: where the storage is one of this machine, a real one."""
        root = local_folder(self.url)
        return RunFolder(Path(self.target) if root is None else root / self.target)


def published_runs(url: str) -> list[PublishedRun]:
    """Every run that is published whole, by tenant, month and id. Raises Refused, RemoteUnusable."""
    storage = open_storage(url)
    with ThreadPoolExecutor(THREADS) as pool:
        targets = list(_targets(storage))
        documents = pool.map(lambda target: published_document(storage, target), targets)
        return [
            PublishedRun(url, target, document)
            for target, document in zip(targets, documents, strict=True)
            if document is not None
        ]


def readable_files(url: str) -> Any:
    """The fsspec file system of a URL, for DuckDB and pyarrow; None where it is a folder of this machine."""
    storage = open_storage(url)
    return storage.files if isinstance(storage, ObjectStorage) else None


def location(url: str, target: str, name: str) -> str:
    """What DuckDB calls a file of a published run: with the scheme of the file system."""
    storage = open_storage(url)
    if isinstance(storage, ObjectStorage):
        return str(storage.files.unstrip_protocol(storage.path(f"{target}/{name}")))
    folder = local_folder(url)
    assert folder is not None
    return str(folder / target / name)


def brought(url: str, target: str, folder: Path) -> RunFolder:
    """Download a published folder as it is into a folder that does not exist; of this machine, it is used in place."""
    root = local_folder(url)
    if root is not None:
        return RunFolder(root / target)
    run = RunFolder(folder / target.rpartition("/run=")[2])
    download(open_storage(url), target, run)
    return run


def _targets(storage: Storage) -> Iterator[str]:
    for tenant in _parts(storage, "", "tenant="):
        for month in _parts(storage, tenant, "month="):
            for run in _parts(storage, f"{tenant}/{month}", "run="):
                yield f"{tenant}/{month}/{run}"


def _parts(storage: Storage, folder: str, prefix: str) -> list[str]:
    return [name for name in storage.folders(folder) if name.startswith(prefix)]
