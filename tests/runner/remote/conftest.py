"""A small finished run, and a storage beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.remote.storage import open_storage
from runner.runs.folder import RunFolder


@pytest.fixture
def storage(tmp_path):
    return open_storage(str(tmp_path / "remote"))


@pytest.fixture
def sealed(audited: Path) -> RunFolder:
    """A copy of the auditors' run: sealed."""
    return RunFolder(audited)


def beside(folder: RunFolder) -> RunFolder:
    """A folder of the same id in another runs folder, without anything."""
    other = folder.path.parent.parent / "elsewhere" / folder.id
    shutil.rmtree(other, ignore_errors=True)
    return RunFolder(other)
