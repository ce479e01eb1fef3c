"""The brief of a run.json: the part of it that questions over all runs of a folder look at."""

from __future__ import annotations

from msgspec import Struct

from runner.domain.model import State
from runner.domain.run_status import RunStatus
from runner.runs.run_id import stem
from runner.runs.run_json import RunDocument
from runner.runs.standing import Standing

_STATES = ("rows", *(state.value for state in State))


class RunBrief(Standing, Struct, frozen=True, array_like=True, gc=False):
    """Members of run.json. Times are ISO 8601 in UTC."""

    run: str
    status: RunStatus
    name: str | None  # what the run's name began with; of a run of version 0.1.0, its first manifest's stem
    profile: str | None
    host: str
    tenant: str
    tenant_kind: str
    fingerprint: str
    manifests: tuple[str, ...]  # the digests of the files of all steps, in order of the digests
    rows: tuple[int, ...]  # `rows`, then each state
    needs_person: bool
    planned_at: str | None
    started_at: str | None
    first_claimed_at: str | None
    last_answered_at: str | None
    ended_at: str | None
    exit_code: int | None
    reason: str | None

    @property
    def counts(self) -> dict[str, int]:  # type: ignore[override]
        """Rows by state, and `rows`, their sum."""
        return dict(zip(_STATES, self.rows, strict=True))


def brief_of(document: RunDocument) -> RunBrief:
    """The brief of a run's document."""
    sources = [source for step in document.steps for source in step.manifests]
    same = {name: getattr(document, name) for name in _SAME}
    return RunBrief(
        name=document.name or (stem(sources[0].path) if sources else None),
        manifests=tuple(sorted(source.sha256 for source in sources if source.path)),
        rows=tuple(document.counts[state] for state in _STATES),
        **same,
    )


_SAME = [name for name in RunBrief.__struct_fields__ if name in RunDocument.__struct_fields__ and name != "name"]
