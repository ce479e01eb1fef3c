"""What other runs of the folder mean for a new one."""

from __future__ import annotations

import pytest

from tests.flows.test_flows import subscriptions


class TestTwin:
    """An unfinished run of the same manifests for the same tenant."""

    @pytest.fixture
    def half(self, tmp_path, regen):
        """A run with --re-migrate of 4 subscriptions, half of them sent."""
        manifest = subscriptions(tmp_path / "s.csv", 4)

        def made(url, *more):
            words = ("run", manifest, "--base-url", url, *more)
            assert regen(*words, "--max-requests", 2, "--concurrency", 1).code == 5
            return manifest

        return made

    @pytest.mark.parametrize("mode", [(), ("--only-resend",)])
    def test_another_mode_is_not_resumed(self, tmp_path, regen, simulator, half, mode):
        """--if-unfinished resume: nothing is overwritten by a command that does not say so."""
        with simulator() as server:
            manifest = half(server.url, "--re-migrate")
            refused = regen("run", manifest, "--base-url", server.url, *mode, "--if-unfinished", "resume")
            assert (refused.code, server.arrivals()) == (2, 2)
            assert "was made with other steps" in refused.err
            assert regen("run", manifest, "--base-url", server.url, *mode, "--if-unfinished", "new").code == 0
            assert server.arrivals() == 6

    @pytest.mark.parametrize(
        ("line", "name"),
        [
            ('org_ids = ["B"]', "org ids"),
            ('entity_ids = ["e9"]', "entity ids"),
            ('zuora_version = "2031-01-01"', "zuora version"),
            ('billing_id_field = "documentId"', "billing id field"),
        ],
    )
    def test_other_settings_are_not_resumed(self, tmp_path, regen, simulator, half, line, name):
        with simulator() as server:
            config = '[profile.a]\nbase_url = "{0}"\n[profile.b]\nbase_url = "{0}"\n{1}\n'
            (tmp_path / "regen.toml").write_text(config.format(server.url, line))
            manifest = half(server.url, "--profile", "a")
            words = ("run", manifest, "--profile", "b", "--run-id", "other", "--if-unfinished", "resume")
            refused = regen(*words)
            assert (refused.code, server.arrivals()) == (2, 2)
            assert f"was made with other {name}" in refused.err

    def test_the_same_is_resumed(self, tmp_path, regen, simulator, half, clock):
        with simulator() as server:
            manifest = half(server.url)
            clock.forward(hours=30)
            words = ("run", manifest, "--base-url", server.url)
            assert "--if-unfinished new|resume" in regen(*words).err
            assert regen(*words, "--if-unfinished", "resume").code == 0
            assert server.arrivals() == 4


class TestObjectsInDoubt:
    """Another manifest over objects that an unfinished run may be at work on."""

    def test_they_are_named_and_nothing_is_sent(self, tmp_path, regen, simulator):
        """Looked up by object: the files have nothing in common, nor do their other columns."""
        first = subscriptions(tmp_path / "a.csv", 6)
        other = tmp_path / "b.csv"
        other.write_text("subscriptionVersion,subscriptionName\n1,A-S000099\n1,A-S000000\n7,A-S000001\n")
        with simulator(faults={"drop-before": 1.0}) as server:
            words = ("run", first, "--base-url", server.url, "--run-id", "first")
            assert regen(*words, "--max-requests", 3, "--concurrency", 1).code in (4, 5)
            sent = server.arrivals()
            refused = regen("run", other, "--base-url", server.url)
            assert (refused.code, server.arrivals()) == (2, sent)
            assert "run first is unfinished and may have regenerated" in refused.err
            assert "Subscription A-S000000" in refused.err
            assert "A-S000099" not in refused.err

    def test_objects_that_are_settled_or_were_never_sent_are_free(self, tmp_path, regen, simulator):
        with simulator() as server:
            base = ("--base-url", server.url)
            assert regen("run", subscriptions(tmp_path / "a.csv", 6), *base, "--max-requests", 3).code == 5
            assert regen("run", subscriptions(tmp_path / "b.csv", 5), *base).code == 0
            assert server.arrivals() == 8

    def test_it_can_be_meant(self, tmp_path, regen, simulator):
        with simulator(faults={"drop-before": 1.0}) as server:
            base = ("--base-url", server.url, "--concurrency", 1, "--max-requests", 3)
            assert regen("run", subscriptions(tmp_path / "a.csv", 6), *base).code in (4, 5)
            done = regen("run", subscriptions(tmp_path / "b.csv", 5), *base, "--if-unfinished", "new")
            assert done.code != 2
