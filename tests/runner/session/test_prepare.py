"""Which run a command is: across midnights, with other options, beside unfinished runs."""

from __future__ import annotations

from datetime import UTC, datetime

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
