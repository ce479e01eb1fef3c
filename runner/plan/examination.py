"""What a plan would be, determined without a tenant, credentials or a run folder: for `regen check`.

The manifests go through the planner as for a run, into a ledger that is thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from runner.domain.errors import Refused
from runner.domain.run_status import RunStatus
from runner.domain.steps import Regenerate, Step
from runner.ledger import Facts, Store, open_read_only, queries
from runner.plan import rejections
from runner.plan.open_manifests import OpenManifests
from runner.plan.planner import Opened, Target

_NOWHERE = Target(base_url="", host="", tenant="")
_SHOWN_REQUESTS = 3


class File(Struct):
    """One manifest: `sheet` of a workbook."""

    path: str
    sheet: str | None
    rows: int


class FirstRequest(Struct):
    """One of the first requests: operation, encoded query, canonical JSON."""

    operation: str
    query: str
    body: str | None


class Examination(Struct):
    """What was found in manifests. `problems` has a line for each problem of a manifest; `refused` says whether a plan
    would be refused for them."""

    files: list[File]
    states: dict[str, int]
    types: dict[str, int]
    first_requests: list[FirstRequest]
    notes: list[str]
    problems: list[str]
    refused: bool

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.states.values())


def examined(steps: Sequence[Step], *, resend_unknown: bool = False) -> Examination:
    """Read and check every row. Raises Refused, with all reasons, where files or headers cannot be used."""
    with OpenManifests() as manifests, TemporaryDirectory(prefix="regen-check-") as folder:
        try:
            opened = Opened(steps, _NOWHERE, manifests, resend_unknown=resend_unknown)
        except Refused as error:
            raise Refused("\n".join(_refusals(steps, manifests, resend_unknown)) or str(error)) from error
        ledger = Path(folder, "ledger.db")
        facts = Facts(run_id="check", fingerprint=opened.fingerprint, tenant="", formats=(), status=RunStatus.PLANNED)
        refused = opened.enrol(ledger, "check", facts)
        with open_read_only(ledger) as store:
            return _examination(store, opened, refused)


def _refusals(steps: Sequence[Step], manifests: OpenManifests, resend_unknown: bool) -> list[str]:
    """Why each file by itself cannot be used."""
    reasons: dict[str, None] = {}
    for step in steps:
        for path in step.manifests if isinstance(step.work, Regenerate) else ():
            single = Step(step.number, replace(step.work, manifests=(path,)))
            try:
                Opened([single], _NOWHERE, manifests, resend_unknown=resend_unknown)
            except Refused as error:
                reasons[str(error)] = None
    return list(reasons)


def _examination(store: Store, opened: Opened, refused: bool) -> Examination:
    sources = [source for sources in opened.sources.values() for source in sources]
    states: dict[str, int] = {}
    for counts in queries.counts(store).values():
        for state, count in counts.items():
            states[state] = states.get(state, 0) + count
    return Examination(
        files=[File(each.path, each.sheet, each.rows) for each in queries.manifests(store) if each.path],
        states=states,
        types=queries.types(store),
        first_requests=[FirstRequest(*each) for each in queries.bodies(store, _SHOWN_REQUESTS)],
        notes=list(store.facts().notes),
        problems=rejections.lines(rejections.rejections(store), sources, most=100),
        refused=refused or "pending" not in states,
    )
