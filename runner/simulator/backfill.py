"""The data backfill operations, and "Download a file" for their results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import msgspec

from runner.simulator.backfill_jobs import BackfillJobs
from runner.simulator.business_faults import Hindrance
from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.jobs import Job, Jobs, Stage
from runner.simulator.request import Request, Upload
from runner.simulator.responses import (
    BACKFILL,
    FILES,
    INVALID_VALUE,
    MALFORMED_REQUEST,
    MISSING_FIELD,
    NOT_FOUND,
    Answer,
    Problem,
    failure,
    stamped,
    success,
)
from runner.simulator.seeded_random import draw, hex_ids
from runner.simulator.stats import Counts
from runner.simulator.tenant.records import Records
from runner.simulator.uploads import LARGEST_BYTES, Rows, result_of, rows_of, zipped

# The first column names the record; a column that begins with # is for reference only.
TEMPLATES = {
    "ProductRatePlanCharge": "ID,#Product Name,#Name,Revenue Recognition Rule,Revenue Recognition Timing",
    "RatePlanCharge": "ID,#Subscription Number,#Charge Number,Revenue Recognition Rule,Revenue Recognition Timing",
    "InvoiceDetail": "ID,#Invoice Number,#Charge Name,Revenue Recognition Rule,Revenue Recognition Timing",
    "MemoDetail": "ID,#Memo Number,#Charge Name,Revenue Recognition Rule,Revenue Recognition Timing",
    "InvoiceItemAdjustment": "ID,#Adjustment Number,#Invoice Number,Revenue Recognition Rule",
}

_TYPE_KEYS = {"importType": ("importType",), "type": ("type",), "both": ("importType", "type")}
_WORDS = {
    Stage.PENDING: "Pending",
    Stage.PROCESSING: "Processing",
    Stage.COMPLETED: "Completed",
    Stage.FAILED: "Failed",
    Stage.STOPPING: "Stopping",
    Stage.STOPPED: "Stopped",
    Stage.CANCELED: "Canceled",
}
_CHANGED = {"InvoiceDetail": "InvoiceItem", "MemoDetail": "CreditMemoItem"}  # the table of a type of another name
BAD = "BAD"  # a row whose first cell begins so fails
FAILING = "FAIL"  # a job whose file name begins so fails as a whole


@dataclass(frozen=True, slots=True)
class _Wanted:
    type: str
    upload: Upload
    rows: Rows


class Backfill(BackfillJobs):
    """Updates nothing, and reports the result of every row. Listed at /v1/uno/data-backfill/listjobs."""

    def __init__(self, world: World, effects: Effects, hindrance: Hindrance, counts: Counts, records: Records) -> None:
        super().__init__(world, Jobs(world, "backfill"), "Data backfill", BACKFILL)
        self._records = records
        self._effects = effects
        self._hindrance = hindrance
        self._counts = counts
        self._files = dict(world.store.blobs("file"))

    def create(self, request: Request) -> Answer:
        """POST /v1/uno/data-backfill/jobs: "Create a data backfill job"; no Idempotency-Key is listed for it."""
        wanted = _wanted(request, self._templates())
        if not isinstance(wanted, _Wanted):
            return self.refuse(request, *wanted)
        hindered = self._hindrance.of(request, BACKFILL)
        if hindered is not None:
            return failure(request, hindered, self.world.options)
        number = self.world.serial("backfill")
        (name,) = hex_ids(self.world.options.seed, 1, "backfill", request.digest, number)
        self._begin(name, number, wanted)
        self._effects.record(request, [name])
        self._counts.uploads[wanted.upload.name] += 1
        return success(request, jobId=name)

    def retrieve(self, request: Request, name: str) -> Answer:
        """GET /v1/uno/data-backfill/jobs/{jobId}: "Retrieve a data backfill job"."""
        job = self.jobs.find(name)
        return self.unknown(request, name) if job is None else success(request, job=self._shown(job, ("importType",)))

    def template(self, request: Request, type_: str) -> Answer:
        """GET /v1/uno/data-backfill/jobs/{type}/template: "Download a data backfill template", as text/csv."""
        columns = self._templates().get(type_)
        if columns is None:
            return self.refuse(request, INVALID_VALUE, f"Invalid value for type: {type_}")
        name = f'attachment; filename="{type_}_template.csv"'
        headers = {**stamped(request), "Content-Disposition": name}
        return Answer(200, f"{columns}\n".encode(), "text/csv;charset=UTF-8", headers)

    def download(self, request: Request, name: str) -> Answer:
        """GET /v1/files/{fileId}: "Retrieve a file"; a result is there once its job is over."""
        job = next((job for job in self.jobs.newest_first() if job.facts["resultFileId"] == name), None)
        if job is None or self._stage(job) is not Stage.COMPLETED:
            return failure(request, Problem(FILES, NOT_FOUND, f"File {name} not found"), self.world.options)
        headers = {**stamped(request), "Content-Disposition": f'attachment; filename="{job.facts["resultFileName"]}"'}
        return Answer(200, self._files[name], "application/zip", headers)

    def _templates(self) -> dict[str, str]:
        """Which types there are, and their columns: templates differ from tenant to tenant."""
        return {**TEMPLATES, **self.world.options.templates}

    def _begin(self, name: str, number: int, wanted: _Wanted) -> None:
        content, failed = result_of(wanted.rows, self._judge)
        result, stem = hex_ids(0, 1, name, "result")[0], PurePath(wanted.upload.name).stem
        self._files[result] = zipped(f"{stem}_result.csv", content)
        self.world.store.put("file", result, self._files[result])
        facts = {
            "importType": wanted.type,
            "uploadedFileId": hex_ids(0, 1, name, "upload")[0],
            "uploadedFileName": wanted.upload.name,
            "uploadedFileUrl": f"/v1/files/{hex_ids(0, 1, name, 'upload')[0]}",
            "uploadedFileSize": f"{len(wanted.upload.content)}Byte",
            "inputFileSize": len(wanted.upload.content),
            "totalCount": len(wanted.rows) - 1,
            "bad": failed,
            "resultFileId": result,
            "resultFileName": f"{stem}_result.zip",
        }
        job = self.jobs.create(name, number, facts, fails=wanted.upload.name.startswith(FAILING))
        if not job.fails:
            good = [row[0] for row in wanted.rows[1:] if row and not self._judge(row)]
            self._records.change_later(job.ends_at, _CHANGED.get(wanted.type, wanted.type), good)

    def _judge(self, row: list[str]) -> str:
        options = self.world.options
        if row[0].startswith(BAD) or (options.bad_rows and draw(options.seed, "row", *row) < options.bad_rows):
            return f"Record {row[0]} not found"
        return ""

    def _stage(self, job: Job) -> Stage:
        return job.stage(self.world.now())

    def _shown(self, job: Job, keys: tuple[str, ...]) -> dict[str, Any]:
        """The job as it is shown; times are epoch milliseconds in a string.

        "Retrieve a data backfill job" names its type `importType`, "List data backfill jobs" names it `type`.
        """
        keys = _TYPE_KEYS.get(self.world.options.job_type_key, keys)
        now, stage, facts = self.world.now(), self._stage(job), dict(job.facts)
        bad, total = facts.pop("bad"), facts["totalCount"]
        done = 0 if stage is Stage.FAILED else int(total * job.share(now))
        failed = min(bad, done)
        if stage is Stage.COMPLETED:
            facts["resultFileUrl"] = f"/v1/files/{facts['resultFileId']}"
            facts["outputFileSize"] = len(self._files[facts["resultFileId"]])
        else:
            del facts["resultFileId"], facts["resultFileName"]
        counts = {"processedCount": done, "successCount": done - failed, "failedCount": failed}
        type_ = facts.pop("importType")
        shown = {
            "id": job.name,
            **dict.fromkeys(keys, type_),
            **facts,
            **counts,
            "status": _WORDS[stage],
            "uploadedBy": "simulator",
        }
        shown["completedPercentage"] = 100 * done // total
        return {**shown, **_times(job, stage)}

    def listed(self, job: Job) -> dict[str, Any]:
        return self._shown(job, ("type",))


def _times(job: Job, stage: Stage) -> dict[str, Any]:
    times = {"uploadedOn": _milliseconds(job.created_at)}
    if stage not in (Stage.PENDING, Stage.CANCELED):
        times["startedProcessingOn"] = _milliseconds(job.begins_at)
    if stage in (Stage.COMPLETED, Stage.FAILED):
        times["completedOn"] = _milliseconds(job.ends_at)
    if stage is Stage.FAILED:
        times["failureMessage"] = "The file could not be processed"
    return times


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


def _wanted(request: Request, templates: Mapping[str, str]) -> _Wanted | tuple[int, str]:
    """What a form asks for, or what is wrong with it."""
    if not request.form:
        return MALFORMED_REQUEST, "Request body is not multipart/form-data"
    type_, upload = _type(request.form.get("type")), request.form.get("file")
    if type_ is None or upload is None:
        return MISSING_FIELD, f"Missing required field: {'file' if type_ else 'type'}"
    if type_ not in templates:
        return INVALID_VALUE, f"Invalid value for field type: {type_}"
    if not isinstance(upload, Upload):
        return INVALID_VALUE, "Invalid value for field file: not a file"
    return _checked(type_, upload, request.form.get("checksum"))


def _type(value: str | Upload | None) -> str | None:
    """The type; the official SDK (3.21) sends it as a JSON object with `importType`."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value if isinstance(value, str) and value else None
    try:
        return msgspec.json.decode(value, type=dict[str, str]).get("importType")
    except msgspec.DecodeError:
        return value


def _checked(type_: str, upload: Upload, checksum: str | Upload | None) -> _Wanted | tuple[int, str]:
    if len(upload.content) > LARGEST_BYTES:
        return INVALID_VALUE, f"The file has {len(upload.content)} bytes; 4 MB are allowed"
    if checksum is not None and checksum != upload.md5:
        return INVALID_VALUE, "checksum does not match the file"
    try:
        return _Wanted(type_, upload, rows_of(upload))
    except ValueError as wrong:
        return INVALID_VALUE, str(wrong)
