"""Who runs this and where is home: answered for every user and every environment, or None; never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.system import user
from tests import ROOT

pwd = pytest.importorskip("pwd")


@pytest.fixture
def nameless(monkeypatch) -> None:
    """The uid has no entry in the user database, and no variable names the user."""

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)


def test_a_user_without_a_name(nameless):
    """The uid is shown instead."""
    assert user.login() == f"uid {os.geteuid()}"


@pytest.mark.parametrize("home", [None, "", "~", "~/x", "relative", "."])
def test_a_home_that_is_no_full_path_does_not_count(monkeypatch, home):
    """The user database does."""
    environment = {} if home is None else {"HOME": home}
    assert user.home(environment) == Path(pwd.getpwuid(os.geteuid()).pw_dir)


@pytest.mark.parametrize("home", [None, "", "~", "relative"])
def test_nobody_and_nowhere(nameless, monkeypatch, home):
    """A container's user: no home, no folders, no error."""
    environment = {} if home is None else {"HOME": home}
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", home) if home is not None else monkeypatch.delenv("HOME", raising=False)
    assert user.home(environment) is None
    assert user.config_folder(environment) is None
    assert user.state_folder_of_user("regen") is None
    assert user.expanded("~/runs") == Path("~/runs")


def test_a_relative_state_home_is_not_used(monkeypatch, tmp_path):
    """As the specification of these folders has it."""
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user.state_folder_of_user("regen") == tmp_path / ".local" / "state" / "regen"


def test_paths_with_a_tilde(monkeypatch, tmp_path):
    """The user's home; of somebody unknown, as it stands."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user.expanded("~/runs") == tmp_path / "runs"
    assert user.expanded("~") == tmp_path
    assert user.expanded("runs/~") == Path("runs/~")
    assert user.expanded("~nobody-of-this-name/runs") == Path("~nobody-of-this-name/runs")


def test_what_cannot_be_seen_is_no_file(monkeypatch, tmp_path):
    """Python's own answer is PermissionError."""

    def closed(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", closed)
    assert not user.is_file(tmp_path / "regen.toml")


# The uid may not read this tree: what the commands import is imported before it is taken.
AS_NOBODY = """
import os, sys
import runner.cli.config, runner.cli.runs, runner.config.effective, runner.runs.folder, platformdirs
from runner.cli import main
os.setuid(54321)
os.chdir("/")
for command in ("config", "runs"):
    sys.argv = ["regen", command]
    try:
        main()
    except SystemExit as ending:
        print("code", ending.code or 0)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can take another uid")
@pytest.mark.parametrize("home", [None, "", "~", "/nonexistent", "/root/closed"])
def test_the_program_runs_for_a_uid_that_nobody_knows(home, tmp_path):
    """`regen config` and `regen runs` answer, in a process of such a user."""
    tmp_path.chmod(0o777)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {} if home is None else {"HOME": home}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("code 0"), "Traceback" in done.stderr) == (0, 2, False), done.stderr
