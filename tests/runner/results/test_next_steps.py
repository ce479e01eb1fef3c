"""What a person is told to type, and when it can work."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from runner.domain.run_status import RunStatus
from runner.results.next_steps import commands_of, unknown_commands
from runner.runs.run_json import ManifestDocument, RunDocument, StepDocument
from tests.harness.journeys import quick

MANIFEST = ManifestDocument(path="a.csv", sha256="", bytes=0, rows=1)
CLAIMED = datetime.fromisoformat("2026-11-21T08:20:00+00:00")
DOCUMENT = RunDocument(
    run="r",
    status=RunStatus.FINISHED,
    steps=(StepDocument(number=1, do="regenerate", counts={"unknown": 2}),),
    first_claimed_at=CLAIMED.isoformat(),
)


@pytest.mark.parametrize(("hours", "safe"), [(1, True), (22.9, True), (23.1, False), (300, False)])
def test_unknown_rows_under_a_key_that_has_expired(hours, safe):
    """`resume` alone would report them unknown again, for ever: the tenant is asked first."""
    typed = unknown_commands(DOCUMENT, "r", [1], CLAIMED + timedelta(hours=hours))
    if safe:
        assert [command.split("   #")[0] for command in typed] == ["regen resume r"]
    else:
        assert [command.split("   #")[0] for command in typed] == [
            "regen reconcile r --query",
            "regen resume r --resend-unknown",
        ]


class TestCommands:
    """What is printed can be typed, and sends the rows as they were sent before."""

    def typed(self, output: str) -> list[str]:
        """The commands of a summary that write a manifest of errors, and those that send it."""
        return re.findall(r"(?m)^    (regen results [^#]*?)  +#.*, then: (.*) PATH$", output)

    def test_a_step_that_re_migrates_does_so_again(self, tmp_path, regen, simulator):
        (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nMISSING-1,1\n")
        with simulator() as server:
            (tmp_path / "regen.toml").write_text(f"[profile.sandbox]\nbase_url = '{server.url}'\n")
            assert regen("run", "s.csv", "--re-migrate", "--profile", "sandbox", "--run-id", "it").code == 3
            output = regen("show", "it").out
        again = f"regen run --re-migrate --profile sandbox --base-url {server.url}"
        assert self.typed(output) == [("regen results it --category data", again)]
        assert f"cp runs/it/errors.csv fixed.csv, then: {again} fixed.csv" in output

    def test_another_tenant_than_the_profiles(self, tmp_path, regen, simulator):
        """What was rehearsed beside a profile is not sent to the tenant of that profile."""
        (tmp_path / "s.csv").write_text("invoiceNumber\nMISSING-1\n")
        (tmp_path / "regen.toml").write_text(
            "default_profile = 'sandbox'\n[profile.sandbox]\nbase_url = 'us-sandbox'\n"
        )
        with simulator() as server:
            output = regen("run", "s.csv", "--base-url", server.url).out
        assert [again for _, again in self.typed(output)] == [f"regen run --profile sandbox --base-url {server.url}"]

    def test_steps_of_a_plan_are_sent_again_each_in_its_way(self, tmp_path, regen, simulator):
        """The printed commands, typed one after another: every fixed row gets through."""
        quick(tmp_path)
        (tmp_path / "c.csv").write_text("ID,Revenue Recognition Rule\nr1,x\nBAD2,y\n")
        (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nMISSING-2,1\n")
        (tmp_path / "i.csv").write_text("invoiceNumber\nMISSING-3\n")
        on = 'on_failure = "continue"\n'
        (tmp_path / "p.toml").write_text(
            f'[[step]]\ndo = "backfill"\ntype = "RatePlanCharge"\nfile = "c.csv"\nzip = true\n{on}'
            f'[[step]]\ndo = "regenerate"\nmanifests = ["s.csv"]\nre_migrate = true\n{on}'
            f'[[step]]\ndo = "booking-dates"\n{on}'
            '[[step]]\ndo = "regenerate"\nmanifests = ["i.csv"]\nonly_resend = true\n'
        )
        with simulator(job_seconds=0.05) as server:
            assert regen("run", "p.toml", "--base-url", server.url, "--run-id", "it").code == 3
            typed = self.typed(regen("show", "it").out)
            assert [
                (results[-8:], again.removesuffix(f" --profile quick --base-url {server.url}"))
                for results, again in typed
            ] == [
                ("--step 1", "regen backfill RatePlanCharge --zip"),
                ("--step 2", "regen run --re-migrate"),
                ("--step 4", "regen run --only-resend"),
            ]
            for results, again in typed:
                path = Path(regen(*results.split()[1:]).out.strip())
                path.write_text(path.read_text().replace("BAD", "r").replace("MISSING", "A"))
                assert regen(*again.split()[1:], path).code == 0
            queries = sorted(one["query"].popitem()[0] for one in server.regenerations() if "A-" in str(one["body"]))
        assert queries == ["onlyReSend", "reMigrate", "reMigrate"]
        assert regen("results", "it", "--category", "data", "--step", 9).code == 2
        assert regen("results", "it", "--step", 1).code == 2

    def test_a_step_without_a_manifest_is_its_command_again(self, tmp_path, regen, simulator):
        quick(tmp_path)
        with simulator(job_seconds=0.05, job_failures=1.0) as server:
            output = regen("booking-dates", "--base-url", server.url).out
        assert "the same command, with --again" in output
        assert "regen results" not in output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "id"}, "--by id"),
        ({"type": "Invoice", "literal": True}, "--type Invoice --literal"),
        ({"types": {"a.csv": "Invoice"}, "re_migrate": True}, "--type Invoice --re-migrate"),
        ({"types": {"a.csv": "Invoice", "b.csv": "CreditMemo"}}, ""),
        ({"sheet": "2", "header_row": 3}, ""),
    ],
)
def test_rows_are_read_again_as_they_were(options, words):
    """By the same identifier, as the same type; what only their workbook needed is left out."""
    step = StepDocument(number=1, do="regenerate", options=options, manifests=(MANIFEST,))
    document = RunDocument(run="r", status=RunStatus.FINISHED, base_url="https://x", steps=(step,))
    expected = " ".join(filter(None, ("regen run", words, "--base-url https://x")))
    assert list(commands_of(document, [1])) == [expected]
