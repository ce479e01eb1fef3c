"""The user's state folder, on machines whose users have no home worth the name."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from runner.runs.state_folder import state_folder

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return folder


@pytest.fixture
def nameless(monkeypatch) -> None:
    """The uid has no entry in the user database."""
    pwd = pytest.importorskip("pwd")

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_it_is_private_and_in_the_users_state_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = state_folder("locks")
    assert folder == tmp_path / "state" / "regen" / "locks"
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}


@pytest.mark.parametrize("home", ["", "~", "relative", "/dev/null/home", "/proc/nowhere"])
def test_without_a_usable_home_a_private_temporary_folder_serves(temporary, nameless, monkeypatch, home):
    monkeypatch.setenv("HOME", home)
    folder = state_folder("locks")
    assert folder is not None and folder.is_relative_to(temporary)
    assert folder.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777 == 0o700
    assert not Path("~").exists()


def test_a_uid_without_an_entry_and_without_home_has_one_too(temporary, nameless, monkeypatch):
    monkeypatch.delenv("HOME", raising=False)
    folder = state_folder("locks")
    assert folder is not None and folder.is_relative_to(temporary)


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_to(temporary, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    monkeypatch.setenv("HOME", str(home))
    folder = state_folder("locks")
    assert folder is not None and folder.is_relative_to(temporary)


def test_what_somebody_planted_in_the_temporary_folder_is_not_used(temporary, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/dev/null/home")
    (tmp_path / "theirs").mkdir()
    (temporary / f"regen-{os.geteuid()}").symlink_to(tmp_path / "theirs")
    assert state_folder("locks") is None
    assert not list((tmp_path / "theirs").iterdir())


def test_with_nowhere_to_write_there_is_none(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "state"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file" / "tmp"))
    assert state_folder("locks") is None
