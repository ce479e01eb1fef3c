"""Plan files whose steps depend on each other: selections as sources, and the objects of backfilled records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.harness.imposter import Response
from tests.harness.program import csv_rows, folders
from tests.harness.tenant_objects import TenantObjects, serving

OLD = "2026-11-01 10:00:00"


class Tenant(TenantObjects):
    """With data backfill jobs whose records beginning with BAD are refused."""

    uploads: list[bytes]

    def answer(self, arrived):
        path = arrived.path.partition("?")[0]
        if path == "/v1/uno/data-backfill/jobs":
            self.uploads.append(arrived.body)
            return Response(200, {"success": True, "jobId": f"B{len(self.uploads)}"})
        if path.startswith("/v1/uno/data-backfill/jobs/"):
            job = {"id": path.rpartition("/")[2], "status": "Completed", "resultFileId": "F1", "totalCount": 2}
            return Response(200, {"success": True, "job": job})
        if path == "/v1/files/F1":
            lines = [line for line in self.uploads[-1].decode().splitlines() if line.startswith(("c", "BAD"))]
            fates = [f"{line.split(',')[0]},{'false,no' if line.startswith('BAD') else 'true,'}" for line in lines]
            return Response(200, "\n".join(["ID,Success,Error Message", *fates, ""]))
        return super().answer(arrived)


@pytest.fixture
def tenant(monkeypatch):
    monkeypatch.setattr("runner.zuora.data_query.job.WAIT_SECONDS", (0.01, 0.01))
    with serving(Tenant()) as tenant:
        tenant.uploads = []
        monkeypatch.setenv("ZUORA_BASE_URL", tenant.url)
        yield tenant


def subscription(tenant, number: int, updated=OLD) -> None:
    tenant.add("subscription", updated, id=f"s{number}", name=f"A-S{number}", version=1, status="Active")
    tenant.add("rateplan", updated, id=f"p{number}", subscriptionid=f"s{number}")
    tenant.add("rateplancharge", updated, id=f"c{number}", rateplanid=f"p{number}", chargenumber=f"C-{number}")


def plan(text: str) -> None:
    Path("night.toml").write_text(f'name = "night"\n{text}', encoding="utf-8")


SELECTED = """
[[step]]
do = "select"
type = "Subscription"
updated_since = "last"
begin = 2026-11-01
[[step]]
do = "regenerate"
from = "step 1"
re_migrate = true
"""


def test_a_selection_is_the_manifest_of_a_step(regen, tenant, tmp_path):
    """The same command is the same run; what is confirmed is not selected again; an empty selection sends nothing."""
    subscription(tenant, 1)
    subscription(tenant, 2)
    plan(SELECTED)
    planned = regen("plan", "night.toml")
    assert planned.code == 0 and "2 rows" in planned.out and not tenant.regenerated
    tenant.refuse.add("A-S2 v1")
    assert regen("run", "night.toml").code == 3
    again = regen("run", "night.toml")
    assert again.code == 3 and "already finished" in again.out and len(folders(tmp_path / "runs")) == 1
    tenant.refuse.clear()
    assert regen("run", "night.toml", "--again").code == 0
    assert tenant.regenerated == {"A-S1 v1": 2, "A-S2 v1": 1}
    (step,) = json.loads((folders(tmp_path / "runs")[-1] / "run.json").read_text())["steps"]
    assert (step["step"], step["do"], step["re_migrate"]) == (2, "regenerate", True)
    quiet = regen("run", "night.toml")
    assert quiet.code == 0 and "step 1 gave no objects" in quiet.err and sum(tenant.regenerated.values()) == 3
    subscription(tenant, 3, datetime.now(UTC))
    assert regen("nightly", "night.toml").code == 0
    assert tenant.regenerated["A-S3 v1"] == 1 and sum(tenant.regenerated.values()) == 4
    night = regen("nightly", "night.toml")
    assert night.code == 0 and sum(tenant.regenerated.values()) == 4 + ("A-S3 v1: 2" in night.out)


JOURNEY = """
[[step]]
do = "backfill"
type = "RatePlanCharge"
file = "charges.csv"
template_check = false
on_failure = "{}"
[[step]]
do = "regenerate"
from = "step 1"
[[step]]
do = "select"
type = "Invoice"
updated_since = "step 1"
[[step]]
do = "regenerate"
from = "step 3"
"""


def test_what_a_backfill_changed_is_regenerated(regen, tenant, tmp_path):
    """Only the objects of records that succeeded; what is selected later is later."""
    for number in (1, 2, 3):
        subscription(tenant, number)
    Path("charges.csv").write_text("ID,Name\nc1,x\nc2,x\nBAD3,x\n")
    plan(JOURNEY.format("halt"))
    halted = regen("run", "night.toml", "--yes")
    assert halted.code == 3 and "steps 2 to 4 of night: not begun" in halted.err and not tenant.regenerated
    plan(JOURNEY.format("continue"))
    tenant.add("invoice", datetime.now(UTC), id="i1", invoicenumber="INV1", status="Posted")
    tenant.add("invoice", OLD, id="i2", invoicenumber="INV2", status="Posted")
    done = regen("run", "night.toml", "--yes")
    assert done.code == 3  # of the record that failed
    assert tenant.regenerated == {"A-S1 v1": 1, "A-S2 v1": 1, "INV1": 1}
    assert len(tenant.uploads) == 1  # the same command is the same run
    names = [path.name.split("-", 3)[3].rpartition("-")[0] for path in folders(tmp_path / "runs")]
    assert names == ["night", "night-step-2", "night-step-3"]


@pytest.mark.parametrize(
    ("text", "problem"),
    {
        '[[step]]\ndo = "regenerate"': "name manifests, or a step",
        '[[step]]\ndo = "regenerate"\nfrom = "step 1"': "not an earlier step",
        '[[step]]\ndo = "booking-dates"\n[[step]]\ndo = "regenerate"\nfrom = "step 1"': "what step 1 changed",
        '[[step]]\ndo = "booking-dates"\n[[step]]\ndo = "regenerate"\nfrom = "1"': "is not an earlier step",
        SELECTED.replace("Subscription", "Subscripton"): "did you mean Subscription?",
        SELECTED.replace("updated_since", "updatd_since"): "did you mean 'updated_since'?",
        SELECTED.replace('"last"', '"step 1"'): "not an earlier step",
        JOURNEY.format("halt").replace("RatePlanCharge", "ProductRatePlanCharge"): "is not known from its records",
        '[[step]]\ndo = "reconcile"' + SELECTED: "there is nothing to reconcile",
        SELECTED + '[[step]]\ndo = "reconcile"\nsend_agan = 1': "did you mean 'send_again'?",
        SELECTED + '[[step]]\ndo = "reconcile"\nwait_minutes = -1': "wait_minutes",
        SELECTED + '[[step]]\ndo = "reconcile"\n[[step]]\ndo = "regenerate"\nfrom = "step 3"': "what step 3 changed",
    }.items(),
    ids=range(12),
)
def test_sources_that_cannot_be(regen, tenant, tmp_path, text, problem):
    """Are refused before anything is asked or sent, also by `check`."""
    plan(text)
    done = regen("check", "night.toml")
    assert done.code == 2 and problem in done.err + done.out, done
    assert tenant.queries == []


def test_check_says_what_only_the_tenant_knows(regen, tenant):
    plan(SELECTED + '[[step]]\ndo = "regenerate"\nmanifests = ["a.csv"]\n')
    Path("a.csv").write_text("subscriptionName,subscriptionVersion\nA-S1,1\n")
    done = regen("check", "night.toml")
    assert done.code == 0 and "rows of steps 1, 2" in done.err and "1 row" in done.out and tenant.queries == []


def test_the_python_api_runs_stages_too(tenant, regen, tmp_path):
    import runner

    subscription(tenant, 1)
    plan(SELECTED)
    assert runner.plan("night.toml").counts["pending"] == 1
    assert runner.run("night.toml").counts["succeeded"] == 1
    assert len(csv_rows(next((tmp_path / "runs" / ".select").rglob("step-1.csv")))) == 1
