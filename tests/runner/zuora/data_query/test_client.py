"""Answers of data queries make one extract, each checked to be whole; jobs are followed, not submitted twice."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import zipfile

import pytest

from runner.domain.model import Reply, Silence
from runner.zuora.data_query.client import DataQuery
from runner.zuora.data_query.job import QueryFailedError
from runner.zuora.data_query.parts import Texts
from runner.zuora.data_query.query_jobs import FRESH_SECONDS, QueryJobs


class Tenant:
    """Answers each query with the next content and stated rows; `refusals` come before a submission is accepted."""

    def __init__(self, answers, refusals=()):
        self.answers, self.refusals = answers, list(refusals)
        self.submitted, self.waited = [], []
        self.fields = {}

    async def ask(self, method, path, body=None):
        if method == "POST":
            if self.refusals:
                return self.refusals.pop(0)
            self.submitted.append(json.loads(body)["query"])
            return self.job(len(self.submitted) - 1, queryStatus="accepted")
        return self.job(int(path.rpartition("-")[2]))

    def job(self, at, **fields):
        known = {"id": f"j-{at}", "queryStatus": "COMPLETED", "dataFile": f"{at}", "outputRows": self.answers[at][1]}
        return Reply(200, json.dumps({"data": known | self.fields | fields}).encode())

    async def download(self, url, file, encodings):
        file.write(self.answers[int(url)][0])
        return Reply(200, b"")

    async def sleep(self, seconds):
        self.waited.append(seconds)


def extracted(path, answers):
    """The extract of queries that the tenant answers with these contents and stated rows."""
    tenant = Tenant(answers)
    parts = [Texts("SELECT", "id", (str(at),)) for at in range(len(answers))]
    asyncio.run(DataQuery(tenant, tenant.sleep).extract(path, ("id", "x"), parts))
    return path.read_bytes()


def zipped(*contents):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for at, content in enumerate(contents):
            archive.writestr(f"{at}.csv", content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("answers", "extract"),
    [
        ([(b"id,x\na,1", 1), (b"ID,X\nb,2", 1)], b"id,x\na,1\nb,2\n"),
        ([(b"", 0), (b"id,x\na,1\n", "1")], b"id,x\na,1\n"),
        ([(b"id,x\n", 0), (b"id,x\n", None)], b"id,x\n"),
        ([(b"", 0), (b"", None)], b"id,x\n"),
        ([(b'"id","x"\n"a\nb",1\n', 1)], b'id,x\n"a\nb",1\n'),
        ([(b'\xef\xbb\xbfX,Y,Id\r\n"1,2",?,a\r\n', 1), (b"id,x\nb,2\n", 1)], b'id,x\na,"1,2"\nb,2\n'),
        ([(b"id,x\na,1\n\n", 1), (b"x,id\n2,b\n\n\n", 1)], b"id,x\na,1\nb,2\n"),
        ([(b'"id","x"\r\na,1\r\n\r\n', 1)], b"id,x\na,1\r\n"),
        ([(gzip.compress(b"id,x\na,1\n"), 1), (zipped(b"x,id\n2,b\n"), 1)], b"id,x\na,1\nb,2\n"),
    ],
)
def test_answers_make_one_extract(tmp_path, answers, extract):
    """Under one header, a line a row, whatever the case and order of the columns and however it is packed."""
    assert extracted(tmp_path / "x.csv", answers) == extract


LOST = Silence("reset", "connection reset")


@pytest.mark.parametrize(
    ("refusals", "reason"),
    [
        ([LOST] * 99, "reset: connection reset"),
        ([Reply(403, b'{"code": 1009, "message": "Access denied"}')], "HTTP 403, 1009: Access denied"),
        ([Reply(415, b'{"code": 415, "message": "HTTP 415 Unsupported Media Type"}')], "HTTP 415 Unsupported"),
        ([Reply(200, b'{"success": false, "reasons": [{"code": 1, "message": "no right"}]}')], "HTTP 200, no right"),
        ([Reply(502, b"<html>")] * 99, "HTTP 502"),
        ([Reply(200, b'{"success": false, "reasons": [{"code": 50000061, "message": "busy"}]}')] * 99, "busy"),
    ],
)
def test_a_refusal_is_shown_in_the_servers_words(refusals, reason):
    """After as many tries as may help."""
    tenant = Tenant([], refusals)
    with pytest.raises(QueryFailedError, match=reason):
        asyncio.run(DataQuery(tenant, tenant.sleep).columns("t"))


def test_jobs_are_followed_until_the_work_is_complete(tmp_path):
    """From a file, with the time that their answers show; what is older or damaged is of no use."""
    path, sql = tmp_path / "after/jobs.json", "SHOW COLUMNS FROM t"
    submitted = QueryJobs(path).remember(sql, "j-0").submitted_at
    tenant = Tenant([(b"Column,Type\nid,varchar\n", 1)])
    query = DataQuery(tenant, tenant.sleep, QueryJobs(path))
    asyncio.run(query.columns("t"))
    assert (tenant.submitted, query.as_of) == ([], submitted)
    query.forget()
    assert not path.exists()
    for content in ("[", json.dumps({sql: {"id": "j-0", "submitted_at": submitted - FRESH_SECONDS * 1_000_000}})):
        path.write_text(content)
        assert QueryJobs(path).get(sql) is None


class Unsteady(Tenant):
    """The job with the number n ends as `endings[n]` says."""

    def __init__(self, answers, endings):
        super().__init__(answers)
        self.endings = endings

    def job(self, at, **fields):
        return super().job(at, **(fields or self.endings[at]))


ENDINGS = ({"queryStatus": "aborted"}, {"queryStatus": "CANCELED"}, {"queryStatus": "failed"})
OBJECT = {"queryStatus": "failed", "errorMessage": "failed to process object"}


@pytest.mark.parametrize("ending", [*ENDINGS, OBJECT], ids=str)
def test_a_job_that_ended_for_no_reason_is_submitted_again(ending):
    """A short query that is not halved: three times at most, with pauses."""
    tenant = Unsteady([(b"column,type\n", 1), (b"column,type\nid,varchar\n", 1)], [ending, {}])
    query = DataQuery(tenant, tenant.sleep)
    assert asyncio.run(query.columns("t")) == {"id": "varchar"} and len(tenant.submitted) == 2
    tenant = Unsteady([(b"", 0)] * 4, [ending] * 4)
    with pytest.raises(QueryFailedError) as raised:
        asyncio.run(DataQuery(tenant, tenant.sleep).columns("t"))
    assert len(tenant.submitted) == 4 and not raised.value.unknown_name


def test_an_unknown_name_is_reported_at_once():
    ending = {"queryStatus": "failed", "errorMessage": "Table owl.data.t does not exist"}
    tenant = Unsteady([(b"", 0)], [ending])
    with pytest.raises(QueryFailedError) as raised:
        asyncio.run(DataQuery(tenant, tenant.sleep).columns("t"))
    assert raised.value.unknown_name and len(tenant.submitted) == 1


@pytest.mark.parametrize(
    "torn", [b"id,x\na,1\n", b"id,x\na,1\nb", b"x,id\n1,a\n2\n", b"x,y,id\n1,1,a\n2\n", b"\x1f\x8b\x08"]
)
def test_a_torn_file_is_fetched_again(tmp_path, torn):
    """Of the same job: nothing of the torn one is in the extract."""
    tenant = Tenant([(b"", 2)])

    async def download(url, file, encodings):
        file.write(torn if not tenant.waited else b"id,x\na,1\nb,2\n")
        return Reply(200, b"")

    tenant.download = download
    asyncio.run(DataQuery(tenant, tenant.sleep).extract(tmp_path / "x.csv", ("id", "x"), [Texts("S", "id", ("a",))]))
    assert (tmp_path / "x.csv").read_bytes() == b"id,x\na,1\nb,2\n" and len(tenant.submitted) == 1


def test_a_file_that_breaks_off_inside_its_last_cell_is_fetched_again(tmp_path):
    """It has all its lines and cells; that the tenant's other files end with a line's end gives it away. Files of a
    tenant that never writes one are taken."""
    contents = [b"id\nlong\n", b"id\nlo", b"id\nlong\n"]
    tenant = Tenant([(b"", 1), (b"", 1)])

    async def download(url, file, encodings):
        file.write(contents.pop(0))
        return Reply(200, b"")

    tenant.download = download
    query = DataQuery(tenant, tenant.sleep)
    parts = [Texts("S", "id", ("a",)), Texts("S", "id", ("b",))]
    assert [asyncio.run(query.extract(tmp_path / "x.csv", ("id",), [part])) for part in parts] == [1, 1]
    assert (tmp_path / "x.csv").read_bytes() == b"id\nlong\n" and not contents
    contents[:] = [b"id\nlo"] * 2
    query = DataQuery(Tenant([(b"", 1)]), tenant.sleep)
    query._client.download = download
    assert asyncio.run(query.extract(tmp_path / "x.csv", ("id",), parts[:1])) == 1 and len(contents) == 1
