"""Night after night: failed rows carried over until they pass or are given up, and old runs pruned."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from msgspec.structs import replace

from runner.domain.run_status import RunStatus
from runner.ledger import open_read_only, open_writable
from runner.runs.folder import RunFolder
from runner.runs.run_json import document_of
from tests.flows.test_flows import subscriptions
from tests.harness.ledgers import with_facts
from tests.harness.program import folders, table


def last(tmp_path):
    """The run that was begun last."""
    return max(folders(tmp_path / "runs"), key=lambda path: json.loads((path / "run.json").read_text())["planned_at"])


def night_passes(tmp_path, days: float = 1) -> None:
    """Every run gets a day older."""
    for path in folders(tmp_path / "runs"):
        with open_read_only(path / "ledger.db") as store:
            facts = store.facts()
        names = [name for name in ("planned_at", "started_at", "ended_at") if getattr(facts, name)]
        with_facts(path, **{name: earlier(getattr(facts, name), days) for name in names})


def earlier(text: str, days: float) -> str:
    return (datetime.fromisoformat(text) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def keys(tmp_path):
    return [row["Subscription Name"] for row in table(last(tmp_path))]


NIGHTLY = ("--retry-failed-from", "last", "--give-up-after", "3")


class TestCarryOver:
    """`--retry-failed-from last`."""

    def test_failed_rows_come_again_until_they_pass(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "nightly.csv", 4, missing=2)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, *NIGHTLY)
            assert regen(*words).code == 3
            night_passes(tmp_path)
            manifest.write_text("Subscription Name,Subscription Version,Note\nA-S9,1,new\n")
            done = regen(*words, "--json")
            assert done.code == 3
            assert keys(tmp_path) == ["A-S9", "MISSING-S000000", "MISSING-S000001"]
            assert done.document["carried"]["rows"] == 2
            assert done.document["counts"]["succeeded"] == 1
            night_passes(tmp_path)
            manifest.write_text("Subscription Name,Subscription Version,Note\nA-S10,1,new\n")
        with simulator(missing_prefix="NOTHING") as server_that_knows:
            # the same tenant by name: the runs belong to a host, so the new one takes its place
            for path in folders(tmp_path / "runs"):
                rehost(path, server_that_knows.url)
            passed = regen("run", manifest, "--base-url", server_that_knows.url, *NIGHTLY)
            assert passed.code == 0
            assert keys(tmp_path) == ["A-S10", "MISSING-S000000", "MISSING-S000001"]
            night_passes(tmp_path)
            manifest.write_text("Subscription Name,Subscription Version,Note\nA-S11,1,new\n")
            assert regen("run", manifest, "--base-url", server_that_knows.url, *NIGHTLY).code == 0
            assert keys(tmp_path) == ["A-S11"], "they have passed"

    def test_given_up_after_so_many_nights(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "nightly.csv", 2, missing=1)
        with simulator() as server:
            seen = []
            for night in range(5):
                done = regen("run", manifest, "--base-url", server.url, *NIGHTLY)
                seen.append((done.code, len(keys(tmp_path)), "given up" in done.err))
                night_passes(tmp_path)
                manifest.write_text(f"Subscription Name,Subscription Version,Note\nA-N{night},1,x\n")
        assert seen == [(3, 2, False), (3, 2, False), (3, 2, False), (0, 1, True), (0, 1, False)]

    def test_the_same_command_again_is_the_same_run(self, tmp_path, regen, simulator):
        """Interrupted and begun again, on its day and later: nothing is sent twice."""
        manifest = subscriptions(tmp_path / "nightly.csv", 6, missing=2)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, *NIGHTLY)
            assert regen(*words).code == 3
            night_passes(tmp_path)
            manifest.write_text("Subscription Name,Subscription Version,Note\nA-S9,1,x\nA-S10,1,x\n")
            assert regen(*words, "--max-requests", 2).code == 5
            run = last(tmp_path)
            before = server.arrivals()
            assert regen(*words).code == 3
            assert (last(tmp_path), server.arrivals()) == (run, before + 2)
            done = regen(*words)
            assert (done.code, server.arrivals()) == (3, before + 2)
            assert "nothing was sent" in done.out

    def test_the_first_night_has_no_last_run(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "nightly.csv", 2)
        with simulator() as server:
            assert regen("run", manifest, "--base-url", server.url, *NIGHTLY).code == 0

    def test_what_only_the_last_run_may_send_is_named(self, tmp_path, regen, simulator):
        """Its pending rows are not taken over: they go on under their own keys."""
        manifest = subscriptions(tmp_path / "nightly.csv", 4)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, *NIGHTLY)
            assert regen(*words, "--max-requests", 3).code == 5
            first = last(tmp_path).name
            night_passes(tmp_path)
            subscriptions(manifest, 1)
            done = regen(*words)
            assert f"has rows left (1 pending), and they are not carried over: regen resume {first}" in done.err
            assert (done.code, len(keys(tmp_path))) == (0, 1)
            assert regen("runs", "--unfinished").out == f"{first}\n"
            assert regen("resume", first).code == 0
            assert regen("runs", "--unfinished").out == ""
            assert regen("runs", "--unfinished", "--json").document == []

    def test_another_name_is_another_chain(self, tmp_path, regen, simulator):
        with simulator() as server:
            base = ("--base-url", server.url)
            regen("run", subscriptions(tmp_path / "a.csv", 2, missing=1), *base)
            done = regen("run", subscriptions(tmp_path / "b.csv", 3), *base, *NIGHTLY, "--json")
            assert done.document["counts"]["rows"] == 3
            named = one_named(tmp_path, "-a-")
            regen("run", subscriptions(tmp_path / "c.csv", 3), *base, "--retry-failed-from", named)
            assert keys(tmp_path)[-1] == "MISSING-S000000"

    def test_a_night_that_was_killed_counts(self, tmp_path, regen, simulator):
        """Its run.json is of its begin; its ledger knows what failed and what is left."""
        manifest = subscriptions(tmp_path / "nightly.csv", 4, missing=1)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, *NIGHTLY)
            assert regen(*words, "--max-requests", 3, "--concurrency", 1).code == 5
            killed(last(tmp_path))
            first = last(tmp_path).name
            assert "4 rows: 1 pending, 2 succeeded, 1 failed" in regen("runs").out
            night_passes(tmp_path)
            subscriptions(manifest, 1)
            done = regen(*words, "--json")
            assert done.document["carried"] == {"from": first, "rows": 1, "given_up": 0}
            assert f"run {first} has rows left (1 pending)" in done.err

    def test_an_abandoned_night_leaves_its_rows_with_a_word(self, tmp_path, regen, simulator):
        manifest = subscriptions(tmp_path / "nightly.csv", 4)
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, *NIGHTLY)
            assert regen(*words, "--max-requests", 3).code == 5
            assert regen("abandon", last(tmp_path).name).code == 0
            night_passes(tmp_path)
            subscriptions(manifest, 1)
            assert "was abandoned with rows left (1 pending)" in regen(*words).err

    def test_what_fails_in_a_step_of_another_kind_is_named(self, tmp_path, regen, simulator):
        """Tonight's plan has a step in front: no row goes missing without a word."""
        manifest, plan = subscriptions(tmp_path / "s.csv", 3, missing=2), tmp_path / "nightly.toml"
        step = f'[[step]]\ndo = "regenerate"\nmanifests = ["{manifest.name}"]\n'
        with simulator() as server:
            words = ("run", plan, "--base-url", server.url, *NIGHTLY)
            plan.write_text(step)
            assert regen(*words).code == 3
            night_passes(tmp_path)
            plan.write_text('[[step]]\ndo = "booking-dates"\n' + step)
            done = regen("plan", *words[1:])
            assert "2 rows of run" in done.err
            assert "not carried over" in done.err

    def test_requests_about_one_object_are_given_up_one_by_one(self, tmp_path, regen, simulator):
        """That one has failed three times is no reason to give up another."""
        manifest = tmp_path / "nightly.csv"
        head = "originalChargeId,chargeSegmentNumber\n"
        with simulator() as server:
            words = ("run", manifest, "--base-url", server.url, *NIGHTLY)
            for night in range(3):
                manifest.write_text(head + "MISSING-1,1\n" + ("MISSING-1,2\n" if night == 2 else f"C-{night},1\n"))
                assert regen(*words).code == 3
                night_passes(tmp_path)
            manifest.write_text(head + "C-9,1\n")
            done = regen(*words, "--json")
            assert done.document["carried"]["rows"] == 1
            assert [row["chargeSegmentNumber"] for row in table(last(tmp_path))] == ["1", "2"]

    def test_a_run_elsewhere_is_not_taken_for_none(self, tmp_path, regen, simulator):
        """Named by its folder in another runs folder; one whose folder was renamed is found."""
        manifest = subscriptions(tmp_path / "nightly.csv", 2, missing=1)
        with simulator() as server:
            base = ("--base-url", server.url)
            assert regen("run", manifest, *base, "--runs-dir", "other").code == 3
            (there,) = folders(tmp_path / "other")
            refused = regen("plan", manifest, *base, "--retry-failed-from", there)
            assert (refused.code, "not in runs" in refused.err) == (2, True)
            assert regen("run", manifest, *base).code == 3
            last(tmp_path).rename(tmp_path / "runs/renamed")
            subscriptions(manifest, 1)
            done = regen("run", manifest, *base, *NIGHTLY, "--json")
            assert done.document["carried"]["rows"] == 1

    def test_words_that_cannot_be(self, tmp_path, regen):
        manifest = subscriptions(tmp_path / "a.csv", 1)
        base = ("--base-url", "http://127.0.0.1:1")
        assert "give both" in regen("plan", manifest, *base, "--give-up-after", 2).err
        assert "read once only" in regen("plan", "-", *base, *NIGHTLY).err
        assert "there is no run" in regen("plan", manifest, *base, "--retry-failed-from", "nope").err


def killed(path) -> None:
    """A run is left as SIGKILL leaves it: running, its run.json of its begin."""
    with open_writable(path / "ledger.db") as store:
        store.set_facts(status=RunStatus.RUNNING, ended_at=None, exit_code=None)
        document = document_of(store)
        store.settle_down()
    pending = document.counts["rows"]
    begun = dict.fromkeys(document.counts, 0) | {"rows": pending, "pending": pending}
    document = replace(document, counts=begun, first_claimed_at=None, last_answered_at=None)
    (path / "run.json").write_text(json.dumps(document.as_json()))
    RunFolder(path).unseal()


def one_named(tmp_path, part):
    return next(path.name for path in folders(tmp_path / "runs") if part in path.name)


def rehost(path, url):
    """Another simulator is the same tenant here."""
    with_facts(path, host=url.removeprefix("http://"))
