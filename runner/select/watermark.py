"""How far a named selection is confirmed: the watermark from which `--updated-since last` selects.

It moves over a window only once a run sent all of the window's rows and every one of them succeeded, or the tenant
itself showed that the unknown ones are done. A selection that was never sent, or whose run was killed or has failed
rows, moves nothing: the next one begins at the same time again.

The state is a file in the runs folder, `.select/<name>-<digest>.json`, one for each tenant and name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path

import msgspec

from runner.domain.errors import Refused
from runner.domain.model import State
from runner.runs import annotations as tenant_answers
from runner.runs.folder import RunFolder
from runner.runs.known_runs import known_runs
from runner.runs.run_json import RunDocument, StepDocument
from runner.system.atomic_file import make_private, replacing

FOLDER = ".select"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
OVERLAP = 15 * 60 * 1_000_000  # Data Query may lag: what was updated just before a selection may show after it
SAME_MOMENT = 10 * 1_000_000  # times come in whole seconds: an object may be updated twice in one of them
DONE = "done"

Updates = dict[str, int]  # ids of objects, and when they were updated (microseconds)


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A selection that no run has confirmed yet. Times are microseconds."""

    since: int
    until: int
    sha256: str  # of the manifest
    path: str
    rows: int
    recent: Updates = {}  # what it covers of its last minutes


class Watermark(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a name. All changes before `since` are confirmed."""

    name: str
    host: str
    tenant: str
    query: str  # other filters under the same name would miss what only they cover
    since: int
    recent: Updates = {}
    pending: tuple[Pending, ...] = ()

    def with_pending(self, pending: Pending) -> Watermark:
        """After a selection; one without rows is confirmed by itself."""
        if not pending.rows:
            return self.confirmed(pending)
        return msgspec.structs.replace(self, pending=(*self.pending, pending))

    def confirmed(self, pending: Pending) -> Watermark:
        """After all rows of a window succeeded. A window that begins later leaves a gap: it moves nothing."""
        if pending.since > self.since or pending.until <= self.since:
            return self
        left = tuple(other for other in self.pending if other.until > pending.until)
        return msgspec.structs.replace(self, since=pending.until, recent=pending.recent, pending=left)


def path_of(runs: Path, name: str, host: str, tenant: str) -> Path:
    """The file of a name. Raises Refused for a name that is no file's."""
    if not NAME.fullmatch(name):
        raise Refused(f"--name {name!r}: up to 80 of A-Z a-z 0-9 . _ -, beginning with a letter or digit")
    digest = hashlib.sha256("\0".join((host, tenant, name)).encode()).hexdigest()
    return runs / FOLDER / f"{name}-{digest[:8]}.json"


def load(path: Path, runs: Path) -> Watermark | None:
    """The watermark as runs have moved it; None if there was no selection of that name.

    Raises Refused if the file cannot be read: to begin anew unseen could lose changes.
    """
    try:
        watermark = msgspec.json.decode(path.read_bytes(), type=Watermark)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: the watermark cannot be read ({error}); remove it and name a date") from error
    return moved(watermark, runs)


def save(path: Path, watermark: Watermark) -> None:
    """Write it, whole or not at all."""
    make_private(path.parent, parents=True)
    with replacing(path) as file:
        file.write(msgspec.json.format(msgspec.json.encode(watermark), indent=2) + b"\n")


def moved(watermark: Watermark, runs: Path) -> Watermark:
    """The watermark after all windows whose rows a run of this tenant has confirmed."""
    if not watermark.pending:
        return watermark
    wanted = {pending.sha256 for pending in watermark.pending}
    confirmed = confirmed_digests(wanted, runs, watermark.host, watermark.tenant)
    for pending in sorted(watermark.pending, key=lambda each: each.until):
        if pending.sha256 in confirmed:
            watermark = watermark.confirmed(pending)
    return watermark


def confirmed_digests(wanted: Collection[str], runs: Path, host: str, tenant: str) -> set[str]:
    """The digests, `wanted` or not, of manifests whose rows have all succeeded in some run of the tenant that has a
    wanted manifest."""
    digests: set[str] = set()
    for run in known_runs(runs):
        brief = run.brief
        if (brief.host, brief.tenant) != (host, tenant) or not any(digest in wanted for digest in brief.manifests):
            continue
        document = run.folder.document()
        if document is None:
            continue
        unknown_are_done = _unknown_are_done(run.folder, document)
        for step in document.steps:
            if is_confirmed(step, unknown_are_done=unknown_are_done):
                digests.update(manifest.sha256 for manifest in step.manifests)
    return digests


def is_confirmed(step: StepDocument, *, unknown_are_done: bool = False) -> bool:
    """Whether every row of a step succeeded: whatever became of the run's other steps."""
    settled = {State.SUCCEEDED, State.DUPLICATE} | ({State.UNKNOWN} if unknown_are_done else set())
    rows = {State(state) for state, count in step.counts.items() if count}
    return bool(rows) and rows <= settled


def _unknown_are_done(run: RunFolder, document: RunDocument) -> bool:
    """Whether the tenant's last answer says of all unknown rows of a run that they are done."""
    unknown = document.counts.get(State.UNKNOWN, 0)
    return unknown > 0 and tenant_answers.answers(run).get(DONE, 0) == unknown
