"""Which settings a run of another tenant or profile refuses."""

from __future__ import annotations

import shutil

from runner.ledger import open_read_only
from runner.runs.lock import tenant_held
from tests.flows.test_flows import one, subscriptions


class TestNothingIsTouched:
    """Before everything that can refuse has been checked."""

    def test_missing_credentials(self, tmp_path, regen, simulator, half, monkeypatch):
        with simulator() as server:
            half(server.url)
            config = tmp_path / "regen.toml"
            folder = one(tmp_path / "runs")
            before = {path.name: path.read_bytes() for path in folder.iterdir()}
            monkeypatch.delenv("ZUORA_CLIENT_SECRET")
            assert regen("resume", "last").code == 2
            config.write_text(config.read_text() + "tenant_id = 't'\n")
            assert regen("resume", "last").code == 2
            assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
            assert regen("verify", "last").code == 0

    def test_a_tenant_that_is_held(self, tmp_path, regen, simulator, half):
        with simulator() as server:
            half(server.url)
            folder = one(tmp_path / "runs")
            before = {path.name: path.read_bytes() for path in folder.iterdir()}
            with open_read_only(folder / "ledger.db") as store:
                facts = store.facts()
            with tenant_held(tmp_path / "elsewhere", facts.tenant, facts.host, run="other"):
                held = regen("resume", "last")
            assert (held.code, "run other" in held.err) == (6, True)
            assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_another_machine_needs_a_word(tmp_path, regen, simulator):
    """A run folder that was copied could be resumed twice."""
    manifest = subscriptions(tmp_path / "a.csv", 5)
    with simulator() as server:
        regen("run", manifest, "--base-url", server.url, "--max-requests", 2)
        folder = one(tmp_path / "runs")
        moved = tmp_path / "elsewhere" / folder.name
        moved.parent.mkdir()
        folder.rename(moved)
        refused = regen("resume", moved)
        assert refused.code == 2
        assert "--moved" in refused.err
        assert regen("resume", moved, "--moved").code == 0


def test_a_copied_folder_is_not_gone_on_with(tmp_path, regen, simulator):
    """Neither by `resume` nor by the same command: it could be sent from two places."""
    manifest = subscriptions(tmp_path / "s.csv", 4)
    with simulator() as server:
        base = ("--base-url", server.url)
        assert regen("run", manifest, *base, "--max-requests", 2).code == 5
        shutil.copytree(tmp_path / "runs", tmp_path / "copies")
        for words in (("run", manifest), ("run", manifest, "--again", "--if-unfinished", "resume")):
            refused = regen(*words, *base, "--runs-dir", "copies")
            assert (refused.code, "--moved" in refused.err, server.arrivals()) == (2, True, 2)
        assert regen("resume", one(tmp_path / "copies"), *base, "--runs-dir", "copies", "--moved").code == 0
        assert server.arrivals() == 4
        done = regen("run", manifest, *base, "--runs-dir", "copies")
        assert (done.code, "nothing was sent" in done.out) == (0, True)
