"""The Data Query operations.

Sources: "Submit a data query", "Retrieve a data query job", "List data query jobs", "Cancel a data query job";
"Overview of Data Query" (limits), "Construct SQL Queries in Data Query". Their failures have neither `success` nor
`reasons`. How a full queue refuses is not published; nor is the text of a failure by too many rows.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from runner.simulator.context import World
from runner.simulator.query_jobs import COMPLETED, FAILED, QueryJob, QueryQueue
from runner.simulator.query_run import QueryRun
from runner.simulator.request import MALFORMED, Request
from runner.simulator.responses import Answer, encode, stamped
from runner.simulator.stats import Counts
from runner.simulator.tenant.engine import Result
from runner.simulator.tenant.records import Records

FILES = "/query/files/"
FORMATS = ("JSON", "CSV", "TSV", "DSV")
COMPRESSIONS = ("NONE", "GZIP", "ZIP")
LONGEST_QUERY = 1_000_000
STATUSES = ("submitted", "accepted", "in_progress", "completed", "failed", "cancelled")
_USUAL_LIST, _LONGEST_LIST = 20, 1000


class DataQuery:
    """The jobs, by id. They are kept in memory alone."""

    def __init__(self, world: World, records: Records, counts: Counts) -> None:
        self._world = world
        self._run = QueryRun(world, records)
        self.queue = QueryQueue(world, counts)

    def submit(self, request: Request) -> Answer:
        """POST /query/jobs."""
        if not request.content_type.startswith("application/json"):
            return _failure(request, 415, 415, "HTTP 415 Unsupported Media Type")
        if request.json is MALFORMED or not isinstance(request.json, dict):
            return _failure(request, 400, 400, "Unable to process JSON")
        complaint = _complaint(request.json, warehouse=self._world.options.warehouse)
        if complaint is not None:
            return _failure(request, 400, 400, complaint)
        name = str(uuid.UUID(int=self._number(), version=4))
        job = self.queue.submit(name, request.json, request.tenant)
        if job is None:
            most = self._world.options.query_queue
            return _failure(request, 429, 429, f"The queue of data queries is full: {most} queries wait already")
        now = _stamp(job.created_at)
        more = {"retries": 3, "createdOn": now, "createdByUserEmail": "simulator@example.com"}
        return self._shown(request, job, **more)

    def _number(self) -> int:
        digest = sha256(f"{self._world.options.seed} {self._world.serial('query')}".encode()).digest()
        return int.from_bytes(digest[:16], "big")

    def retrieve(self, request: Request, name: str) -> Answer:
        """GET /query/jobs/{job-id}; one of another user is refused."""
        job = self.queue.find(name)
        if job is None:
            return _unknown(request, name)
        if job.owner != request.tenant:
            return _failure(request, 403, 1009, f"Access denied for restricted job {name}")
        return self._shown(request, job)

    def listing(self, request: Request) -> Answer:
        """GET /query/jobs: one's own, the newest first; there is no second page."""
        size, status = request.query.get("pageSize", str(_USUAL_LIST)), request.query.get("queryStatus")
        if not size.isdecimal() or not 1 <= int(size) <= _LONGEST_LIST:
            return _failure(request, 400, 400, f"pageSize must be between 1 and {_LONGEST_LIST}")
        if status not in (None, *STATUSES):
            return _failure(request, 400, 400, f"queryStatus {status} is unknown")
        jobs = [self._job(request, job) for job in self.queue.newest_first() if job.owner == request.tenant]
        shown = [job for job in jobs if status in (None, job["queryStatus"])]
        return Answer(200, encode({"data": shown[: int(size)]}), headers=stamped(request))

    def cancel(self, request: Request, name: str) -> Answer:
        """DELETE /query/jobs/{job-id}: only while it is accepted or in progress."""
        job = self.queue.find(name)
        if job is None:
            return _unknown(request, name)
        if not self.queue.cancel(job):
            return _failure(request, 400, 1003, f"Query job {name} is not in accepted or in_progress status")
        return self._shown(request, job)

    def file(self, request: Request, name: str) -> Answer:
        """GET of a `dataFile`: as on S3, the address is the permission, and a token beside it is an error."""
        if request.authorization:
            return _s3(400, "InvalidArgument", "Only one auth mechanism allowed")
        job = self.queue.find(name.partition("_")[0])
        if job is None or not isinstance(job.outcome, Result):
            return _s3(404, "NoSuchKey", "The specified key does not exist.")
        job.downloads += 1
        issued = job.issued.get(request.query.get("X-Amz-Signature", ""))
        gone = job.fault is not None and job.fault.name == "query-file-gone" and job.downloads == 1
        if issued is None or gone or self._world.now() >= issued + self._world.options.file_seconds:
            return _s3(403, "AccessDenied", "Request has expired")
        return Answer(200, self._run.content(job), "application/octet-stream")

    # -- what a job shows ---------------------------------------------------------------------------------------

    def _shown(self, request: Request, job: QueryJob, **more: Any) -> Answer:
        return Answer(200, encode({"data": {**self._job(request, job), **more}}), headers=stamped(request))

    def _job(self, request: Request, job: QueryJob) -> dict[str, Any]:
        status = self.queue.status(job)
        if status == COMPLETED:
            job.outcome = job.outcome or self._run.outcome(job)
            status = FAILED if isinstance(job.outcome, str) else COMPLETED
        data: dict[str, Any] = {
            "id": job.name,
            "query": job.query,
            "queryStatus": status,
            "sourceData": job.source,
            "useIndexJoin": bool(job.body.get("useIndexJoin")),
            "createdBy": str(uuid.uuid5(uuid.NAMESPACE_URL, job.owner)),
            "remainingRetries": 0 if job.fault and job.fault.name == "query-timeout" and status == FAILED else 3,
            "updatedOn": _stamp(min(self._world.now(), job.ends_at() or self._world.now())),
        }
        if isinstance(job.outcome, Result):
            address = self._address(request, job)
            data |= {"dataFile": address, "outputRows": job.outcome.rows, "processingTime": int(job.seconds * 1000)}
        if status == FAILED and (reason := self._reason(job)) is not None:
            data["errorMessage"] = reason
        return data

    @staticmethod
    def _reason(job: QueryJob) -> str | None:
        if isinstance(job.outcome, str):
            return job.outcome
        return job.fault.reason if job.fault else None

    def _address(self, request: Request, job: QueryJob) -> str:
        """A presigned address, as S3 has them; each look at the job makes another."""
        name = f"{job.name}_{int(job.created_at)}.{self._run.suffix(job)}"
        now = self._world.now()
        signature = hmac.new(b"simulator", f"{name} {now}".encode(), sha256).hexdigest()
        job.issued[signature] = now
        seconds = int(self._world.options.file_seconds)
        return (
            f"http://{request.host}{FILES}{name}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={seconds}"
            f"&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
        )


def _complaint(body: dict[str, Any], *, warehouse: bool) -> str | None:
    """What is wrong with a submission."""
    for name in ("query", "outputFormat", "compression", "output"):
        if not body.get(name):
            return f"{name} may not be null"
    if not isinstance(body["query"], str) or len(body["query"]) > LONGEST_QUERY:
        return f"query must be a text of at most {LONGEST_QUERY} characters"
    if body["outputFormat"] not in FORMATS or body["compression"] not in COMPRESSIONS:
        return f"outputFormat is one of {', '.join(FORMATS)}; compression is one of {', '.join(COMPRESSIONS)}"
    if body["output"] != {"target": "S3"}:
        return "output must be {target: S3}, the only target"
    if body["outputFormat"] == "DSV" and len(str(body.get("columnSeparator", ""))) != 1:
        return "columnSeparator must be one character"
    if body.get("sourceData", "LIVE") not in ("LIVE", *(["WAREHOUSE"] if warehouse else [])):
        return f"sourceData {body['sourceData']} is not available in this tenant"
    return "encryptionKey is not imitated by this simulator" if body.get("encryptionKey") else None


def _unknown(request: Request, name: str) -> Answer:
    return _failure(request, 404, 1001, f"No such query: {name}")


def _failure(request: Request, status: int, code: int, message: str) -> Answer:
    return Answer(status, encode({"code": code, "message": message}), headers=stamped(request))


def _s3(status: int, code: str, message: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(), "application/xml")


def _stamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
