"""The command `regen nightly`."""

from __future__ import annotations

from tests.flows.test_flows import subscriptions
from tests.harness.program import folders, table
from tests.runner.session.test_carryover import last


class TestQuietNights:
    """A list that is a header and nothing else."""

    def test_nothing_at_all(self, tmp_path, regen, simulator):
        (tmp_path / "nightly.csv").write_text("Subscription Name,Subscription Version\n")
        with simulator() as server:
            done = regen("nightly", "nightly.csv", "--base-url", server.url, "--metrics", "m.prom")
            assert (done.code, folders(tmp_path / "runs")) == (0, [])
            assert "the list is empty" in done.out
            assert (tmp_path / "m.prom").exists()

    def test_a_broken_export_is_no_quiet_night(self, tmp_path, regen, simulator):
        """No header, or one that names nothing: refused."""
        with simulator() as server:
            for text in ("", "Nonsense,Columns\n"):
                (tmp_path / "nightly.csv").write_text(text)
                assert regen("nightly", "nightly.csv", "--base-url", server.url).code == 2
            assert regen("nightly", "gone.csv", "--base-url", server.url).code == 2
            assert regen("nightly", "-", "--base-url", server.url).code == 2

    def test_one_empty_list_of_two(self, tmp_path, regen, simulator):
        (tmp_path / "invoices.csv").write_text("invoiceNumber\n")
        manifest = subscriptions(tmp_path / "nightly.csv", 3)
        with simulator() as server:
            assert regen("nightly", manifest, "invoices.csv", "--base-url", server.url).code == 0
            assert server.arrivals() == 3

    def test_an_empty_first_step_keeps_the_numbers_of_the_others(self, tmp_path, regen, simulator):
        """A row that failed in step 2 is tried again in step 2."""
        (tmp_path / "a.csv").write_text("invoiceNumber\n")
        subscriptions(tmp_path / "b.csv", 3, missing=1)
        plan = tmp_path / "nightly.toml"
        steps = "".join(f'[[step]]\ndo = "regenerate"\nmanifests = ["{name}.csv"]\n' for name in "ab")
        plan.write_text(steps)
        with simulator() as server:
            words = ("nightly", plan, "--base-url", server.url)
            assert regen(*words).code == 3
            (tmp_path / "b.csv").write_text("Subscription Name,Subscription Version\nA-NEW,1\n")
            assert regen(*words).code == 3
        rows = table(last(tmp_path))
        assert [(row["regen_step"], row["Subscription Name"]) for row in rows] == [(2, "A-NEW"), (2, "MISSING-S000000")]
