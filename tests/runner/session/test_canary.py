"""`--canary N`: the first N rows of every operation and type must succeed before anything else is sent."""

from __future__ import annotations

import json

from tests.flows.test_flows import one, subscriptions
from tests.harness.program import table


def states(tmp_path):
    return [row["regen_state"] for row in table(one(tmp_path / "runs"))]


class TestCanary:
    """What belongs to it, and what happens when it fails."""

    def test_every_type_has_its_own(self, tmp_path, regen, simulator):
        """A bad type far down in the manifest is found before anything else is sent."""
        names = [("Invoice", "" if n < 300 else "MISSING-") for n in range(301)]
        rows = [f"Subscription,A-S{n},1,\n" for n in range(300)]
        rows += [
            f"{type_},,,{'MISSING-' if type_ == 'Invoice' else ''}{n}\n" for n, (type_, _) in enumerate(names[:20])
        ]
        rows += ["CreditMemo,,,CM1\n"]
        manifest = tmp_path / "mixed.csv"
        manifest.write_text("type,subscriptionName,subscriptionVersion,number\n" + "".join(rows))
        with simulator() as server:
            done = regen("run", manifest, "--base-url", server.url, "--canary", 2)
            assert (done.code, server.arrivals() <= 5) == (4, True)
            assert "the canary did not pass" in done.err
        assert states(tmp_path).count("pending") >= 316

    def test_it_passes(self, tmp_path, regen, simulator):
        manifest = tmp_path / "mixed.csv"
        rows = [*(f"Subscription,A-S{n},1,\n" for n in range(20)), *(f"Invoice,,,{n}\n" for n in range(20))]
        manifest.write_text("type,subscriptionName,subscriptionVersion,number\n" + "".join(rows))
        with simulator() as server:
            done = regen("run", manifest, "--base-url", server.url, "--canary", 3)
            assert (done.code, server.arrivals()) == (0, 40)
        assert "Canary passed (6 of 6). Sending the remaining 34." in done.err

    def test_rows_of_one_object_are_rows(self, tmp_path, regen, simulator):
        """The first three rows name one subscription; a bad third one stops the run."""
        manifest = tmp_path / "one.csv"
        rows = "A-S1,1\nA-S1,2\nMISSING-1,1\nA-S2,1\nA-S3,1\n"
        manifest.write_text("subscriptionName,subscriptionVersion\n" + rows)
        with simulator() as server:
            assert regen("run", manifest, "--base-url", server.url, "--canary", 3, "--concurrency", 1).code == 4
        assert states(tmp_path)[2:] == ["failed", "pending", "pending"]

    def test_a_manifest_smaller_than_the_canary(self, tmp_path, regen, simulator):
        with simulator() as server:
            done = regen("run", subscriptions(tmp_path / "s.csv", 3), "--base-url", server.url, "--canary", 10)
            assert (done.code, server.arrivals()) == (0, 3)

    def test_a_resume_applies_it_again(self, tmp_path, regen, simulator):
        """After a failed canary, and after one that was cut off: nothing but the next N is sent before they succeed."""
        manifest = subscriptions(tmp_path / "s.csv", 30, missing=3)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, "--canary", 2, "--concurrency", 1)
            assert regen(*words).code == 4
            document = json.loads((one(tmp_path / "runs") / "run.json").read_text())
            assert (document["needs_person"], document["canary_pending"]) == (True, {"step": 1, "requests": 2})
            sent = server.arrivals()
            assert regen("resume", "last").code == 4
            assert server.arrivals() <= sent + 2
            assert regen("resume", "last", "--max-requests", 1).code in (4, 5)
            while regen("resume", "last").code == 4:
                assert server.arrivals() <= 5
            assert states(tmp_path).count("succeeded") == 27
        document = json.loads((one(tmp_path / "runs") / "run.json").read_text())
        assert (document["needs_person"], document["canary_pending"]) == (False, None)
