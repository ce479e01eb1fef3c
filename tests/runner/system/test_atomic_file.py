"""Files replaced as a whole, under drafts that nobody can plant; private folders; file systems without fsync."""

from __future__ import annotations

import errno
import os
import secrets
import threading
import time
from pathlib import Path

import pytest

from runner.system.atomic_file import (
    STALE_SECONDS,
    draft_of,
    make_private,
    remove_stale_drafts,
    replacing,
    sync_folder,
)


def test_readers_see_the_old_content_or_the_new(tmp_path):
    target = tmp_path / "file"
    with replacing(target) as file:
        file.write(b"old")
    with replacing(target) as file:
        file.write(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600


def test_what_fails_leaves_the_old_content_and_no_draft(tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="full"), replacing(target) as file:
        file.write(b"new")
        raise OSError("full")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    target, together = tmp_path / "file", threading.Barrier(8)

    def write(content: bytes) -> None:
        together.wait()
        with replacing(target) as file:
            for _ in range(200):
                file.write(content * 100)

    threads = [threading.Thread(target=write, args=(bytes([letter]),)) for letter in b"abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = target.read_bytes()
    assert len(content) == 20_000 and len(set(content)) == 1
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("kind", ["symlink", "dangling", "file"])
def test_what_was_planted_under_the_draft_is_not_written_to(tmp_path, monkeypatch, kind):
    target, precious = tmp_path / "file", tmp_path / "precious"
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * 2 * size)
    draft = draft_of(target)
    if kind != "dangling":
        precious.write_bytes(b"precious")
    if kind == "file":
        draft.write_bytes(b"theirs")
    else:
        draft.symlink_to(precious)
    with pytest.raises(FileExistsError), replacing(target) as file:
        file.write(b"new")
    assert not target.exists()
    assert kind == "dangling" or precious.read_bytes() == b"precious"
    assert precious.exists() is (kind != "dangling")


def test_drafts_have_names_that_cannot_be_guessed(tmp_path):
    assert len({draft_of(tmp_path / "file") for _ in range(100)}) == 100


def test_it_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """Otherwise a power cut leaves an empty file under the name of a whole one."""
    target, synced, handles = tmp_path / "file", [], {}
    open_, fsync, replace = os.open, os.fsync, Path.replace

    def opening(path, *args, **kwargs):
        handle = open_(path, *args, **kwargs)
        handles[handle] = Path(path)
        return handle

    def syncing(handle):
        synced.append(handles[handle])
        return fsync(handle)

    def replacing_(path, to):
        assert path in synced, "renamed before it was on disk"
        return replace(path, to)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing_)
    with replacing(target) as file:
        file.write(b"content")
    assert target.read_bytes() == b"content"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EBADF])
def test_a_folder_that_cannot_be_synced_is_survived(tmp_path, monkeypatch, code):
    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    sync_folder(tmp_path)


def test_a_disk_that_fails_is_not_survived(tmp_path, monkeypatch):
    def refuse(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="error"):
        sync_folder(tmp_path)


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o770, 0o1777])
def test_a_folder_made_beforehand_is_closed_to_others(tmp_path, mode):
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        make_private(tmp_path / "parent" / "folder", parents=True)
    finally:
        os.umask(before)
    assert (tmp_path / "parent" / "folder").stat().st_mode & 0o777 == 0o700


def test_an_open_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o777)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(PermissionError, match="belongs to another user"):
        make_private(folder)


def test_old_drafts_are_removed_and_young_ones_stay(tmp_path):
    old, young, other = tmp_path / ".a.1.new", tmp_path / ".a.2.new", tmp_path / "a.new"
    for path in (old, young, other):
        path.touch()
    then = time.time() - STALE_SECONDS - 1
    for path in (old, other):
        os.utime(path, (then, then))
    remove_stale_drafts(tmp_path)
    assert sorted(tmp_path.iterdir()) == [young, other]
