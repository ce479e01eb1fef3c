"""Pruned runs can be packed instead of being lost: whole, verified, and never over another archive."""

from __future__ import annotations

import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from runner.runs import archive, prune
from tests.flows.test_flows import subscriptions


@pytest.fixture
def ended(tmp_path, regen, simulator):
    """A run that has ended."""
    with simulator() as server:
        regen("run", subscriptions(tmp_path / "s.csv", 3), "--base-url", server.url, "--run-id", "it")
    return tmp_path / "runs" / "it"


def pruned(tmp_path, **options) -> None:
    now = datetime.now(UTC) + timedelta(days=100)
    prune.prune(tmp_path / "runs", "90d", dry_run=options.pop("dry_run", False), now=now, **options)


def test_a_packed_run_verifies_where_it_is_unpacked(tmp_path, ended, regen, capsys):
    (ended / "after").mkdir()
    (ended / "after" / "note.txt").write_text("later")
    before = {path.relative_to(ended): path.read_bytes() for path in ended.rglob("*") if path.is_file()}
    pruned(tmp_path, archive=tmp_path / "archive")
    assert not ended.exists()
    assert "packed into" in capsys.readouterr().out
    packed = tmp_path / "archive" / "it.zip"
    assert packed.stat().st_mode & 0o777 == 0o600
    shutil.unpack_archive(packed, tmp_path / "runs")
    assert {path.relative_to(ended): path.read_bytes() for path in ended.rglob("*") if path.is_file()} == before
    assert regen("verify", "it").code == 0


def test_a_dry_run_packs_nothing(tmp_path, ended, capsys):
    pruned(tmp_path, archive=tmp_path / "archive", dry_run=True)
    assert "would be packed into" in capsys.readouterr().out
    assert ended.exists() and not (tmp_path / "archive").exists()


def test_an_archive_of_another_run_is_not_overwritten_and_the_run_stays(tmp_path, ended, capsys):
    (tmp_path / "archive").mkdir()
    with zipfile.ZipFile(tmp_path / "archive" / "it.zip", "w") as other:
        other.writestr("it/run.json", "{}")
    content = (tmp_path / "archive" / "it.zip").read_bytes()
    pruned(tmp_path, archive=tmp_path / "archive")
    assert "kept: it:" in capsys.readouterr().out
    assert ended.exists() and (tmp_path / "archive" / "it.zip").read_bytes() == content


def test_what_was_packed_before_a_kill_is_packed_once(tmp_path, ended):
    pack = archive.pack(prune.RunFolder(ended), ended, tmp_path / "archive")
    before = pack.stat().st_mtime_ns
    pruned(tmp_path, archive=tmp_path / "archive")
    assert not ended.exists() and pack.stat().st_mtime_ns == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError("what was written is not read")])
def test_a_run_that_cannot_be_packed_stays(tmp_path, ended, monkeypatch, capsys, error):
    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(prune, "pack", failing)
    pruned(tmp_path, archive=tmp_path / "archive")
    assert ended.exists()
    assert "kept: it:" in capsys.readouterr().out


def test_an_archive_that_reads_otherwise_than_written_keeps_the_run(tmp_path, ended, monkeypatch):
    monkeypatch.setattr(archive, "_holds", lambda *_: False)
    pruned(tmp_path, archive=tmp_path / "archive")
    assert ended.exists()
