"""The object storage beside the machine: whether it serves as a remote, and who may read what is put there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runner.doctor.finding import Finding, fail, ok, warn
from runner.domain.errors import Refused

NAME = "remote"
CLOCKS_APART_SECONDS = 120.0
CLOSE_FOLDER = "chmod 700 it, or share it with a group of operators alone"
ENCRYPT = "turn on default encryption for the bucket"
BLOCK = "block public access to the bucket"
VERSIONS = "turn on versioning, so that what is overwritten or removed can be restored"


def remote_findings(url: str) -> Iterator[Finding]:
    """What a run with this remote would meet."""
    from runner.remote.object_storage import ObjectStorage
    from runner.remote.storage import local_folder, open_storage, storage_time

    try:
        storage = open_storage(url)
        now = storage_time(storage)
    except Refused as error:
        yield fail(NAME, str(error), "see `regen help remote`; without it, leave --remote and REGEN_REMOTE out")
        return
    apart = abs((datetime.now(UTC) - now).total_seconds())
    yield ok(NAME, f"{url}: can be read and written; an object that exists is not created again")
    if apart > CLOCKS_APART_SECONDS:
        message = f"the clock of the storage and this machine's are {apart:,.0f} s apart"
        yield warn("remote-clock", message, "set this machine's clock (NTP): the age of keys is counted by both")
    folder = local_folder(url)
    if folder is not None:
        yield from _folder(folder)
    elif isinstance(storage, ObjectStorage) and url.startswith(("s3://", "s3a://")):
        yield from _bucket(storage.files, storage.path("").partition("/")[0])
    else:
        yield warn("remote-access", "who may read it cannot be seen from here", "see `regen help remote`, the bucket")


def _folder(folder: Path) -> Iterator[Finding]:
    mode = folder.stat().st_mode & 0o077
    if mode & 0o007:
        yield warn("remote-access", f"{folder}: every user of the machine can look into it", CLOSE_FOLDER)


def _bucket(files: Any, bucket: str) -> Iterator[Finding]:
    """What S3 says of the bucket. Not every storage that speaks S3 knows these questions, nor may everybody ask."""
    encryption = _answer(files, "get_bucket_encryption", bucket)
    public = _answer(files, "get_public_access_block", bucket)
    versions = _answer(files, "get_bucket_versioning", bucket)
    if encryption is None or not encryption.get("ServerSideEncryptionConfiguration"):
        yield warn("remote-encryption", f"{bucket}: says nothing of encryption at rest", ENCRYPT)
    blocked = (public or {}).get("PublicAccessBlockConfiguration", {})
    if not blocked or not all(blocked.values()):
        yield warn("remote-access", f"{bucket}: does not say that public access is blocked", BLOCK)
    if (versions or {}).get("Status") != "Enabled":
        yield warn("remote-versions", f"{bucket}: keeps no versions", VERSIONS)


def _answer(files: Any, question: str, bucket: str) -> dict[str, Any] | None:
    from runner.remote.object_storage import storage_errors

    try:
        answer: dict[str, Any] = files.call_s3(question, Bucket=bucket)
    except storage_errors():
        return None
    return answer
