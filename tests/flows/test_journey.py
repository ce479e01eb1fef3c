"""A journey in one plan file, from the catalog to Revenue, against a tenant that fails in every way that it can."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.simulator.faults import FAULTS
from runner.simulator.query_faults import QUERY_FAULTS
from runner.simulator.tenant.leavings import OTHER_USER
from tests import ROOT
from tests.harness.program import folders, table

CONFIGURATION = """default_profile = "quick"
[profile.quick.jobs]
first_poll_seconds = 0.02
longest_poll_seconds = 0.1
search_seconds = 2
patience_seconds = 5
[profile.quick.patience]
base_seconds = 0.02
cap_seconds = 0.1
"""
JOURNEY = (
    (ROOT / "sample_data/journey.toml")
    .read_text("utf-8")
    .replace("settle_minutes = 15 ", "settle_minutes = 0.005 ")
    .replace("settle_minutes = 15\n", "settle_minutes = 0.005\n")
    .replace("wait_minutes = 240", "wait_minutes = 1")
)
NEVER_GOES_ON = {"waf-403"}  # a firewall's page stops a run: a person must look
FAULTY = {
    "faults": dict.fromkeys(FAULTS.keys() - NEVER_GOES_ON, 0.015),
    "query_faults": dict.fromkeys(QUERY_FAULTS, 0.03),
    "slow_seconds": 0.05,
    "work_seconds": 0.05,
    "huge_bytes": 100_000,
    "retry_after": 0,
    "lag_seconds": 0.1,
    "lost_transactions": 0.2,
    "other_users": 0.2,
    "revenue_errors": 0.2,
    "revenue_lost": 0.1,
    "revenue_delay": 0.1,
    "collection_seconds": 0.5,
    "time_zone": "America/Los_Angeles",
}


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long: what is waited for in minutes comes in moments here."""
    monkeypatch.setattr("runner.zuora.data_query.job.WAIT_SECONDS", (0.01, 0.02))
    monkeypatch.setattr("runner.zuora.data_query.client.RETRY_SECONDS", (0.01, 0.01, 0.01))
    monkeypatch.setattr("runner.zuora.jobs.poller.FILE_RETRY_SECONDS", (0.01, 0.01, 0.01))
    monkeypatch.setattr("runner.session.confirmation.POLL_SECONDS", (0.2, 0.5))


def written(server) -> None:
    """The plan and its file of charges: half of those that the tenant has."""
    Path("regen.toml").write_text(CONFIGURATION)
    Path("journey.toml").write_text(JOURNEY)
    charges = [row["id"] for row in server.get("rows?table=rateplancharge")["rows"]]
    lines = [f"{id_},Over Time" for id_ in charges[::2]]
    Path("rate_plan_charges.csv").write_text("\n".join(["ID,Revenue Recognition Rule", *lines, ""]))


def journey(regen, server, *words):
    return regen("run", "journey.toml", "--base-url", server.url, "--yes", "--quiet", *words)


def test_it_ends_with_0_only_when_revenue_has_everything(regen, simulator, impatient, tmp_path):
    """What was lost on the way to Billing or to Revenue, and what a collection refused, is sent again, and nothing else
    is. The command is given again while it says that something is left."""
    with simulator(objects=5, seed=4, fault_arrivals=1, job_seconds=0.05, **FAULTY) as server:
        written(server)
        codes, output = [], ""
        while len(codes) < 8 and codes[-1:] != [0]:
            done = journey(regen, server)
            codes.append(done.code)
            output += done.err
        assert codes[-1] == 0, (codes, output)
        assert set(codes[:-1]) <= {1, 3, 4, 5}
        booked = server.get("rows?table=bookingtransaction")["rows"]
        billed = server.get("rows?table=billingtransaction")["rows"]
        contracts = server.get("rows?table=revenuelive.revenuelinestaginghistory")["rows"]
        keys = [effect["key"] for sent in server.regenerations() for effect in sent["effects"]]
    assert "everything is confirmed in Billing and Revenue" in output and "again, as run" in output
    rows = [row for run in folders(tmp_path / "runs") for row in table(run) if row["regen_id_list"]]
    there = {row["id"] for row in [*booked, *billed] if row["createdbyid"] != OTHER_USER}
    made = {id_ for row in rows if "transaction" in row["regen_operation"] for id_ in row["regen_id_list"]}
    assert made == there and made <= {row["transid"] for row in contracts}
    assert len(keys) == len(set(keys)) and set(keys) <= {row["regen_key"] for row in rows}  # each was done once


def test_what_is_not_confirmed_is_no_success(regen, simulator, impatient, tmp_path):
    """What waits for a collection is exit code 5, what stays lost is 3; the same command asks again, and sends nothing
    that it has sent."""
    reconcile = JOURNEY[JOURNEY.rindex("[[step]]") :].replace("wait_minutes = 1", "wait_minutes = 0")
    plan = f'[[step]]\ndo = "regenerate"\nmanifests = ["s.csv"]\n{reconcile.replace("= 4", "= 1")}'
    Path("journey.toml").write_text(plan)
    Path("s.csv").write_text("subscriptionName,subscriptionVersion\nA-S1,1\nA-S2,1\n")
    for options, code, words in (
        ({"collection_seconds": 3600}, 5, "2 waiting for a collection of Revenue"),
        ({"revenue_lost": 1}, 3, "2 not received by Revenue"),
        ({"lost_transactions": 1, "revenue": "off"}, 3, "2 not shown by Revenue"),
    ):
        with simulator(job_seconds=0.01, **options) as server:
            first = journey(regen, server, "--again")
            assert first.code == code and words in first.err, first.err
            arrivals = server.arrivals()
            assert arrivals == (2 if code == 5 else 4)
            again = journey(regen, server)
            assert again.code == code and words in again.err and server.arrivals() == arrivals
    assert len([run for run in folders(tmp_path / "runs") if run.name.endswith("-again-1")]) == 2
