"""A sealed run folder on object storage, byte for byte; SHA256SUMS last, so that a folder that has it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner.domain.errors import Refused, RemoteUnusable
from runner.remote.register import published_folder
from runner.remote.storage import Storage
from runner.runs import seal
from runner.runs.folder import DOCUMENT, RunFolder
from runner.runs.run_json import RunDocument, parsed
from runner.runs.seal import AFTER, SEAL


def publish(storage: Storage, folder: RunFolder) -> str:
    """Upload a sealed run folder; returns where it is. What was published of the run before is replaced.

    Raises Refused if the folder is not sealed or was changed since, RemoteUnusable.
    """
    document = _sealed_document(folder)
    target = published_folder(folder.id, document.tenant, document.planned_at or "")
    before = _sums(storage.read(f"{target}/{SEAL}") or b"")
    now = _sums((folder.path / SEAL).read_bytes())
    if before != now:
        storage.remove(f"{target}/{SEAL}")  # until everything is there, the folder is none
    for name in now:
        if before.get(name) != now[name]:
            storage.put(folder.path / name, f"{target}/{name}")
    for name in before.keys() - now.keys():
        storage.remove(f"{target}/{name}")
    for path in _later_files(folder.path):
        storage.put(path, f"{target}/{path.relative_to(folder.path).as_posix()}")
    storage.put(folder.path / SEAL, f"{target}/{SEAL}")
    return target


def published_document(storage: Storage, target: str) -> RunDocument | None:
    """run.json of a folder that is published whole; None if there is none."""
    if storage.read(f"{target}/{SEAL}") is None:
        return None
    content = storage.read(f"{target}/{DOCUMENT}")
    return None if content is None else parsed(content)


def fetch_published(storage: Storage, target: str, folder: RunFolder) -> None:
    """Bring a published folder here, byte for byte. Raises RemoteUnusable if it is not as its seal says."""
    content = storage.read(f"{target}/{SEAL}")
    if content is None:
        raise RemoteUnusable(f"remote {storage.url}: {target} has no {SEAL}; it is not published whole")
    folder.make()
    for name in _sums(content):
        path = folder.path / name
        path.unlink(missing_ok=True)
        storage.fetch(f"{target}/{name}", path)
        path.chmod(0o600)
    (folder.path / SEAL).write_bytes(content)
    if problem := next(seal.problems(folder.path), None):
        (folder.path / SEAL).unlink()
        raise RemoteUnusable(f"remote {storage.url}: {target}: {problem.text}; restore it from the bucket's versions")


def download(storage: Storage, target: str, folder: RunFolder) -> None:
    """Download a published folder as it is, whatever it is."""
    folder.make()
    for name in storage.names(target):
        storage.fetch(f"{target}/{name}", folder.path / name)


def _sealed_document(folder: RunFolder) -> RunDocument:
    document = folder.document()
    if not folder.sealed or document is None:
        raise Refused(f"run {folder.id} is not sealed, and cannot be published; `regen resume {folder.id}` ends it")
    problem = next((problem for problem in seal.problems(folder.path) if not problem.added), None)
    if problem is not None:
        raise Refused(f"run {folder.id} was not published: {problem.text}; see `regen verify {folder.id}`")
    return document


def _sums(content: bytes) -> dict[str, str]:
    """The checksum of each file of a seal."""
    lines = (line.partition("  ") for line in content.decode("utf-8", "replace").splitlines())
    return {name: sha256 for sha256, _, name in lines if name and "/" not in name and not name.startswith(".")}


def _later_files(folder: Path) -> Iterator[Path]:
    """What later commands wrote beside the sealed files."""
    return (path for path in sorted((folder / AFTER).rglob("*")) if path.is_file())
