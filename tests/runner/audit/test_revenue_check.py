"""`regen reconcile --revenue`: per row collected, pending or errored, and what could not be looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.program import csv_rows

ROWS = [
    "subscriptionName,subscriptionVersion,invoiceNumber",
    *(f"A-S{n},1," for n in range(8)),
    *(f",,INV{n}" for n in range(4)),
]


@pytest.fixture
def manifest(tmp_path) -> Path:
    path = tmp_path / "m.csv"
    path.write_text("\n".join(ROWS) + "\n")
    return path


def states(done) -> list[dict[str, str]]:
    (path,) = [Path(line) for line in done.out.splitlines() if line.endswith("reconcile-revenue.csv")]
    return csv_rows(path)


def test_errored_rows_are_a_manifest_again(regen, simulator, manifest):
    """Sent again they are collected, and then the first run is confirmed, too. No collection is ever started."""
    with simulator(job_seconds=0, revenue_errors=0.4, time_zone="Asia/Tokyo", id_style="mixed") as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        first = regen("reconcile", "it", "--revenue")
        rows = states(first)
        errored = [row for row in rows if row["state"] == "errored"]
        assert first.code == (3 if errored else 0), first.out
        assert errored
        assert {row["state"] for row in rows} == {"errored", "collected"}
        assert len(rows) == len(ROWS) - 1
        assert all(row["code"] and row["remedy"] and row["reason"] for row in errored)
        (path,) = [line for line in first.out.splitlines() if line.endswith("errored.csv") and " " not in line]
        assert [row["regen_line"] for row in csv_rows(Path(path))] == [row["regen_line"] for row in errored]
        again = regen("run", path, "--re-migrate", "--yes", "--base-url", server.url, "--run-id", "again")
        assert again.code == 0, again.err
        for run, count in (("again", len(errored)), ("it", len(rows))):
            done = regen("reconcile", run, "--revenue")
            assert [row["state"] for row in states(done)] == ["collected"] * count, done.out
        assert server.get("stats")["collectionsStarted"] == 0


def test_rows_that_wait_or_cannot_be_looked_at(regen, simulator, manifest):
    """They refute nothing, and are never said to be collected."""
    with simulator(job_seconds=0, collection_seconds=9999) as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        waiting = regen("reconcile", "it", "--revenue")
        assert (waiting.code, {row["state"] for row in states(waiting)}) == (0, {"pending"})
        assert "12 rows pending" in waiting.out
    with simulator(job_seconds=0, revenue="off") as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "off").code == 0
        blind = regen("reconcile", "off", "--revenue")
        assert {row["state"] for row in states(blind)} == {"cannot tell"}
        assert "skipped revenue" in blind.out
        assert "revenuelive.revenuelinestaging: " in blind.out


def test_what_never_arrived_is_pending(regen, simulator, manifest):
    """With that as its reason."""
    with simulator(job_seconds=0, revenue_lost=1.0) as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        rows = states(regen("reconcile", "it", "--revenue"))
    assert {(row["state"], row["reason"]) for row in rows} == {
        ("pending", "not received by Revenue since the row was sent")
    }


REST = "default_profile = 'p'\n[profile.p]\nrevenue_base_url = '{url}{path}'\nrevenue_by = '{by}'\n"


@pytest.fixture
def by_rest(tmp_path, monkeypatch):
    """Write a profile that names Revenue's REST API, with credentials in the environment."""
    monkeypatch.setenv("ZUORA_REVENUE_CLIENT_ID", "revenue-user")
    monkeypatch.setenv("ZUORA_REVENUE_CLIENT_SECRET", "revenue-hush")

    def write(url: str, *, path: str = "", by: str = "rest") -> None:
        (tmp_path / "regen.toml").write_text(REST.format(url=url, path=path, by=by))

    return write


@pytest.mark.parametrize("path", ["", "/revenue/api"])
def test_both_ways_give_the_same_states(regen, simulator, manifest, by_rest, path):
    """By data queries, and by the REST API with its own credentials: of the tenant's own host, and of OneID's."""
    known = {"revenue_client_id": "revenue-user", "revenue_client_secret": "revenue-hush"}
    with simulator(job_seconds=0, revenue_errors=0.4, id_style="mixed", revenue_page_rows=3, **known) as server:
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        query = regen("reconcile", "it", "--revenue")
        by_rest(server.url, path=path)
        rest = regen("reconcile", "it", "--revenue", "--base-url", server.url)
        assert states(rest) == states(query)
        assert (rest.code, query.code) == (3, 3), rest.out + rest.err
        assert "revenue-hush" not in rest.out + rest.err
        assert server.get("stats")["collectionsStarted"] == 0


def test_the_api_helps_out_where_data_queries_show_nothing(regen, simulator, manifest, by_rest, monkeypatch):
    """By default it is asked then alone; what it refuses is named with its remedy, and nothing is said to be fine."""
    with simulator(job_seconds=0, revenue="rest", revenue_errors=0.4) as server:
        by_rest(server.url, by="query")
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        done = regen("reconcile", "it", "--revenue")
        assert {row["state"] for row in states(done)} == {"errored", "collected"}, done.out
        assert (done.code, done.out.count("does not exist")) == (3, 6)
        server.post("faults", {"revenue_role": "none"})
        blind = regen("reconcile", "it", "--revenue")
        assert {row["state"] for row in states(blind)} == {"cannot tell"}
        assert (blind.code, "Webservices Outbound" in blind.out) == (0, True)
        by_rest("http://127.0.0.1:1", by="rest")
        monkeypatch.setattr("runner.zuora.revenue.client.WAIT_SECONDS", (0.0, 0.0))
        away = regen("reconcile", "it", "--revenue", "--base-url", server.url)
        assert "skipped revenue" in away.out and "no token of Zuora Revenue: connect" in away.out


def test_the_api_without_credentials_is_refused(regen, simulator, manifest, by_rest, monkeypatch):
    """Before anything is asked."""
    with simulator(job_seconds=0) as server:
        by_rest(server.url)
        assert regen("run", manifest, "--base-url", server.url, "--run-id", "it").code == 0
        monkeypatch.delenv("ZUORA_REVENUE_CLIENT_SECRET")
        done = regen("reconcile", "it", "--revenue")
    assert done.code == 2
    assert "no credentials of Zuora Revenue: set ZUORA_REVENUE_CLIENT_SECRET or `revenue_credential_comm" in done.err


def test_versions_that_share_a_line(regen, simulator, tmp_path):
    """The error of one version is not taken for settled because the line of another was collected at the same time."""
    rows = [f"A-S{n},{version}" for n in range(8) for version in (1, 2)]
    (tmp_path / "m.csv").write_text("\n".join(["subscriptionName,subscriptionVersion", *rows]) + "\n")
    with simulator(job_seconds=0, revenue_errors=0.3) as server:
        assert regen("run", "m.csv", "--base-url", server.url, "--run-id", "it").code == 0
        shown = states(regen("reconcile", "it", "--revenue"))
    (staging,) = tmp_path.glob("runs/it/after/*/query-revenuelinestaging-booking-transaction.csv")
    refused = {row["solineid"] for row in csv_rows(staging)}
    (booked,) = tmp_path.glob("runs/it/after/*/query-BookingTransaction.csv")
    expected = {
        f"Subscription {row['subscriptionnumber']} v{row['subscriptionversion']}"
        for row in csv_rows(booked)
        if row["salesorderlineid"] in refused
    }
    assert {row["object"] for row in shown if row["state"] == "errored"} == expected
    assert {row["state"] for row in shown} == {"errored", "collected"}
