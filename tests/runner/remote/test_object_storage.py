"""Storage through fsspec: exclusive writes, lost responses, what is not installed."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import pytest

from runner.domain.errors import Refused, RemoteUnusable
from runner.remote.object_storage import ObjectStorage
from runner.remote.storage import open_storage, storage_time


class Files:
    """A file system whose exclusive write meets something."""

    def __init__(self, *meets: BaseException) -> None:
        self.meets, self.content = list(meets), b""

    def pipe_file(self, path: str, content: bytes, mode: str) -> None:
        assert mode == "create"
        error = self.meets.pop(0) if self.meets else None
        if not isinstance(error, PermissionError):
            self.content = self.content or content
        if error is not None:
            raise error

    def cat_file(self, path: str) -> bytes:
        if not self.content:
            raise FileNotFoundError(path)
        return self.content


@pytest.mark.parametrize("error", [FileExistsError(), OSError(22, "ConditionalRequestConflict"), TimeoutError()])
def test_an_answer_that_was_lost_is_no_other_creator(error):
    """A client repeats a write whose answer is lost, and is refused by its own object."""
    assert ObjectStorage("s3://b", Files(error), "b").create("x", b"mine")
    other = Files(error)
    other.content = b"another's"
    assert not ObjectStorage("s3://b", other, "b").create("x", b"mine")


def test_a_write_that_is_not_allowed_names_the_object(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    storage = ObjectStorage("s3://b", Files(*[PermissionError(13, "Access Denied")] * 3), "b")
    with pytest.raises(RemoteUnusable, match=r"remote s3://b: could not create x: .*Access Denied"):
        storage.create("x", b"mine")


def test_storage_that_overwrites_is_refused():
    """Such as an object store that does not know If-None-Match."""

    class Overwriting(Files):
        def pipe_file(self, path: str, content: bytes, mode: str) -> None:
            self.content = content

        def rm_file(self, path: str) -> None: ...

        def modified(self, path: str) -> datetime:
            return datetime.now(UTC)

    with pytest.raises(RemoteUnusable, match="conditional writes"):
        storage_time(ObjectStorage("s3://b", Overwriting(), "b"))


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(Refused, match="pip install gcsfs"):
        open_storage("gs://bucket/x")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(Refused, match=r"pip install 'regeneration-runner\[remote\]'"):
        open_storage("gs://bucket/x")
