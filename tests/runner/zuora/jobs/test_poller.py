"""Following jobs, against a tenant in memory."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from typing import Any

import pytest

from runner.domain.model import History, Kind, Reason, Reply, Request, Seen, Silence, State
from runner.zuora.jobs.poller import Follower
from runner.zuora.jobs.state import Case, Looks, Upload
from runner.zuora.operations import OPERATIONS
from tests.flows.test_jobs import BOOKING_DATES
from tests.harness.journeys import zip_of
from tests.harness.virtual import run_virtually


class Scripted:
    """A client whose answers are scripted; `asked` is what it was asked."""

    class Tokens:
        rejected: list[int]

        def __init__(self) -> None:
            self.rejected = []

        def reject(self, serial: int) -> None:
            self.rejected.append(serial)

    def __init__(self, *answers: Any) -> None:
        self.answers = deque(answers)
        self.calls: list[str] = []
        self.at: list[float] = []  # when, in seconds
        self.auth = self.Tokens()

    async def ask(self, method: str, path: str, body: bytes | None = None, most_bytes: int = 0) -> Any:
        self.calls.append(f"{method} {path}")
        return self._next()

    async def send(self, request: Request, generation: int, attempt: int) -> Any:
        self.calls.append("send")
        return self._next()

    async def upload(self, request: Request, attempt: int, fields: Any, file: Any) -> Any:
        self.calls.append(f"upload {file.name}")
        return self._next()

    @property
    def waits(self) -> list[float]:
        """The seconds between one question and the next."""
        return [later - earlier for earlier, later in itertools.pairwise(self.at)]

    def _next(self) -> Any:
        self.at.append(asyncio.get_running_loop().time())
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]


class Noted:
    """A book in memory."""

    def __init__(self) -> None:
        self.jobs: dict[int, str] = {}
        self.statuses: list[str] = []

    async def upload(self, request: Request) -> Upload:
        return Upload("RatePlanCharge", "part-1.csv", b"ID\nr1\nr2\n", {"r1": 1, "r2": 2}, "ID", 9)

    async def note(self, request: Request, name: str) -> None:
        self.jobs[request.number] = name

    async def tell(self, request: Request, status: str, counts: Any) -> None:
        self.statuses.append(status)


def reply(**fields: Any) -> Reply:
    return Reply(200, json.dumps({"success": True} | fields).encode(), request_id="q")


def no(code: int, status: int = 200) -> Reply:
    return Reply(status, json.dumps({"success": False, "reasons": [{"code": code, "message": "no"}]}).encode())


def job(status: str, **more: Any) -> Reply:
    return reply(job={"id": "j1", "status": status} | more)


def followed(operation: str, *answers: Any, case: Case | None = None, most: int = 60) -> tuple[Seen, Scripted, Noted]:
    """Send until something is decided: the last look, what was asked, what was noted."""
    client, book = Scripted(*answers), Noted()
    request = Request(1, 1, operation, b'{"type":"RatePlanCharge"}', "", "0" * 40, 1, None)

    async def run() -> Seen:
        follower = Follower(client, book, Looks(), {1: case or Case()})  # type: ignore[arg-type]
        for attempt in range(1, most):
            answer = await follower.send(request, 0, attempt)
            judgement = follower.judge(answer, request, History(), 0.0, 240.0)
            if judgement.kind is not Kind.AGAIN:
                return answer if isinstance(answer, Seen) else Seen(judgement)
            await asyncio.sleep(judgement.hold_seconds or 1.0)
        raise AssertionError("nothing was decided")

    return run_virtually(run), client, book


def kind(seen: Seen) -> Kind:
    return seen.judgement.kind


def test_polls_grow_and_end():
    """Created, noted, looked at until it is over, in 2 to 60 s; in capitals or not."""
    seen, client, book = followed("booking-dates", reply(jobId="j1"), *[job("PROCESSING")] * 20, job("COMPLETED"))
    assert (kind(seen), seen.judgement.ids) == (Kind.SUCCEEDED, ("j1",))
    assert client.calls[0] == "send"
    assert set(client.calls[1:]) == {f"GET {BOOKING_DATES}/j1"}
    assert (book.jobs, book.statuses) == ({1: "j1"}, ["PROCESSING", "COMPLETED"])
    assert client.waits == sorted(client.waits)
    assert (client.waits[0], client.waits[-1]) == (pytest.approx(2.0), pytest.approx(60.0))


def test_a_completed_job_with_errors_failed():
    seen, _, _ = followed("booking-dates", reply(jobId="j1"), job("COMPLETED", errorCount=2))
    assert kind(seen) is Kind.FAILED
    assert "2 errors" in (seen.judgement.message or "")


@pytest.mark.parametrize("status", ["Failed", "Canceled", "Stopped", "Error", "Cancelled"])
def test_bad_ends(status):
    seen, _, _ = followed("booking-dates", reply(jobId="j1"), job(status))
    assert (kind(seen), seen.judgement.category) == (Kind.FAILED, "job")


def test_a_job_that_is_known_is_never_created_again():
    seen, client, _ = followed("booking-dates", job("COMPLETED"), case=Case(job="j1"))
    assert kind(seen) is Kind.SUCCEEDED
    assert client.calls == [f"GET {BOOKING_DATES}/j1"]


def test_a_job_that_is_gone_failed():
    seen, _, _ = followed("booking-dates", reply(jobId="j1"), no(53200040))
    assert kind(seen) is Kind.FAILED


@pytest.mark.parametrize(
    "answer",
    [
        Silence("time-out"),
        Reply(503, b"<html>"),
        no(53200061),
        no(53200011, 401),
        reply(job={}),
        Reply(200, b""),
        reply(job={"id": "j2", "status": "COMPLETED"}),
        job("SOMEHOW"),
    ],
)
def test_looks_in_vain_stop_the_run_in_the_end(answer):
    """After 15 minutes, the row pending: resume follows on. A refused token is renewed meanwhile."""
    seen, client, _ = followed("booking-dates", reply(jobId="j1"), answer)
    assert (kind(seen), seen.sent) == (Kind.STOP, False)
    assert "15 minutes" in (seen.judgement.message or "")
    assert bool(client.auth.rejected) == (isinstance(answer, Reply) and answer.status == 401)


def test_a_status_that_nobody_knows_is_followed_while_something_moves():
    """An hour of it, while the counts grow."""
    moving = [job("CRUNCHING", batchFinishedCount=n, processedCount=n) for n in range(70)]
    seen, client, _ = followed("booking-dates", reply(jobId="j1"), *moving, job("COMPLETED"), most=99)
    assert (kind(seen), len(client.calls)) == (Kind.SUCCEEDED, 72)


def test_a_journal_run_is_the_requested_one():
    """An answer about another run is none; without a number it is taken at its word."""
    other, mine = reply(number="JR-2", status="Completed"), reply(number="jr-1", status="Completed")
    seen, client, _ = followed("journal-run", reply(journalRunNumber="JR-1"), other, mine)
    assert (kind(seen), len(client.calls)) == (Kind.SUCCEEDED, 3)
    assert kind(followed("journal-run", reply(journalRunNumber="JR-1"), reply(status="Completed"))[0]) is Kind.SUCCEEDED


@pytest.mark.parametrize("count", [2, "2", 2.0, " 2 ", "two", [1], pytest.param("9" * 5000, id="very many")])
def test_errors_that_are_counted_in_any_way_are_errors(count):
    seen, _, _ = followed("booking-dates", reply(jobId="j1"), job("COMPLETED", errorCount=count))
    assert kind(seen) is Kind.FAILED


@pytest.mark.parametrize("count", [0, "0", 0.0, None])
def test_no_errors_are_none(count):
    seen, _, _ = followed("booking-dates", reply(jobId="j1"), job("COMPLETED", errorCount=count))
    assert kind(seen) is Kind.SUCCEEDED


@pytest.mark.parametrize("name", ["", "  ", 7, None])
def test_a_job_without_an_id_is_requested_again(name):
    seen, client, _ = followed("booking-dates", reply(jobId=name), reply(jobId="j1"), job("COMPLETED"))
    assert (kind(seen), client.calls[:2]) == (Kind.SUCCEEDED, ["send", "send"])


def test_looks_in_vain_are_forgiven():
    answers = [reply(jobId="j1"), Silence("reset"), Reply(502, b""), job("PROCESSING"), Silence("reset")]
    assert kind(followed("booking-dates", *answers, job("COMPLETED"))[0]) is Kind.SUCCEEDED


def test_wrong_credentials_stop_at_once():
    seen, client, _ = followed("booking-dates", reply(jobId="j1"), Silence("credentials", "wrong", sent=False))
    assert (kind(seen), len(client.calls)) == (Kind.STOP, 2)


class TestBackfill:
    RESULT = zip_of(part_result__csv=b"ID,Success,Error Message\nr1,true,\nr2,false,bad\n")
    DONE = job("Completed", resultFileId="f1", successCount=1, failedCount=1)

    def test_rows_are_joined_by_their_ids(self):
        result = zip_of(x__csv=b"ID,Success,Error Message\nr2,false,bad\nr1,true,\n")
        seen, client, _ = followed("data-backfill", reply(jobId="j1"), self.DONE, Reply(200, result))
        assert client.calls == ["upload part-1.csv", "GET /v1/uno/data-backfill/jobs/j1", "GET /v1/files/f1"]
        assert [tuple(row) for row in seen.judgement.rows] == [(1, State.SUCCEEDED, None), (2, State.FAILED, "bad")]
        assert seen.judgement.message is None

    def test_a_result_that_breaks_off_is_fetched_again(self):
        answers = [reply(jobId="j1"), self.DONE, Silence("broken-body"), self.DONE, Reply(200, self.RESULT)]
        assert kind(followed("data-backfill", *answers)[0]) is Kind.SUCCEEDED

    def test_counts_that_differ_are_reported(self):
        done = job("Completed", resultFileId="f1", successCount=2, failedCount=0)
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), done, Reply(200, self.RESULT))
        assert "1 good and 1 bad records" in (seen.judgement.message or "")

    def test_rows_without_a_word_are_unknown(self):
        result = zip_of(x__csv=b"ID,Success,Error Message\nr1,true,\n")
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), self.DONE, Reply(200, result))
        assert kind(seen) is Kind.UNKNOWN
        assert [row.state for row in seen.judgement.rows] == [State.SUCCEEDED, State.UNKNOWN]

    def test_a_stopped_job_tells_what_it_did(self):
        result = zip_of(x__csv=b"ID,Success,Error Message\nr1,true,\n")
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), job("Stopped", resultFileId="f1"), Reply(200, result))
        assert [row.state for row in seen.judgement.rows] == [State.SUCCEEDED, State.FAILED]

    @pytest.mark.parametrize("status", ["Stopped", "Failed", "Canceled"])
    @pytest.mark.parametrize("counts", [{"successCount": 1}, {"processedCount": 2}, {"successCount": "1"}])
    def test_what_a_broken_off_job_did_is_not_reported_as_undone(self, status, counts):
        """It updated some records and has no result to tell which."""
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), job(status, **counts))
        assert (kind(seen), "names no result file" in (seen.judgement.message or "")) == (Kind.UNKNOWN, True)

    @pytest.mark.parametrize("counts", [{}, {"successCount": 0, "processedCount": 2}, {"processedCount": "0"}])
    def test_a_broken_off_job_that_did_nothing_failed(self, counts):
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), job("Failed", **counts))
        assert kind(seen) is Kind.FAILED

    @pytest.mark.parametrize("counts", [{"successCount": 2}, {"processedCount": 2}])
    def test_a_result_that_tells_less_than_the_job_did(self, counts):
        """The rows that it leaves out may be updated."""
        result = zip_of(x__csv=b"ID,Success,Error Message\nr1,true,\n")
        stopped = job("Stopped", resultFileId="f1", **counts)
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), stopped, Reply(200, result))
        assert [row.state for row in seen.judgement.rows] == [State.SUCCEEDED, State.UNKNOWN]

    def test_a_record_that_the_result_tells_of_twice(self):
        """Not the same both times: neither is believed."""
        result = zip_of(x__csv=b"ID,Success,Error Message\nr1,false,bad\nr2,true,\nr1,true,\nr2,true,\n")
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), self.DONE, Reply(200, result))
        assert [row.state for row in seen.judgement.rows] == [State.UNKNOWN, State.SUCCEEDED]

    @pytest.mark.parametrize(
        "listed",
        [
            reply(jobs=5),
            reply(jobs={"id": "j7"}),
            reply(jobs=["j7"]),
            reply(jobs=[{"uploadedFileName": "part-1.csv"}]),
            reply(jobs=[{"id": "o1"}], nextPage="/v1/uno/data-backfill/listjobs?page=1"),
        ],
    )
    def test_a_list_that_is_none_does_not_say_that_nothing_arrived(self, listed, monkeypatch):
        """Not even to one who wants it uploaded again: it could be there twice."""
        monkeypatch.setattr("runner.zuora.jobs.poller.MOST_PAGES", 5)
        seen, client, _ = followed("data-backfill", listed, case=Case(doubtful=True, resend=True))
        assert (kind(seen), seen.sent) == (Kind.STOP, False)
        assert not [call for call in client.calls if call.startswith("upload")]

    @pytest.mark.parametrize("content", [zip_of(x__csv=b"x" * 10**6), zip_of(a__csv=b"", b__csv=b""), b"<html>"])
    def test_a_foreign_result_is_refused_and_nothing_claimed(self, content):
        seen, _, _ = followed("data-backfill", reply(jobId="j1"), self.DONE, Reply(200, content))
        assert (kind(seen), "refused" in (seen.judgement.message or "")) == (Kind.UNKNOWN, True)

    @pytest.mark.parametrize("harmed", [b"\xef\xbb\xbfPK\xf7", b"<html>", b"PK\x03\x04", zip_of(a__csv=b"ID\nr1\n")])
    def test_a_result_that_was_harmed_on_its_way_is_fetched_again(self, harmed):
        """A page of a proxy, half a file, bytes in front of it: the file itself is as it was."""
        answers = [reply(jobId="j1"), self.DONE, Reply(200, harmed), Reply(200, harmed), Reply(200, self.RESULT)]
        seen, client, _ = followed("data-backfill", *answers)
        assert [row.state for row in seen.judgement.rows] == [State.SUCCEEDED, State.FAILED]
        assert [call.split("/")[2] for call in client.calls[-3:]] == ["files"] * 3

    def test_a_completed_job_without_a_result_is_unknown(self):
        assert kind(followed("data-backfill", reply(jobId="j1"), job("Completed"))[0]) is Kind.UNKNOWN

    @pytest.mark.parametrize("address", ["/v1/uno/data-backfill/listjobs?page=2", "https://h/v1/x?page=2"])
    def test_a_lost_upload_is_looked_for_on_all_pages(self, address):
        others = [{"id": f"o{n}", "uploadedFileName": f"other-{n}.csv"} for n in range(40)]
        mine = {"id": "j1", "uploadedFileName": "part-1.csv"}
        answers = [Silence("reset"), reply(jobs=others, nextPage=address), reply(jobs=[mine]), self.DONE]
        seen, client, book = followed("data-backfill", *answers, Reply(200, self.RESULT))
        assert (kind(seen), book.jobs) == (Kind.SUCCEEDED, {1: "j1"})
        assert [call for call in client.calls if call.startswith("upload")] == ["upload part-1.csv"]
        assert client.calls[2].endswith("?page=2")

    @pytest.mark.parametrize("lost", [Silence("reset"), Reply(503, b""), reply(), Reply(200, b"<html>")])
    def test_what_may_have_arrived_is_searched_for_ten_minutes_and_then_unknown(self, lost):
        seen, client, _ = followed("data-backfill", lost, reply(jobs=[]))
        assert (kind(seen), "--resend-unknown" in (seen.judgement.message or "")) == (Kind.UNKNOWN, True)
        assert sum(call.startswith("upload") for call in client.calls) == 1
        assert 600 <= client.at[-1] - client.at[1] <= 660

    def test_a_connection_that_never_was_is_no_doubt(self):
        answers = [Silence("connect", "refused", sent=False), reply(jobId="j1"), self.DONE, Reply(200, self.RESULT)]
        seen, client, _ = followed("data-backfill", *answers)
        assert (kind(seen), client.calls[:2]) == (Kind.SUCCEEDED, ["upload part-1.csv"] * 2)

    def test_a_clear_no_is_no_doubt(self):
        assert kind(followed("data-backfill", no(53200020))[0]) is Kind.FAILED
        answers = [no(53200050), reply(jobId="j1"), self.DONE, Reply(200, self.RESULT)]
        assert kind(followed("data-backfill", *answers)[0]) is Kind.SUCCEEDED

    def test_doubt_of_an_earlier_invocation_is_searched_first(self):
        mine = {"id": "j1", "uploadedFileName": "part-1.csv"}
        seen, client, _ = followed(
            "data-backfill", reply(jobs=[mine]), self.DONE, Reply(200, self.RESULT), case=Case(doubtful=True)
        )
        assert kind(seen) is Kind.SUCCEEDED
        assert not [call for call in client.calls if call.startswith("upload")]


def test_a_creation_is_followed_not_settled():
    """The judgement on what created a job."""
    follower = Follower(Scripted(), Noted())  # type: ignore[arg-type]
    request = Request(1, 1, "journal-run", b"{}", "", "0" * 40, 1, None)
    judgement = follower.judge(reply(journalRunNumber="JR-1"), request, History(), 0.0, 240.0)
    assert (judgement.kind, judgement.reason) == (Kind.AGAIN, Reason.FOLLOWING)
    assert {name for name, operation in OPERATIONS.items() if operation.tail} == {
        "data-backfill",
        "booking-dates",
        "auto-backfill",
        "auto-backfill-dry-run",
        "journal-run",
        "trial-balance",
    }
