"""Kinds of steps that no manifest feeds, as a tenant sees them; backfill types that only the tenant knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.harness.imposter import Response, imposter
from tests.harness.program import folders, table

JOBS = "/v1/uno/data-backfill/propagation/jobs"


class Tenant:
    """Auto backfill jobs, seen under way once; and a template of a type that is not published."""

    def __init__(self, error_count: int = 0) -> None:
        self.bodies: list[dict[str, object]] = []
        self.keys: list[str | None] = []
        self.error_count, self.looks = error_count, 0

    def __call__(self, arrived):
        path = arrived.path.partition("?")[0]
        if (arrived.method, path) == ("POST", JOBS):
            self.bodies.append(json.loads(arrived.body))
            self.keys.append(arrived.headers.get("Idempotency-Key"))
            return Response(200, {"success": True, "jobId": "A1"})
        if path == f"{JOBS}/A1":
            return Response(200, {"success": True, "job": self.job()})
        if path == JOBS:
            return Response(200, {"success": True, "jobs": [self.job()]})
        if path.endswith("/NewThing/template"):
            return Response(200, "ID,Name\n", {"Content-Type": "text/csv"})
        if path.endswith("/template"):
            return Response(404, {"success": False, "reasons": [{"code": 50000040, "message": "no such template"}]})
        return Response(200, {"success": True, "jobs": []})

    def job(self) -> dict[str, object]:
        self.looks += 1
        status = "PROCESSING" if self.looks == 1 else "COMPLETED"
        facts = {"createdOn": 1795000000000, "createdOnReadable": "2026-11-27 20:00:00", "errorCount": self.error_count}
        return {"id": "A1", "status": status, "type": "RatePlanCharge", **facts}


@pytest.fixture
def quick(tmp_path):
    (tmp_path / "regen.toml").write_text(
        "[profile.default.jobs]\nfirst_poll_seconds = 0.01\nlongest_poll_seconds = 0.05\n"
    )


@pytest.mark.parametrize(("errors", "code"), [(0, 0), (3, 3)])
def test_an_auto_backfill_is_followed_to_its_end(regen, tmp_path, quick, errors, code):
    """Its body has what the step says; a completed job with errors is a failure; a second command sends nothing."""
    step = '[[step]]\ndo = "auto-backfill"\ntype = "RatePlanCharge"\nbatch_size = 200\ndry_run = {}\n'
    Path("auto.toml").write_text(step.format("false"))
    with imposter(tenant := Tenant(errors)) as server:
        base = ("--base-url", server.url)
        done = regen("run", "auto.toml", *base)
        assert done.code == code, done.err
        assert regen("run", "auto.toml", *base).code == code
        assert tenant.bodies == [{"type": "RatePlanCharge", "batchSize": 200, "dryRun": False}]
        assert all(tenant.keys)
        listed = regen("jobs", *base).out
    assert "2026-11-18 11:06 UTC  A1  auto-backfill  COMPLETED" in listed and listed.rstrip().endswith("RatePlanCharge")
    (row,) = table(folders(tmp_path / "runs")[0])
    assert (row["regen_object"], row["regen_operation"]) == ("every RatePlanCharge", "auto-backfill")


def test_a_dry_run_overwrites_nothing(regen, tmp_path, quick):
    """And says so, in the plan and before production."""
    Path("auto.toml").write_text('[[step]]\ndo = "auto-backfill"\ntype = "OrderLineItem"\ndry_run = true\n')
    with imposter(tenant := Tenant()) as server:
        assert regen("run", "auto.toml", "--base-url", server.url).code == 0
    assert tenant.bodies == [{"type": "OrderLineItem", "dryRun": True}]
    plan = regen("plan", "auto.toml", "--again", "--base-url", "https://rest.zuora.com")
    assert "a dry run: nothing is changed" in plan.out
    Path("auto.toml").write_text('[[step]]\ndo = "auto-backfill"\ntype = "OrderLineItem"\n')
    production = regen("run", "auto.toml", "--base-url", "https://rest.zuora.com")
    assert production.code == 2 and "step 1 is a backfill on production" in production.err
    for wrong in ("batch_size = 0", "batch_size = 1001", 'type = "Invoice"'):
        Path("auto.toml").write_text(
            '[[step]]\ndo = "auto-backfill"\n'
            + (wrong if "type" in wrong else f'type = "OrderLineItem"\n{wrong}')
            + "\n"
        )
        assert regen("plan", "auto.toml").code == 2


def test_a_type_is_what_the_tenant_has_a_template_for(regen, tmp_path, quick):
    """Published or not; a misspelt one is refused with what may have been meant."""
    Path("things.csv").write_text("ID,Name\nx1,y\n")
    with imposter(Tenant()) as server:
        base = ("--base-url", server.url)
        assert regen("backfill", "NewThing", "things.csv", "--plan", *base).code == 0
        misspelt = regen("backfill", "RatePlanCharg", "things.csv", "--plan", *base)
        assert misspelt.code == 2 and "did you mean RatePlanCharge?" in misspelt.err
        assert "ID,Name" in regen("template", "NewThing", "--backfill", *base).out
    unchecked = regen("backfill", "NewThing", "things.csv", "--plan", "--no-template-check", *base)
    assert unchecked.code == 2 and "needs the tenant's template" in unchecked.err


class Period:
    """An accounting period whose trial balance is Pending once, and ends as given; GETs have no `success`."""

    def __init__(self, ending: str, *, named: bool = False) -> None:
        self.ending, self.named, self.puts, self.looks = ending, named, 0, 0

    def __call__(self, arrived):
        path = arrived.path.partition("?")[0]
        if path == "/v1/accounting-periods":
            return Response(200, {"accountingPeriods": [self.shown()]})
        if path == "/v1/accounting-periods/p1/run-trial-balance":
            self.puts += 1
            return Response(200, {"success": True})
        if path == "/v1/accounting-periods/p1":
            self.looks += 1
            balance = {"runTrialBalanceStatus": "Pending" if self.looks == 1 else self.ending}
            return Response(200, self.shown() | balance | {"runTrialBalanceErrorMessage": "a rate is missing"})
        return Response()

    def shown(self):
        dates = {"startDate": "2026-11-01", "endDate": "2026-11-30"}
        return {"id": "p1", "name": "Nov '26", "status": "Open", **dates}


@pytest.mark.parametrize(("ending", "code"), [("Completed", 0), ("Error", 3)])
def test_a_trial_balance_is_run_and_followed(regen, tmp_path, quick, ending, code):
    """Once; its message is the row's."""
    Path("close.toml").write_text('[[step]]\ndo = "trial-balance"\naccounting_period = "Nov \'26"\n')
    with imposter(period := Period(ending)) as server:
        base = ("--base-url", server.url)
        assert "PUT …/trial-balance" in regen("plan", "close.toml", *base).out
        done = regen("run", "close.toml", *base)
        assert done.code == code, done.err
        assert regen("run", "close.toml", *base).code == code
    assert (period.puts, period.looks) == (1, 2)
    (row,) = table(folders(tmp_path / "runs")[0])
    assert row["regen_object"] == "Nov '26"
    assert (row["regen_id_list"] == ["p1"]) if code == 0 else ("a rate is missing" in row["regen_error_message"])


def test_a_period_that_is_not_there_fails(regen, tmp_path, quick):
    """With what may have been meant; nothing is run."""
    Path("close.toml").write_text('[[step]]\ndo = "trial-balance"\naccounting_period = "Nov-26"\n')
    with imposter(period := Period("Completed")) as server:
        done = regen("run", "close.toml", "--base-url", server.url)
    assert done.code == 3 and period.puts == 0
    (row,) = table(folders(tmp_path / "runs")[0])
    assert "no accounting period 'Nov-26'; did you mean \"Nov '26\"?" in row["regen_error_message"]
