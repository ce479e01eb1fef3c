"""Answers of data queries make one extract, each checked to be whole."""

from __future__ import annotations

import asyncio

import pytest

from runner.audit import tenant_extract
from runner.audit.query_parts import Texts
from runner.audit.tenant_extract import QueryJobs, Tenant
from runner.zuora.data_query import QueryFailedError


def extracted(path, monkeypatch, answers):
    """The extract of queries that the tenant answers with these contents and stated rows."""
    waiting = iter(answers)

    async def query(client, sql, file, sleep, jobs=None):
        content, rows = next(waiting)
        file.write(content)
        return rows

    monkeypatch.setattr(tenant_extract.data_query, "query", query)
    tenant = Tenant(None, None, QueryJobs(path.with_name("jobs.json")))
    parts = [Texts("SELECT", "id", (str(at),)) for at in range(len(answers))]
    return asyncio.run(tenant.extract(path, ("id", "x"), parts))


@pytest.mark.parametrize(
    ("answers", "extract"),
    [
        ([(b"id,x\na,1", 1), (b"ID,X\nb,2", 1)], b"id,x\na,1\nb,2\n"),
        ([(b"", 0), (b"id,x\na,1\n", 1)], b"id,x\na,1\n"),
        ([(b"id,x\n", 0), (b"id,x\n", None)], b"id,x\n"),
        ([(b"", 0), (b"", None)], b"id,x\n"),
        ([(b'"id","x"\n"a\nb",1\n', 1)], b'id,x\n"a\nb",1\n'),
    ],
)
def test_answers_make_one_extract(tmp_path, monkeypatch, answers, extract):
    """Under one header, a line a row."""
    assert extracted(tmp_path / "x.csv", monkeypatch, answers).read_bytes() == extract


@pytest.mark.parametrize(
    "content", [b"", b"id,x\na,1\n", b"id,x\na,1\nb,2\nc,3\n", b"id,x\n\xff\n", b"x,id\na,1\nb,2\n"]
)
def test_an_answer_that_is_not_whole_is_refused(tmp_path, monkeypatch, content):
    """The tenant states two rows: what is not there would be taken for not done. So would other columns."""
    with pytest.raises(QueryFailedError):
        extracted(tmp_path / "x.csv", monkeypatch, [(content, 2)])
    assert not (tmp_path / "x.csv").exists()


def test_jobs_are_remembered_until_the_inquiry_is_complete(tmp_path):
    """In a file; a damaged one remembers nothing."""
    path = tmp_path / "after/jobs.json"
    jobs = QueryJobs(path)
    jobs["SELECT 1"] = "a"
    assert dict(QueryJobs(path)) == {"SELECT 1": "a"}
    del jobs["SELECT 1"]
    assert len(QueryJobs(path)) == 0
    path.write_text("[")
    assert len(QueryJobs(path)) == 0
    jobs.forget()
    assert not path.exists()
