"""A machine is lost in the middle of a run that has a remote: another one takes the run to its end."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.domain.errors import RemoteUnusable
from runner.runs.folder import RunFolder
from runner.session import remote_start
from runner.system.timestamps import utc_now
from tests.crashes.test_crashes import REGEN, environment, run
from tests.flows.test_flows import subscriptions
from tests.harness import forks
from tests.harness.audited import broken
from tests.harness.journeys import charges, created, quick
from tests.harness.program import Server, folders, simulated, table

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
ROWS = 120
CONFIG = "[profile.p]\nremote_copy_seconds = 0.05\nremote_fence_seconds = 0.1\n"


@pytest.fixture
def words(tmp_path) -> Callable[..., list[str]]:
    """A command of one machine: each has a runs folder and a state folder of its own."""
    (tmp_path / "regen.toml").write_text(CONFIG)
    manifest = subscriptions(tmp_path / "s.csv", ROWS)

    def command(machine: str, name: str, server: Server, *more: str) -> list[str]:
        tenant = ("--base-url", server.url, "--config", str(tmp_path / "regen.toml"), "--profile", "p")
        where = ("--runs-dir", str(tmp_path / machine), "--remote", f"file://{tmp_path}/remote")
        target = str(manifest) if name == "run" else name.partition(" ")[2]
        return [name.partition(" ")[0], target, *tenant, *where, "--quiet", *more]

    return command


def prove(folder: Path, server: Server) -> None:
    """Each row has one effect, under one key; verify and reconcile hold."""
    results, effects, seen = table(folder), server.by_key(), server.regenerations()
    assert {row["regen_state"] for row in results} == {"succeeded"} and len(results) == ROWS
    assert [len(one["effects"]) for one in seen] == [1] * ROWS
    assert all(effects[row["regen_key"]] == row["regen_id_list"] for row in results)
    assert broken(folder) == {}


def moved_back(path: Path, hours: float) -> None:
    """As if an object had been written so long ago, by the storage's clock."""
    moment = time.time() - hours * 3600
    os.utime(path, (moment, moment))


@pytest.mark.parametrize(
    ("dialect", "point"), [("same", "claimed:3"), ("409", "answered:60"), ("mixed", "answered:115")]
)
@pytest.mark.parametrize("way", ["recover", "the same command"])
def test_another_machine_takes_it_to_its_end(tmp_path, regen, words, dialect, point, way):
    with simulated(latency=0.01, replay_dialect=dialect, faults={"lost-answer": 0.05}) as server:
        assert run([*REGEN, *words("one", "run", server, "--concurrency", "10")], point) == -9
        (lost,) = folders(tmp_path / "one")
        shutil.rmtree(tmp_path / "one")
        name = f"recover {lost.name}" if way == "recover" else "run"
        done = regen(*words("two", name, server))
        assert done.code == 0, done.err
        assert f"run {lost.name} was restored from the copy of" in done.err
        (folder,) = folders(tmp_path / "two")
        assert folder.name == lost.name
        prove(folder, server)
        for command in ("show", "verify"):
            assert "that" in (shown := regen(command, lost.name, "--runs-dir", tmp_path / "two").out)
            assert "restored by" in shown and "counted as sent since then" in shown
        assert "It was restored by" in (folder / "report.html").read_text()

        arrivals = server.arrivals()
        done = regen(*words("three", "run", server))
        assert (done.code, server.arrivals()) == (0, arrivals)
        here, there = folders(tmp_path / "three")[0], next((tmp_path / "remote").glob("tenant=*/month=*/run=*"))
        for published in (here, there):
            assert {file.name: file.read_bytes() for file in published.iterdir()} == {
                file.name: file.read_bytes() for file in folder.iterdir() if not file.name.startswith(".")
            }


@pytest.mark.parametrize("disk", ["kept", "lost"])
@pytest.mark.parametrize("point", ["sealed", "copied-at-end"])
def test_a_run_that_ended_and_was_killed_before_it_was_published(tmp_path, regen, words, disk, point):
    """The same command, or `recover`, publishes it: else the remote would know it as unfinished for ever."""
    with simulated() as server:
        assert run([*REGEN, *words("one", "run", server)], point) == -9
        assert not list((tmp_path / "remote").glob("tenant=*/month=*/run=*/SHA256SUMS"))
        if disk == "lost":
            shutil.rmtree(tmp_path / "one")
        done = regen(*words("one", "run", server))
        assert done.code == 0, done.err
        (folder,), (there,) = folders(tmp_path / "one"), (tmp_path / "remote").glob("tenant=*/month=*/run=*")
        assert (there / "SHA256SUMS").read_bytes() == (folder / "SHA256SUMS").read_bytes()
        prove(folder, server)
        assert regen("verify", "--all", "--remote", f"file://{tmp_path}/remote").code == 0


@pytest.mark.parametrize("lost", ["the folder", "the connection"])
def test_a_run_that_is_over_needs_no_remote(tmp_path, regen, words, monkeypatch, lost):
    """The same command says how it ended, with a remote that cannot be reached, too."""
    with simulated() as server:
        assert regen(*words("one", "run", server)).code == 0
        if lost == "the folder":
            shutil.rmtree(tmp_path / "remote")
            (tmp_path / "remote").write_text("no folder any more")
        else:

            def unreachable(url: str) -> None:
                raise RemoteUnusable(f"remote {url}: no connection")

            monkeypatch.setattr(remote_start, "open_storage", unreachable)
        again = regen(*words("one", "run", server))
        assert (again.code, server.arrivals()) == (0, ROWS), again.err
        what = "is not published" if lost == "the folder" else "is published could not be looked up"
        assert what in again.err, again.err


def test_nothing_is_left_but_the_entry(tmp_path, regen, words, clock):
    """The next day everything goes again under the same keys; after 23 hours nothing does."""
    with simulated(latency=0.01) as server:
        clock.forward(hours=-22)
        yesterday = utc_now()
        assert regen(*words("one", "run", server, "--max-requests", "60")).code == 5
        clock.forward(hours=22)
        (lost,) = folders(tmp_path / "one")
        for path in (tmp_path / "one", *(tmp_path / "remote").glob("[!bh]*")):
            shutil.rmtree(path)
        (entry,) = (tmp_path / "remote" / "begun").glob("*/*")

        moved_back(entry, 25)
        arrivals = server.arrivals()
        refused = regen(*words("two", "run", server))
        assert (refused.code, server.arrivals()) == (2, arrivals)
        assert f"run {lost.name} with the same inputs was begun by process" in refused.err
        assert (
            "have expired" in refused.err and f"regen recover {lost.name}" in refused.err and "--again" in refused.err
        )
        assert regen(*words("two", f"recover {lost.name}", server)).code == 2

        moved_back(entry, 22)
        done = regen(*words("two", "run", server))
        assert done.code == 0, done.err
        assert "same keys" in done.err
        assert folders(tmp_path / "two")[0].name == lost.name
        assert lost.name[:10] == f"{yesterday:%Y-%m-%d}"
        prove(folders(tmp_path / "two")[0], server)


@pytest.mark.parametrize(("point", "code"), [("claimed", 3), ("answered", 0), ("created", 0)])
def test_what_has_no_key_is_looked_for_and_never_sent_again(tmp_path, regen, point, code):
    """The ledger is lost with its machine, and with it whether a file was uploaded: it is found, or is unknown."""
    quick(tmp_path)
    charges(tmp_path / "charges.csv", 30)
    with simulated(job_seconds=0.1) as server:
        words = ["backfill", "RatePlanCharge", str(tmp_path / "charges.csv"), "--base-url", server.url]
        words += ["--config", str(tmp_path / "regen.toml"), "--remote", str(tmp_path / "remote"), "--quiet"]
        assert run([*REGEN, *words, "--runs-dir", str(tmp_path / "one")], point) == -9
        shutil.rmtree(tmp_path / "one")
        done = regen(*words, "--runs-dir", tmp_path / "two")
        assert done.code == code, done.err
        assert "was restored from the copy of" in done.err
        assert len(created(server, "/v1/uno/data-backfill/jobs")) == (code == 0)
        assert {row["regen_state"] for row in table(folders(tmp_path / "two")[0])} <= {"succeeded", "unknown"}
    assert broken(folders(tmp_path / "two")[0]) == {}


def test_a_run_that_was_abandoned_is_so_everywhere(tmp_path, regen, words):
    with simulated() as server:
        assert regen(*words("one", "run", server, "--max-requests", "20")).code == 5
        (folder,) = folders(tmp_path / "one")
        assert regen("abandon", folder.name, "--runs-dir", tmp_path / "one").code == 0
        done = regen(*words("two", "run", server))
        assert (done.code, server.arrivals()) == (2, 20)
        assert f"run {folder.name} was abandoned; add --again" in done.err
        assert regen(*words("two", "run", server, "--again")).code == 0
        assert {path.name for path in folders(tmp_path / "two")} == {folder.name, f"{folder.name}-2"}


def test_an_id_of_another_run_is_not_taken(tmp_path, regen, words):
    """A fixed --run-id, on a machine that does not have the run's folder: with other inputs, and for another tenant."""
    with simulated() as server:
        assert regen(*words("one", "run", server, "--run-id", "weekly")).code == 0
        other = words("two", "run", server, "--run-id", "weekly", "--re-migrate", "--yes")
        done = regen(*other)
        assert (done.code, server.arrivals()) == (2, ROWS)
        assert "run id weekly is used at" in done.err and "choose another --run-id" in done.err.lower()
        shutil.rmtree(tmp_path / "two")
        (tmp_path / "regen.toml").write_text(CONFIG + "tenant_id = 'another'\n")
        done = regen(*words("two", "run", server, "--run-id", "weekly"))
        assert (done.code, server.arrivals()) == (2, ROWS)
        assert "for another tenant" in done.err


def test_two_machines_at_once_and_the_first_ends_in_good_order(tmp_path, regen, words):
    with simulated(latency=0.1) as server:
        first = forks.Popen(
            words("one", "run", server, "--concurrency", "2"),
            env=environment() | {"XDG_STATE_HOME": str(tmp_path / "state")},
            stderr=subprocess.PIPE,
            text=True,
        )
        while server.arrivals() < 10:
            time.sleep(0.05)
        (folder,) = folders(tmp_path / "one")
        done = regen(*words("two", "run", server))
        assert done.code == 0, done.err
        _, errors = first.communicate(timeout=60)
        assert first.returncode == 6, errors
        assert f"run {folder.name} was continued by process" in errors
        prove(folders(tmp_path / "two")[0], server)
        assert RunFolder(folder).sealed
        assert broken(folder).keys() <= {"settled"}

        late = regen(*words("one", f"resume {folder.name}", server))
        assert (late.code, "regen recover" in late.err) == (6, True)
        done = regen(*words("one", f"recover {folder.name}", server))
        assert done.code == 0, done.err
        assert "was moved to" in done.err
        prove(folders(tmp_path / "one")[0], server)
