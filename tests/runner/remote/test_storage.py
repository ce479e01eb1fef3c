"""Every kind of storage keeps the same promises: whoever creates an object first keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import fsspec
import pytest

from runner.domain.errors import Refused, RemoteUnusable
from runner.remote.storage import local_folder, open_storage, storage_time


@pytest.fixture(params=["path", "file", "memory"])
def storage(request, tmp_path):
    """A storage of each kind, empty."""
    fsspec.filesystem("memory").store.clear()
    return open_storage(
        {"path": str(tmp_path / "r"), "file": f"file://{tmp_path}/r", "memory": "memory://r"}[request.param]
    )


def test_objects_are_created_once_read_listed_and_removed(storage, tmp_path):
    assert storage.read("a/b/1") is None and storage.modified("a/b/1") is None
    assert storage.names("a/b") == storage.folders("a") == []
    assert storage.create("a/b/1", b"first")
    assert not storage.create("a/b/1", b"second")
    assert storage.read("a/b/1") == b"first"
    (tmp_path / "file").write_bytes(b"third")
    storage.put(tmp_path / "file", "a/2")
    storage.put(tmp_path / "file", "a/b/1")
    assert (storage.names("a"), storage.folders("a")) == (["2"], ["b"])
    storage.fetch("a/b/1", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"third"
    assert abs(storage.modified("a/2") - datetime.now(UTC)) < timedelta(minutes=1)
    storage.remove("a/2")
    storage.remove("a/2")
    assert storage.names("a") == []
    assert abs(storage_time(storage) - datetime.now(UTC)) < timedelta(minutes=1)
    assert storage.names("clock") == []


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "expected a URL"),
        ("s3://user:password@bucket/x", "must not contain a user, password"),
        ("s3://bucket/x?endpoint=y", "must not contain a user, password, query"),
        ("nothing://bucket/x", "nothing"),
        ("http://127.0.0.1/x", "cannot create an object only if there is none"),
    ],
)
def test_urls_that_cannot_serve(url, text):
    with pytest.raises(Refused, match=text) as refused:
        open_storage(url)
    assert "password@" not in str(refused.value)


def test_paths_and_file_urls_are_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert local_folder("file:///a%20b/c").parts[-2:] == ("a b", "c")
    assert local_folder("shared/regen") == tmp_path / "shared" / "regen"
    assert local_folder("s3://bucket/x") is None


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "r").write_text("a file")
    with pytest.raises(RemoteUnusable, match="could not create clock/"):
        storage_time(open_storage(str(tmp_path / "r")))
