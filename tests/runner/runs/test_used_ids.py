"""Ids whose keys were used in the last day are remembered when the run folder is gone."""

from __future__ import annotations

import pwd
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.runs import used_ids
from runner.runs.used_ids import ids_in_use, last_use, remember
from tests.flows.test_flows import subscriptions
from tests.harness.program import folders, table

NOW = datetime(2026, 11, 27, 1, 30, tzinfo=UTC)
OWN = {"host": "rest.test.zuora.com", "tenant": "t", "folder": Path("/runs/it"), "planned_at": "2026-11-27T01:00:00Z"}
ANEW = OWN | {"planned_at": "2026-11-27T02:00:00Z"}


@pytest.mark.parametrize(
    ("other", "hours", "known"),
    [
        (OWN, 1, False),  # it is the run itself
        (ANEW, 1, True),  # planned anew in the same folder
        (OWN | {"folder": Path("/other/it")}, 1, True),  # another runs folder
        (ANEW, 23.9, True),
        (ANEW, 24.1, False),  # the keys are forgotten by the tenant too
        (ANEW, -1, True),  # a clock that was set back
        (ANEW | {"host": "rest.zuora.com"}, 1, False),
        (ANEW | {"tenant": "u"}, 1, False),
    ],
)
def test_an_id_is_known_for_a_day_to_every_other_ledger_of_its_tenant(other, hours, known):
    remember("it", **OWN, now=NOW)
    used = last_use("it", **other, now=NOW + timedelta(hours=hours))
    assert (used is not None) is known
    if used is not None:
        assert used.folder_is_gone and used.first_used_at == NOW
    assert last_use("it-2", **other, now=NOW) is None


def test_a_later_use_counts_and_the_first_is_kept():
    remember("it", **OWN, now=NOW)
    remember("it", **OWN, now=NOW + timedelta(hours=20))
    used = last_use("it", **ANEW, now=NOW + timedelta(hours=40))
    assert used is not None
    assert (used.first_used_at, used.last_used_at) == (NOW, NOW + timedelta(hours=20))


def test_the_last_of_several_uses_is_named():
    remember("it", **OWN | {"folder": Path("/a/it")}, now=NOW)
    remember("it", **OWN | {"folder": Path("/b/it")}, now=NOW + timedelta(hours=1))
    used = last_use("it", **OWN, now=NOW + timedelta(hours=2))
    assert used is not None and used.folder == "/b/it"


def test_ids_in_use_are_those_of_the_day(state_home):
    remember("old", **OWN, now=NOW - timedelta(hours=30))
    remember("it", **OWN, now=NOW)
    remember("it-2", **OWN | {"planned_at": None}, now=NOW)
    assert ids_in_use(host=OWN["host"], tenant="t", now=NOW) == {"it", "it-2"}
    assert ids_in_use(host=OWN["host"], tenant="u", now=NOW) == frozenset()
    assert len(list((Path(state_home) / "regen/used-ids").iterdir())) == 2, "what is older than a day is removed"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"run": 1}', b"\xff", b'{"run": "it"}'])
def test_a_damaged_note_is_as_none(state_home, content):
    remember("it", **OWN, now=NOW)
    (note,) = (Path(state_home) / "regen/used-ids").iterdir()
    note.write_bytes(content)
    assert last_use("it", **ANEW, now=NOW) is None
    remember("it", **OWN, now=NOW)
    assert last_use("it", **ANEW, now=NOW) is not None


def test_without_a_state_folder_nothing_is_remembered_and_nothing_fails(monkeypatch):
    monkeypatch.setattr(used_ids, "state_folder", lambda part: None)
    remember("it", **OWN, now=NOW)
    assert last_use("it", **ANEW, now=NOW) is None
    assert ids_in_use(host=OWN["host"], tenant="t", now=NOW) == frozenset()


def test_a_full_disk_is_not_fatal(monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(used_ids, "replacing", full)
    remember("it", **OWN, now=NOW)
    assert last_use("it", **ANEW, now=NOW) is None


@pytest.mark.parametrize("how", ["removed", "elsewhere"])
def test_a_command_whose_folder_is_gone_does_nothing_twice_and_says_so(tmp_path, regen, simulator, how):
    manifest = subscriptions(tmp_path / "s.csv", 3)
    with simulator() as server:
        words = ("run", manifest, "--base-url", server.url)
        assert regen(*words).code == 0
        (first,) = folders(tmp_path / "runs")
        ids = [row["regen_id_list"] for row in table(first)]
        if how == "removed":
            shutil.rmtree(tmp_path / "runs")
            again, runs = regen(*words), tmp_path / "runs"
        else:
            again, runs = regen(*words, "--runs-dir", tmp_path / "other"), tmp_path / "other"
        assert again.code == 0
        assert ("which is gone" if how == "removed" else "which is another one") in again.err
        assert "add --again" in again.err
        assert [len(identity["effects"]) for identity in server.regenerations()] == [1, 1, 1]
        rows = table(runs / first.name)
        assert [(row["regen_replayed"], row["regen_id_list"]) for row in rows] == [(True, made) for made in ids]
        assert regen("verify", first.name, "--runs-dir", runs).code == 0
        anew = regen(*words, "--runs-dir", runs, "--again")
        assert (anew.code, "add --again" in anew.err) == (0, False)
        assert sum(len(identity["effects"]) for identity in server.regenerations()) == 6


def test_again_takes_no_id_of_the_last_day_though_its_folder_is_gone(tmp_path, regen, simulator):
    manifest = subscriptions(tmp_path / "s.csv", 2)
    with simulator() as server:
        words = ("run", manifest, "--base-url", server.url)
        assert regen(*words).code == regen(*words, "--again").code == 0
        first, second = folders(tmp_path / "runs")
        shutil.rmtree(second)
        assert regen(*words, "--again").code == 0
        assert [path.name for path in folders(tmp_path / "runs")] == [first.name, f"{first.name}-3"]
        assert sum(len(identity["effects"]) for identity in server.regenerations()) == 6


@pytest.mark.parametrize("home", [None, "", "~", "/dev/null/home"])
def test_a_run_needs_no_home(tmp_path, regen, simulator, monkeypatch, home):
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("HOME") if home is None else monkeypatch.setenv("HOME", home)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: {}[uid])
    with simulator() as server:
        assert regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url, "--yes").code == 0
