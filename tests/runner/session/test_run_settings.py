"""A resumed run is held to its inputs: where it sends, and as whom."""

from __future__ import annotations

import json

import pytest

from runner.ledger import open_read_only
from runner.runs.lock import tenant_held
from runner.zuora import client
from tests.flows.test_flows import one, subscriptions

PROFILE = '[profile.p]\nbase_url = "{url}"\nentity_ids = ["e1"]\norg_ids = ["A"]\nzuora_version = "2029-01-01"\n'


@pytest.fixture
def half(tmp_path, regen):
    """A run under profile `p` of 4 rows, 2 of them sent."""

    def made(url):
        (tmp_path / "regen.toml").write_text(PROFILE.format(url=url))
        manifest = subscriptions(tmp_path / "s.csv", 4)
        assert regen("run", manifest, "--profile", "p", "--max-requests", 2).code == 5

    return made


class TestResume:
    """Under a profile that has changed since."""

    @pytest.mark.parametrize(
        ("line", "other", "values"),
        [
            ('entity_ids = ["e1"]', 'entity_ids = ["e2"]', "entity_ids e1, now e2"),
            ('entity_ids = ["e1"]\n', "", "entity_ids e1, now none"),
            ('org_ids = ["A"]', 'org_ids = ["A", "B"]', "org_ids A, now A, B"),
            ('"2029-01-01"', '"2030-01-01"', "zuora_version 2029-01-01, now 2030-01-01"),
            ("zuora_version", 'billing_id_field = "documentId"\nzuora_version', "billing_id_field id, now documentId"),
        ],
    )
    @pytest.mark.parametrize("word", ["resume", "run"])
    def test_a_changed_profile_is_refused_with_both_values(
        self, tmp_path, regen, simulator, half, line, other, values, word
    ):
        with simulator() as server:
            half(server.url)
            folder = one(tmp_path / "runs")
            before = {path.name: path.read_bytes() for path in folder.iterdir()}
            config = tmp_path / "regen.toml"
            config.write_text(config.read_text().replace(line, other))
            words = (
                ("resume", "last") if word == "resume" else ("run", "s.csv", "--profile", "p", "--run-id", folder.name)
            )
            refused = regen(*words)
            assert (refused.code, server.arrivals()) == (2, 2)
            if word == "resume":
                assert values in refused.err
            assert before == {path.name: path.read_bytes() for path in folder.iterdir()}, "nothing was touched"

    def test_another_path_on_the_same_host(self, tmp_path, regen, simulator, half):
        with simulator() as server:
            half(server.url)
            refused = regen("resume", "last", "--base-url", server.url + "/proxy")
            assert (refused.code, "/proxy" in refused.err, server.arrivals()) == (2, True, 2)

    @pytest.mark.parametrize("config", [True, False])
    def test_a_base_url_keeps_the_entity(self, tmp_path, regen, simulator, half, config, monkeypatch):
        """`--base-url` names the endpoint, not another tenant: the headers come from the ledger, with or without
        regen.toml."""
        wires = []
        connected = client.connected
        monkeypatch.setattr(client, "connected", lambda wire: (wires.append(wire), connected(wire))[1])
        with simulator() as server:
            half(server.url)
            if not config:
                (tmp_path / "regen.toml").unlink()
            assert regen("resume", "last", "--base-url", server.url).code == 0
        for wire in wires:
            assert (wire.entity_ids, wire.org_ids, wire.zuora_version) == (("e1",), ("A",), "2029-01-01")
        assert len(wires) == 2


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


class TestStarts:
    """Every start is recorded with the options that decide what is sent."""

    def test_command_line_and_options(self, tmp_path, regen, simulator):
        with simulator() as server:
            words = ("run", subscriptions(tmp_path / "s.csv", 5), "--base-url", server.url, "--max-requests", 2)
            assert regen(*words, "--canary", 1, "--notify", "https://hooks.test/secret-T0").code == 5
            assert regen("resume", "last", "--resend-unknown", "--max-failures", "5%").code == 0
        first, second = json.loads((one(tmp_path / "runs") / "run.json").read_text())["starts"]
        assert first["command"][:2] == ["regen", "run"]
        assert "secret-T0" not in json.dumps(first)
        assert (first["options"]["canary"], first["options"]["max_requests"]) == (1, 2)
        assert (second["options"]["resend_unknown"], second["options"]["max_failures"]) == (True, "5%")
        assert first["host"] and first["version"] and first["production"] is None
