"""A resumed run is held to its inputs: where it sends, and as whom."""

from __future__ import annotations

from typing import ClassVar

import pytest

from runner.config.settings import Flags
from runner.domain.errors import Refused
from runner.ledger import open_read_only
from runner.session.run_settings import settings_of_run
from runner.zuora import client
from tests.flows.test_flows import one, subscriptions


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

    @pytest.mark.parametrize("other", ["/proxy", "http://127.0.0.1:9"])
    def test_a_profile_that_points_elsewhere_now(self, tmp_path, regen, simulator, half, other):
        """It is the profile's URL that the run was made with: the profile's new one is a difference like any other."""
        with simulator() as server:
            half(server.url)
            config = tmp_path / "regen.toml"
            url = other if "://" in other else server.url + other
            config.write_text(config.read_text().replace(server.url, url))
            refused = regen("resume", "last")
            assert (refused.code, server.arrivals()) == (2, 2)
            assert f"base URL {server.url}, now {url}" in refused.err

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


FULL = """[profile.p]
base_url = "{url}"
tenant = "none"
rate = 500.0
concurrency = 9
quota_share = 0.5
on_finish = "true"
metrics = "profile.prom"
client_id = "i"
client_secret = "stored-hush"
tenant_id = "t"
"""


class TestTheRunsOwnProfile:
    """Nobody typed it: a variable that differs from it outranks it, as it outranks a default profile."""

    VARIABLES: ClassVar = {
        "ZUORA_BASE_URL": "https://rest.zuora.com",
        "REGEN_PROFILE": "other",
        "REGEN_TENANT": "central-sandbox",
        "REGEN_RATE": "400",
        "REGEN_CONCURRENCY": "3",
        "REGEN_QUOTA_SHARE": "0.9",
        "REGEN_METRICS": "variable.prom",
        "REGEN_ON_FINISH": "false",
        "REGEN_NOTIFY": "https://127.0.0.1:1/x",
    }

    @pytest.fixture
    def facts(self, tmp_path, regen, simulator):
        with simulator() as server:
            config = tmp_path / "regen.toml"
            config.write_text(FULL.format(url=server.url) + '[profile.other]\nbase_url = "https://rest.eu.zuora.com"\n')
            config.chmod(0o600)
            words = ("run", subscriptions(tmp_path / "s.csv", 4), "--profile", "p", "--max-requests", 2)
            with pytest.MonkeyPatch.context() as patch:
                patch.delenv("ZUORA_CLIENT_ID")
                patch.delenv("ZUORA_CLIENT_SECRET")
                assert regen(*words).code == 5
            with open_read_only(one(tmp_path / "runs") / "ledger.db") as store:
                yield store.facts()

    def test_no_variable_contradicts_it(self, facts, monkeypatch):
        for variable, value in self.VARIABLES.items():
            with monkeypatch.context() as patch:
                patch.setenv(variable, value)
                _, settings = settings_of_run(Flags(), facts)
                assert (settings.profile_name, settings.base_url) == ("p", facts.base_url), variable
                assert settings.sources["profile"] == "the run"
                assert settings.credentials().client_id == "test-id", "the environment's, as under a default profile"
        monkeypatch.setenv("REGEN_RATE", "400")
        assert settings_of_run(Flags(), facts)[1].rate == 400
        assert settings_of_run(Flags(rate=7), facts)[1].rate == 7

    def test_a_typed_profile_still_is_contradicted(self, facts, monkeypatch):
        monkeypatch.setenv("REGEN_RATE", "400")
        with pytest.raises(Refused, match="REGEN_RATE and rate of --profile p differ"):
            settings_of_run(Flags(profile="p"), facts)
        monkeypatch.delenv("REGEN_RATE")
        with pytest.raises(Refused, match="differ from client_id and client_secret of --profile p"):
            settings_of_run(Flags(profile="p"), facts)[1].credentials()
