"""Rows that are sent again keep their mode, unless somebody says another."""

from __future__ import annotations

import json
import shutil

import pytest

from runner.domain.errors import Refused
from runner.domain.steps import Regenerate
from runner.plan.modes import mode_of, resolved
from tests.flows.test_flows import one, subscriptions
from tests.harness.program import folders
from tests.runner.session.test_carryover import last


def step(**options):
    return Regenerate(manifests=("m.csv",), **options)


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ({}, "default"),
        ({"mode": "default"}, "default"),
        ({"mode": "re-migrate"}, "re-migrate"),
        ({"mode": "only-resend"}, "only-resend"),
        ({"re_migrate": True}, "re-migrate"),
        ({"re_migrate": True, "mode": "re-migrate"}, "re-migrate"),
        ({"only_resend": True}, "only-resend"),
    ],
)
def test_the_mode_of_a_step(options, mode):
    assert mode_of(resolved(step(**options))) == mode


@pytest.mark.parametrize(
    "options",
    [
        {"only_resend": True, "re_migrate": True},
        {"only_resend": True, "mode": "default"},
        {"re_migrate": True, "mode": "only-resend"},
    ],
)
def test_two_modes_exclude_each_other(options):
    with pytest.raises(Refused, match="exclude each other"):
        resolved(step(**options))


@pytest.fixture
def failed(tmp_path, regen):
    """errors.csv of a run in a mode, two rows of which failed; a copy, as a person would edit it."""

    def made(url, *mode):
        regen("run", subscriptions(tmp_path / "s.csv", 4, missing=2), "--base-url", url, *mode)
        source = one(tmp_path / "runs")
        shutil.copy(source / "errors.csv", tmp_path / "fixed.csv")
        return source.name

    return made


class TestRowsSentBefore:
    """`regen run errors.csv`, and rows that a night carries over."""

    @pytest.mark.parametrize("mode", ["re-migrate", "only-resend"])
    def test_another_mode_is_refused_with_the_option_that_repeats_it(self, tmp_path, regen, simulator, failed, mode):
        with simulator() as server:
            run = failed(server.url, f"--{mode}")
            refused = regen("run", "fixed.csv", "--base-url", server.url, "--skip-rejected")
            assert (refused.code, server.arrivals()) == (2, 4)
            assert f"2 rows of run {run}: {mode}" in refused.err
            assert f"--mode {mode}" in refused.err
            done = regen("run", "fixed.csv", "--base-url", server.url, "--mode", mode, "--json")
            assert (done.code, done.document["parent"]) == (3, run)
            assert done.document["steps"][0][mode.replace("-", "_")] is True
            assert server.arrivals() == 6

    @pytest.mark.parametrize("words", [("--mode", "default"), ("--only-resend",), ("--mode", "only-resend")])
    def test_saying_a_mode_is_consent(self, tmp_path, regen, simulator, failed, words):
        with simulator() as server:
            failed(server.url, "--re-migrate")
            assert regen("run", "fixed.csv", "--base-url", server.url, *words).code == 3
            assert server.arrivals() == 6

    @pytest.mark.parametrize("words", [(), ("--mode", "default"), ("--re-migrate",)])
    def test_rows_of_the_default_mode_are_free(self, tmp_path, regen, simulator, failed, words):
        with simulator() as server:
            failed(server.url)
            assert regen("run", "fixed.csv", "--base-url", server.url, *words).code == 3

    def test_a_mode_is_no_other_run(self, tmp_path, regen, simulator):
        """`--mode re-migrate` and `--re-migrate` are the same command; so is no mode and the default one."""
        manifest = subscriptions(tmp_path / "s.csv", 2)
        with simulator() as server:
            base = ("run", manifest, "--base-url", server.url)
            for words in (("--re-migrate",), ("--mode", "re-migrate")):
                assert regen(*base, *words).code == 0
            assert server.arrivals() == 2
            for words in ((), ("--mode", "default")):
                assert regen(*base, *words).code == 0
            assert server.arrivals() == 4
        assert len(folders(tmp_path / "runs")) == 2

    def test_carried_over_in_another_mode(self, tmp_path, regen, simulator):
        """Last night overwrote, tonight does not say so: refused."""
        manifest = subscriptions(tmp_path / "nightly.csv", 3, missing=1)
        with simulator() as server:
            assert regen("nightly", manifest, "--base-url", server.url, "--re-migrate").code == 3
            manifest.write_text("Subscription Name,Subscription Version\nA-9,1\n")
            refused = regen("nightly", manifest, "--base-url", server.url)
            assert (refused.code, "--mode re-migrate" in refused.err) == (2, True)
            first = last(tmp_path).name
            assert regen("nightly", manifest, "--base-url", server.url, "--re-migrate").code == 3
            document = json.loads((last(tmp_path) / "run.json").read_text())
            assert document["parent"] == first

    def test_in_a_plan_file(self, tmp_path, regen, simulator, failed):
        plan = tmp_path / "p.toml"
        with simulator() as server:
            failed(server.url, "--re-migrate")
            text = '[[step]]\ndo = "regenerate"\nmanifests = ["fixed.csv"]\n'
            plan.write_text(text)
            assert regen("run", plan, "--base-url", server.url).code == 2
            plan.write_text(text + 'mode = "default"\nre_migrate = true\n')
            assert "give one of them" in regen("run", plan, "--base-url", server.url).err
            plan.write_text(text + 'mode = "re-migrate"\n')
            done = regen("run", plan, "--base-url", server.url, "--json")
            assert (done.code, done.document["steps"][0]["re_migrate"]) == (3, True)
