"""What takes its time: a backfill job, a booking date job, a journal run. Create, follow, fetch the result.

```
send ─┬─ known ──────────────▶ look ─ goes on ─▶ (again in 2 to 60 s)
      ├─ in doubt, no key ──▶ search the list ─ found ─▶ look        ├─ over ─▶ result ─▶ the fates of the rows
      └─ neither ───────────▶ create ─ noted on disk ─▶ (look)
```

It stands behind the `send` that dispatch is handed: creating is an attempt like any other; a look that finds the job
going on is none, and waits as a row that is due later. What was created is noted on disk before it is followed, so that
a run that is killed follows it and never creates it again.

Source: Zuora API reference, "Create / Retrieve / List data backfill jobs", "Create / Retrieve a booking date backfill
job", "Create / Retrieve a journal run", "Retrieve a file". No Idempotency-Key is listed for backfill uploads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from runner.domain.model import Answer, History, Judgement, Kind, Reason, Reply, Request, Seen, Silence, State
from runner.system.recovery_points import reach
from runner.zuora.categories import CREDENTIALS, NOT_FOUND
from runner.zuora.client import Client, File
from runner.zuora.envelope import Envelope, accepted, envelope
from runner.zuora.jobs import result_file, trial_balance
from runner.zuora.jobs.listing import MOST_PAGES, first_page, page
from runner.zuora.jobs.state import Book, Case, Looks, Upload
from runner.zuora.jobs.status import Job, count, is_completed, is_over, is_under_way, updated, why
from runner.zuora.jobs.status import counts as job_counts
from runner.zuora.operations import OPERATIONS, TRIAL_BALANCE, Operation
from runner.zuora.reply_ids import ReplyIds
from runner.zuora.verdict import verdict

FILE_PATH = "/v1/files/{}"
FILE_RETRY_SECONDS = (1.0, 5.0, 25.0)  # before a result file that is none is fetched again


@dataclass
class Follower:
    """Sends the requests of a step whose operation has a tail."""

    client: Client
    book: Book
    looks: Looks = field(default_factory=Looks)
    cases: dict[int, Case] = field(default_factory=dict)
    show: Callable[[str, int, int], None] = lambda name, done, total: None
    created: Callable[[], None] = lambda: None
    reply_ids: ReplyIds = field(default_factory=ReplyIds)  # that replies to other requests had too

    async def send(self, request: Request, generation: int, attempt: int) -> Answer:
        """Create what the request asks for, or look how far it has come."""
        case = self.cases.setdefault(request.number, Case())
        if case.job is None and case.doubtful:
            seen = await self._search(request, case)
            if seen is not None:
                return seen
        if case.job is not None:
            return await self._look(request, case)
        return await self._create(request, generation, attempt, case)

    def judge(self, answer: Answer, request: Request, history: History, now: float, progress: float) -> Judgement:
        """The verdict; a success that has a tail is followed, and an upload in doubt is looked for."""
        operation, case = OPERATIONS[request.operation], self.cases.setdefault(request.number, Case())
        is_shared = partial(self.reply_ids.is_shared, request=request.number)
        judgement = verdict(answer, history, operation, now=now, progress_seconds=progress, is_shared=is_shared)
        self.reply_ids.note(request.number, judgement.reply_ids)
        if isinstance(answer, Seen):
            return judgement
        if judgement.kind is Kind.SUCCEEDED:
            return replace(
                judgement, kind=Kind.AGAIN, reason=Reason.FOLLOWING, spends=False, hold_seconds=self._wait(case)
            )
        if not operation.keyed and judgement.in_doubt:
            case.doubtful = True
            return replace(judgement, spends=False, hold_seconds=self._wait(case))
        return judgement

    # -- creating -------------------------------------------------------------------------------------------------

    async def _create(self, request: Request, generation: int, attempt: int, case: Case) -> Answer:
        operation = OPERATIONS[request.operation]
        answer: Answer
        if operation is TRIAL_BALANCE:
            return await self._run_trial_balance(request, case)
        if operation.upload:
            answer = await self._upload(request, attempt)
            if isinstance(answer, Silence) and answer.kind == "connect":
                return self._no_answer(case, answer.detail)  # not a byte of it was sent
        else:
            answer = await self.client.send(request, generation, attempt)
        reach("created")
        judgement = verdict(answer, History(), operation, now=0.0, progress_seconds=0.0)
        if judgement.kind is Kind.SUCCEEDED:
            await self._note(request, case, judgement.ids[0])
        return answer

    async def _run_trial_balance(self, request: Request, case: Case) -> Answer:
        begun = await trial_balance.begin(self.client, request)
        if begun.answer is None:
            return self._no_answer(case, begun.trouble)
        if isinstance(begun.answer, Reply):
            judgement = verdict(begun.answer, History(), TRIAL_BALANCE, now=0.0, progress_seconds=0.0)
            if judgement.kind is Kind.SUCCEEDED:
                await self._note(request, case, begun.period)
        return begun.answer

    async def _upload(self, request: Request, attempt: int) -> Reply | Silence:
        """Create a data backfill job."""
        upload = await self.book.upload(request)
        kind = "application/zip" if upload.file.endswith(".zip") else "text/csv"
        fields = {"type": upload.type, "checksum": upload.checksum}
        return await self.client.upload(request, attempt, fields, File(upload.file, upload.content, kind))

    async def _note(self, request: Request, case: Case, name: str) -> None:
        await self.book.note(request, name)
        reach("noted")
        case.job, case.looks, case.silent_since = name, 0, None
        self.created()

    # -- searching ------------------------------------------------------------------------------------------------

    async def _search(self, request: Request, case: Case) -> Seen | Silence | None:
        """Look for an upload whose answer was lost, by its file's name; None once it is found or may be repeated."""
        now = asyncio.get_running_loop().time()
        case.searching_since = case.searching_since if case.searching_since is not None else now
        upload = await self.book.upload(request)
        listed = await self._listed(upload.file)
        if isinstance(listed, Silence):
            return listed
        if isinstance(listed, str):
            return self._no_answer(case, listed)
        if listed:
            await self._note(request, case, listed[0])
            return None
        if case.resend:
            case.doubtful = case.resend = False
            case.searching_since = None
            return None
        if now - case.searching_since < self.looks.search_seconds:
            return self._again(case, f"looking for {upload.file} in the list of jobs")
        case.searching_since = None
        message = (
            f"the answer to the upload of {upload.file} was lost and the list of jobs does not show it; see "
            "--resend-unknown"
        )
        return Seen(Judgement(Kind.UNKNOWN, Reason.SILENCE, message=message), sent=True)

    async def _listed(self, file: str) -> tuple[str, ...] | str | Silence:
        """The jobs that were made of a file, through all pages of "List data backfill jobs"; else what went wrong."""
        path: str | None = first_page()
        for _ in range(MOST_PAGES):
            if path is None:
                return ()
            parsed = self._understood(await self.client.ask("GET", path))
            if not isinstance(parsed, Envelope):
                return parsed
            listed = page(parsed)
            if listed is None:
                return "the response is not a list of jobs"
            jobs, path = listed
            mine = [job for job in jobs if job.get("uploadedFileName") == file]
            if mine:
                names = tuple(str(job["id"]) for job in mine if job.get("id"))
                return names or f"the list of jobs shows {file} without an id"
        return "the list of jobs does not end"

    # -- following ------------------------------------------------------------------------------------------------

    async def _look(self, request: Request, case: Case) -> Answer:
        """How far it has come."""
        operation = OPERATIONS[request.operation]
        assert operation.tail is not None and case.job is not None
        answer = await self.client.ask("GET", operation.tail.path.format(quote(case.job, safe="")))
        parsed = self._understood(answer)
        if isinstance(parsed, Silence):
            return parsed
        balance = trial_balance.job_of(answer) if operation is TRIAL_BALANCE else None
        if isinstance(parsed, str) and balance is None:
            if isinstance(answer, Reply) and _is_gone(answer):
                return self._over(answer, Kind.FAILED, case.job, f"the tenant does not show it: {parsed}")
            return self._no_answer(case, parsed, answer)
        job = balance or _job_in(parsed, operation)
        if not isinstance(job, dict) or not isinstance(job.get("status"), str):
            return self._no_answer(case, f"{case.job}: an answer without a status", answer)
        if _is_another(job, operation, case.job):
            return self._no_answer(case, f"{case.job}: an answer about another job", answer)
        if await self._tell(request, case, job) or is_over(job) or is_under_way(job):
            case.silent_since = None
        assert isinstance(answer, Reply)
        return await self._judged(request, case, job, answer)

    async def _tell(self, request: Request, case: Case, job: dict[str, Any]) -> bool:
        """Pass on how far it has come; whether that is news."""
        counts = job_counts(job)
        reported = (job["status"], counts)
        if is_news := reported != case.reported:
            case.reported = reported
            await self.book.tell(request, *reported)
        self.show(case.job or "", counts.get("processedCount", 0), counts.get("totalCount", 0))
        return is_news

    async def _judged(self, request: Request, case: Case, job: dict[str, Any], answer: Reply) -> Answer:
        """What its status means for the request."""
        assert case.job is not None
        operation = OPERATIONS[request.operation]
        if is_under_way(job):
            return self._again(case, f"{case.job} is {job['status']}")
        if not is_over(job):  # a word that nobody knows may be an end: it is not followed for ever
            return self._no_answer(case, f"it is {job['status']!r}, which is not a known status")
        if operation.upload and job.get("resultFileId"):
            return await self._fetched(request, case, job, answer)
        if is_completed(job) and operation.upload:
            return self._over(answer, Kind.UNKNOWN, case.job, "it is Completed, and names no result file")
        if operation.upload and (some := updated(job)):
            reported = f"{why(job)}; it names no result file that shows which {some} records it updated"
            return self._over(answer, Kind.UNKNOWN, case.job, reported)
        if is_completed(job) and not _errors(operation, job):
            judgement = Judgement(Kind.SUCCEEDED, Reason.DONE, ids=(case.job,))
            return Seen(judgement, answer.status, answer.request_id, sent=True)
        return self._over(answer, Kind.FAILED, case.job, why(job))

    def _over(self, answer: Reply, kind: Kind, name: str, message: str) -> Seen:
        judgement = Judgement(kind, Reason.REFUSED, category="job", message=f"{name}: {message}")
        return Seen(judgement, answer.status, answer.request_id, sent=True)

    # -- the result -------------------------------------------------------------------------------------------------

    async def _fetched(self, request: Request, case: Case, job: dict[str, Any], answer: Reply) -> Answer:
        """The job with its result file: the fates of its rows. A file that is no result may be one that was harmed on
        its way, or a page of a proxy: it is fetched again before its rows are unknown."""
        upload = await self.book.upload(request)
        for seconds in FILE_RETRY_SECONDS:
            try:
                return await self._with_result(case, upload, job, answer)
            except result_file.ResultRefused:
                await asyncio.sleep(seconds)
        try:
            return await self._with_result(case, upload, job, answer)
        except result_file.ResultRefused as refused:
            return self._over(answer, Kind.UNKNOWN, case.job or "", f"its result file is refused: {refused}")

    async def _with_result(self, case: Case, upload: Upload, job: dict[str, Any], answer: Reply) -> Answer:
        """One try. Raises ResultRefused for a file that is no result of the upload."""
        most = result_file.most_bytes(upload.csv_bytes, len(upload.lines))
        file = await self.client.ask("GET", FILE_PATH.format(quote(str(job["resultFileId"]), safe="")), None, most)
        if not isinstance(file, Reply):
            if file.kind == "oversized":
                return self._over(answer, Kind.UNKNOWN, case.job or "", f"its result file has more than {most:,} bytes")
            return self._no_answer(case, f"{file.kind}: {file.detail}")
        if file.status != 200 or ((parsed := envelope(file.body)) and not parsed.success):
            return self._no_answer(case, f"the result file: HTTP {file.status}", file)
        reach("fetched")
        reported = result_file.record_results(result_file.unpacked(file.body, most), upload.id_header)
        return self._joined(case.job or "", upload, reported, job, answer)

    def _joined(
        self,
        name: str,
        upload: Upload,
        reported: Mapping[str, result_file.RecordResult],
        job: dict[str, Any],
        answer: Reply,
    ) -> Seen:
        """One outcome a row; unknown where the result is silent."""
        rows = result_file.fates(upload.lines, reported, job)
        differs = result_file.difference(rows, len(reported.keys() - upload.lines.keys()), job)
        message = f"{name}: {differs}" if differs else None
        silent = any(row.state is State.UNKNOWN for row in rows)
        kind = Kind.UNKNOWN if silent else Kind.SUCCEEDED
        judgement = Judgement(kind, Reason.DONE, ids=(name,), message=message, rows=rows)
        return Seen(judgement, answer.status, answer.request_id, sent=True)

    # -- waiting ----------------------------------------------------------------------------------------------------

    def _understood(self, answer: Reply | Silence) -> Envelope | Silence | str:
        """The envelope; silence that is not about the job; or what is wrong with the answer."""
        if isinstance(answer, Silence) and answer.kind in ("credentials", "certificate", "token"):
            return answer
        if isinstance(answer, Reply):
            parsed = envelope(answer.body)
            if answer.status == 401 or (parsed and CREDENTIALS in parsed.categories):
                self.client.auth.reject(answer.token)
        return accepted(answer)

    def _wait(self, case: Case) -> float:
        case.looks += 1
        return min(self.looks.longest_seconds, self.looks.first_seconds * self.looks.growth ** min(case.looks - 1, 30))

    def _again(self, case: Case, message: str, least: float = 0.0) -> Seen:
        wait = max(least, self._wait(case))
        known = case.job is not None
        judgement = Judgement(
            Kind.AGAIN, Reason.FOLLOWING, spends=False, known=known, hold_seconds=wait, message=message
        )
        return Seen(judgement)

    def _no_answer(self, case: Case, message: str, answer: Reply | Silence | None = None) -> Seen:
        """No usable answer: look again, and in the end stop the run; `resume` follows on."""
        now = asyncio.get_running_loop().time()
        case.silent_since = case.silent_since if case.silent_since is not None else now
        if now - case.silent_since >= self.looks.patience_seconds:
            case.silent_since = None
            minutes = self.looks.patience_seconds / 60
            stop = f"no usable answer about {case.job or 'the job'} for {minutes:g} minutes ({message})"
            return Seen(Judgement(Kind.STOP, Reason.SILENCE, spends=False, message=stop))
        return self._again(case, message, (answer.retry_after_seconds if answer else None) or 0.0)


def _is_gone(answer: Reply) -> bool:
    """Whether the API itself says that there is no such thing (category 40)."""
    parsed = envelope(answer.body)
    return parsed is not None and NOT_FOUND in parsed.categories


def _job_in(parsed: Envelope | str, operation: Operation) -> Any:
    """The job in an answer; None where there is none."""
    if isinstance(parsed, str) or operation.tail is None:
        return None
    return parsed.fields.get(operation.tail.within) if operation.tail.within else parsed.fields


def _is_another(job: Job, operation: Operation, name: str) -> bool:
    """Whether an answer is about another job or run than the one that was requested."""
    reported = job.get("id" if operation.tail and operation.tail.within else "number")
    return isinstance(reported, str) and reported.strip().lower() != name.strip().lower()


def _errors(operation: Operation, job: Job) -> bool:
    """A booking date job may be completed and have errors all the same. A count that cannot be read is no zero."""
    counted = operation.tail.error_count if operation.tail else None
    return counted is not None and job.get(counted) is not None and count(job, counted) != 0
