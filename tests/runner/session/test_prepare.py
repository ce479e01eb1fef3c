"""Which run a command is: across midnights, with other options, beside unfinished runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.flows.test_flows import one, subscriptions
from tests.harness.program import folders

BEFORE_MIDNIGHT = datetime(2027, 3, 4, 23, 50, tzinfo=UTC).timestamp()


class TestSameCommand:
    """The same command within 20 hours of the run's start is the same run."""

    def test_over_midnight_in_utc(self, tmp_path, regen, simulator, clock):
        """16:00 in California: what was sent before is not sent again after it."""
        manifest = subscriptions(tmp_path / "s.csv", 6)
        clock.at(BEFORE_MIDNIGHT)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url)
            assert regen(*words, "--max-requests", 4).code == 5
            clock.forward(minutes=20)
            assert regen(*words).code == 0
            assert one(tmp_path / "runs").name.startswith("2027-03-04-")
            clock.forward(hours=19)
            done = regen(*words)
            assert (done.code, server.arrivals()) == (0, 6)
            assert "nothing was sent" in done.out

    def test_after_twenty_hours_it_is_a_new_run(self, tmp_path, regen, simulator, clock):
        """Also on the same date, where the id is taken."""
        manifest = subscriptions(tmp_path / "s.csv", 2)
        clock.at(datetime(2027, 3, 4, 0, 5, tzinfo=UTC).timestamp())
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url)
            assert regen(*words).code == 0
            clock.forward(hours=20.5)
            assert regen(*words).code == 0
            assert server.arrivals() == 4
        names = [path.name for path in folders(tmp_path / "runs")]
        assert names[1] == f"{names[0]}-2"

    def test_the_last_one_counts(self, tmp_path, regen, simulator, clock):
        """After --again, the same command without it goes on with the new run."""
        manifest = subscriptions(tmp_path / "s.csv", 5)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url)
            assert regen(*words).code == 0
            clock.forward(minutes=10)
            assert regen(*words, "--again", "--max-requests", 2).code == 5
            assert regen(*words).code == 0
            assert server.arrivals() == 10
        assert len(folders(tmp_path / "runs")) == 2

    def test_a_fixed_id_that_is_over(self, tmp_path, regen, simulator, clock):
        """Reported for 20 hours, then refused: it would send nothing for ever."""
        manifest = subscriptions(tmp_path / "s.csv", 1)
        clock.at(BEFORE_MIDNIGHT)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, "--run-id", "nightly")
            assert regen(*words).code == 0
            clock.forward(hours=19)
            assert regen(*words).code == 0
            clock.forward(hours=2)
            refused = regen(*words)
            assert (refused.code, server.arrivals()) == (2, 1)
            assert "would send nothing for ever" in refused.err
            assert regen(*words, "--again").code == 0
            assert server.arrivals() == 2

    def test_a_fixed_id_that_is_unfinished_goes_on_at_any_age(self, tmp_path, regen, simulator, clock):
        manifest = subscriptions(tmp_path / "s.csv", 4)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, "--run-id", "nightly")
            assert regen(*words, "--max-requests", 2).code == 5
            clock.forward(hours=60)
            assert regen(*words).code == 0
            assert server.arrivals() == 4


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
