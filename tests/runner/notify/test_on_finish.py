"""The operator's own command: its last argument, its environment, and what went wrong with it in words."""

from __future__ import annotations

import json
import shlex
import sys

import pytest

from runner.domain.run_status import RunStatus
from runner.notify import on_finish
from runner.notify.on_finish import run_command
from runner.notify.receivers import Receivers
from runner.runs.run_json import RunDocument

DOCUMENT = RunDocument(run="r", status=RunStatus.HALTED, head="5f1d")
NOTE = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open(sys.argv[1], 'w'))"


def command(code: str, *words: object) -> Receivers:
    return Receivers(on_finish=shlex.join([sys.executable, "-c", code, *map(str, words)]))


def test_arguments_and_environment(tmp_path, monkeypatch):
    """No credential is inherited."""
    monkeypatch.setenv("ZUORA_CLIENT_SECRET", "hush")
    monkeypatch.setenv("REGEN_NOTIFY", "https://hooks.example.com/hush")
    assert run_command(command(NOTE, tmp_path / "note"), tmp_path / "r", 3, DOCUMENT) is None
    words, environment = json.loads((tmp_path / "note").read_text())
    assert words == [str(tmp_path / "note"), str(tmp_path / "r" / "run.json")]
    assert "hush" not in str(environment)
    assert {name: environment[f"REGEN_{name}"] for name in ("RUN", "STATUS", "EXIT_CODE", "HEAD")} == {
        "RUN": "r",
        "STATUS": "halted",
        "EXIT_CODE": "3",
        "HEAD": "5f1d",
    }


@pytest.mark.parametrize(
    ("receivers", "problem"),
    [
        (command("raise SystemExit(9)"), "exited with 9"),
        (Receivers(on_finish="/no/such/command"), "No such file"),
        (Receivers(on_finish="/"), "Permission denied"),
        (Receivers(on_finish="'unclosed"), "No closing quotation"),
    ],
)
def test_what_goes_wrong_is_reported(tmp_path, receivers, problem):
    assert problem in str(run_command(receivers, tmp_path, 0, DOCUMENT))


def test_one_that_hangs_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(on_finish, "COMMAND_SECONDS", 0.2)
    assert "it was killed" in str(run_command(command("import time; time.sleep(60)"), tmp_path, 0, DOCUMENT))
