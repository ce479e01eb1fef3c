"""What is to be planned or run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from runner.config.settings import Flags
from runner.domain.errors import Refused
from runner.domain.steps import AnyWork, PlanWork, ReadingOptions, Reconcile, Regenerate, Select, Step, numbered
from runner.plan.modes import resolved
from runner.plan.plan_file import is_plan, read_plan
from runner.plan.sources import is_staged
from runner.runs.run_id import stem

Mode = Literal["default", "only-resend", "re-migrate"]


@dataclass(frozen=True)
class RunRequest:
    """A run that somebody wants planned or sent."""

    manifests: tuple[str, ...]
    flags: Flags = field(default_factory=Flags)
    run_id: str | None = None
    type: str | None = None
    types: dict[str, str] = field(default_factory=dict)  # of single manifests, by their paths
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    only_resend: bool = False
    re_migrate: bool = False
    mode: Mode | None = None  # both flags as one word; None: not named
    skip_rejected: bool = False
    resend_unknown: bool = False
    formats: tuple[str, ...] = ("parquet", "csv")
    again: bool = False
    if_unfinished: str | None = None
    retry_failed_from: str | None = None  # `last`, or a run
    give_up_after: int | None = None

    works: tuple[AnyWork, ...] = ()  # the steps, where they are not one `regenerate` over the manifests
    numbers: tuple[int, ...] = ()  # of the steps, where they are not 1, 2, 3
    plan: tuple[PlanWork, ...] = ()  # of a plan file whose steps depend on each other: runner.session.stages
    template_check: bool = True  # of backfill files, against the tenant's own
    name: str | None = None  # the run id's stem, where no manifest gives it
    planned_by_night: bool = False  # unattended: the next night takes the plan up, though nothing was sent

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the run."""
        return numbered(self.works or (self._regenerate,), self.numbers)

    @property
    def stem(self) -> str:
        """What the run's name begins with."""
        return stem(self.name or self.manifests[0])

    @property
    def _regenerate(self) -> Regenerate:
        return resolved(
            Regenerate(
                manifests=self.manifests,
                type=self.type,
                types=self.types,
                **msgspec.structs.asdict(self.reading),
                only_resend=self.only_resend,
                re_migrate=self.re_migrate,
                mode=self.mode,
                skip_rejected=self.skip_rejected,
            )
        )


def with_plan_file(request: RunRequest) -> RunRequest:
    """The request, with its plan file read if it names one. Raises Refused."""
    plans = [path for path in request.manifests if is_plan(path)]
    if not plans:
        return request
    if len(request.manifests) > 1:
        raise Refused(f"{plans[0]} is a plan file: give it alone; it names its manifests itself")
    options = (
        request.type,
        request.types,
        request.only_resend,
        request.re_migrate,
        request.mode,
        request.skip_rejected,
    )
    if any(options) or request.reading.chosen:
        raise Refused(f"{plans[0]} is a plan file: its steps say what to do with its manifests, not options")
    plan = read_plan(plans[0])
    flags = request.flags
    if flags.profile is None and plan.profile is not None:
        flags = replace(flags, profile=plan.profile)
    request = replace(request, manifests=(), name=plan.name or plans[0], flags=flags)
    if is_staged(plan.step):
        return replace(request, plan=plan.step)
    return replace(request, works=tuple(work for work in plan.step if not isinstance(work, Select | Reconcile)))
