"""The command line in this process, and a simulator on a free port of this machine."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from runner import cli
from runner.fleet import tenant_process
from runner.simulator import Options, serving_in_thread
from tests.harness import forks


@dataclass
class Done:
    """What a command left: exit code and output."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


@dataclass
class Server:
    """A simulator, as a client sees it."""

    url: str

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/_sim/{path}") as response:
            return json.load(response)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        with urllib.request.urlopen(f"{self.url}/_sim/{path}", json.dumps(body).encode()) as response:
            return json.load(response)

    def identities(self) -> list[dict[str, Any]]:
        return self.get("effects")["identities"]

    def regenerations(self) -> list[dict[str, Any]]:
        return [identity for identity in self.identities() if "uno-regenerate" in identity["path"]]

    def by_key(self) -> dict[str, list[str]]:
        """The ids of every effect, by the key that it was done under."""
        return {effect["key"]: effect["ids"] for one in self.identities() for effect in one["effects"]}

    def arrivals(self) -> int:
        return sum(identity["arrivals"] for identity in self.regenerations())


@contextmanager
def simulated(**options: Any) -> Iterator[Server]:
    with serving_in_thread(Options(**options)) as serving:
        yield Server(serving.url)


@pytest.fixture
def simulator() -> Callable[..., Any]:
    return simulated


@pytest.fixture
def regen(tmp_path, monkeypatch, capsys) -> Callable[..., Done]:
    """`regen(...)`: run a command with its working folder and runs folder in tmp_path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZUORA_CLIENT_ID", "test-id")
    monkeypatch.setenv("ZUORA_CLIENT_SECRET", "test-secret")
    monkeypatch.setenv("HOME", str(tmp_path))

    def command(*words: Any) -> Done:
        monkeypatch.setattr(sys, "argv", ["regen", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err, printed.err
        assert "test-secret" not in printed.out + printed.err
        return Done(int(exit_.value.code or 0), printed.out, printed.err)

    return command


@pytest.fixture
def forked_tenants(monkeypatch) -> None:
    """The tenants of a fleet that runs in this process begin as forks. How they start: tests/runner/fleet."""

    def begun(words: list[str], **options: Any) -> forks.Popen:
        return forks.Popen(words[words.index("-c") + 3 :], **options)

    monkeypatch.setattr(tenant_process, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": begun}))


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def folders(runs: Path) -> list[Path]:
    """The run folders, by name."""
    return (
        sorted(path for path in runs.iterdir() if path.is_dir() and not path.name.startswith("."))
        if runs.exists()
        else []
    )


def table(folder: Path) -> list[dict[str, Any]]:
    """The results of a run as dictionaries."""
    return pq.read_table(folder / "results.parquet").to_pylist()


@pytest.fixture(scope="session")
def audited_once(tmp_path_factory) -> Path:
    """The auditors' run, made once for all workers; not to be changed."""
    from tests.harness.audited import made

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    note = shared / "audited.txt"
    with FileLock(shared / "audited.lock"):
        if not note.exists():
            note.write_text(str(made(tmp_path_factory.mktemp("audited"))))
    return Path(note.read_text())


@pytest.fixture
def audited(audited_once, tmp_path) -> Path:
    """A copy of the auditors' run under tmp_path/runs."""
    from tests.harness.audited import copied

    return copied(audited_once, tmp_path)
