"""Closed accounting periods are reported before anything is sent into them."""

from __future__ import annotations

from datetime import date

import pytest

from runner.plan.closed_periods import of_journal_runs, of_regenerating
from runner.zuora import tenants
from runner.zuora.jobs.accounting_periods import Period
from tests.harness.imposter import Response, imposter
from tests.harness.program import folders

PATH = "/v1/accounting-periods"
TYPE = '"transactionTypes":[{"type":"Invoice Item"}]'
OCTOBER = Period("p1", "Oct '26", date(2026, 10, 1), date(2026, 10, 31), "Closed")
NOVEMBER = Period("p2", "Nov '26", date(2026, 11, 1), date(2026, 11, 30), "Open")


@pytest.mark.parametrize(
    ("fields", "question", "note"),
    [
        ('"accountingPeriodName":"Oct \'26","journalEntryDate":"2026-11-02"', "into the accounting period", None),
        ('"accountingPeriodName":"Nov \'26","journalEntryDate":"2026-10-31"', "entries of 2026-10-31", None),
        ('"accountingPeriodName":"Nov \'26","journalEntryDate":"2026-11-30"', None, None),
        ('"targetStartDate":"2026-10-31","targetEndDate":"2026-11-02"', "over 2026-10-31 to 2026-11-02", None),
        ('"targetStartDate":"2026-11-01","targetEndDate":"2026-11-30"', None, None),
        ('"accountingPeriodName":"Nov 26","journalEntryDate":"2026-11-30"', None, 'did you mean "Nov \'26"?'),
        ('"accountingPeriodName":"FY27-P1"', None, "no accounting period 'FY27-P1'"),
    ],
)
def test_where_a_journal_run_writes(fields, question, note):
    """By the period's name, by the target dates, by the date of the entries."""
    findings = of_journal_runs([(2, f"{{{fields},{TYPE}}}")], [OCTOBER, NOVEMBER])
    assert [question in text for text in findings.questions] == [True] * (question is not None), findings
    assert [note in text for text in findings.notes] == [True] * (note is not None), findings
    assert all(text.startswith("step 2: ") for text in (*findings.questions, *findings.notes))


def test_what_regenerates_does_so_today():
    assert of_regenerating([1, 3], [OCTOBER, NOVEMBER], date(2026, 10, 31)).notes[0].startswith("steps 1, 3: ")
    assert not of_regenerating([1], [OCTOBER, NOVEMBER], date(2026, 11, 1)).notes
    assert not of_regenerating([], [OCTOBER, NOVEMBER], date(2026, 10, 1)).notes


@pytest.fixture
def books(monkeypatch, tmp_path):
    """A tenant with 301 periods on two pages, the last one closed."""
    pages: list[str] = []

    def answer(arrived):
        if arrived.path.endswith("/token"):
            return Response()
        if not arrived.path.startswith(PATH):
            return Response(200, {"success": True, "journalRunNumber": "JR-1", "status": "Completed"})
        pages.append(arrived.path)
        if "page=2" in arrived.path:
            return Response(200, {"accountingPeriods": [shown("Oct '26", "2026-10-01", "2026-10-31", "Closed")]})
        many = [shown(f"P{n}", "2001-01-01", "2001-01-31", "Open") for n in range(300)]
        return Response(200, {"success": True, "accountingPeriods": many, "nextPage": f"{PATH}?page=2&pageSize=300"})

    with imposter(answer) as server:
        monkeypatch.setenv("ZUORA_BASE_URL", server.url)
        server.pages = pages
        yield server


def shown(name, start, end, status):
    return {"id": name, "name": name, "startDate": start, "endDate": end, "status": status, "fiscalYear": 2026}


def test_a_journal_run_into_a_closed_period_wants_a_word(regen, tmp_path, books):
    """Before the first POST; the plan says so, too; --yes is the word."""
    words = ("journal-run", "--period", "Oct '26", "--entry-date", "2026-11-30", "--transaction-type", "Invoice Item")
    plan = regen(*words, "--plan")
    assert plan.code == 0 and 'step 1: a journal run into the accounting period "Oct \'26"' in plan.out
    refused = regen(*words)
    assert refused.code == 2 and "which is closed; use --yes if that is meant" in refused.err
    assert ("POST", "/v1/journal-runs") not in books.calls and len(books.pages) == 4
    assert regen(*words, "--yes").code == 0
    assert ("POST", "/v1/journal-runs") in books.calls


def test_what_cannot_be_looked_up_stops_nothing(regen, tmp_path, monkeypatch):
    """It is noted; a run that regenerates elsewhere than on production does not even ask."""

    def answer(arrived):
        if arrived.path.endswith("/token"):
            return Response()
        if arrived.path.startswith(PATH):
            return Response(403, {"success": False, "reasons": [{"code": 1, "message": "no permission"}]})
        return Response(200, {"success": True, "journalRunNumber": "JR-1", "status": "Completed", "idList": ["x"]})

    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-S1,1\n")
    with imposter(answer) as server:
        monkeypatch.setenv("ZUORA_BASE_URL", server.url)
        words = ("--period", "P", "--entry-date", "2026-11-30", "--transaction-type", "Invoice Item")
        done = regen("journal-run", *words)
        assert done.code == 0 and "not checked: GET /v1/accounting-periods: no permission" in done.err
        before = server.calls.count(("GET", PATH))
        assert regen("run", "s.csv").code == 0 and server.calls.count(("GET", PATH)) == before
        monkeypatch.setattr(tenants, "PRODUCTION_HOSTS", frozenset({"localhost"}))
        assert regen("run", "s.csv", "--again", "--yes").code == 0
        assert server.calls.count(("GET", PATH)) > before
    assert len(folders(tmp_path / "runs")) == 3
