"""Manifests × operations → requests, enrolled in the ledger in one pass. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from manifests import ManifestError, Source
from runner.domain.errors import Refused
from runner.domain.identity import fingerprint
from runner.domain.run_status import RunStatus
from runner.domain.steps import Regenerate, Step
from runner.ledger import Enrolment, Facts
from runner.ledger.facts import RESULTS_VERSION
from runner.plan.enroller import Enroller, Target
from runner.plan.open_manifests import OpenManifests
from runner.plan.step_kinds import kind_of
from runner.plan.transaction_ids import refuse_transaction_ids
from runner.system.runtime_tuning import give_back

__all__ = ["Opened", "Target"]


class Opened:
    """The steps of a run with their manifests open: digests known, headers checked, nothing enrolled yet.

    Raises Refused if a manifest or an option cannot be used.
    """

    def __init__(
        self, steps: Sequence[Step], target: Target, opened: OpenManifests, *, resend_unknown: bool = False
    ) -> None:
        self.steps, self.target, self.resend_unknown = tuple(steps), target, resend_unknown
        self._manifests = opened
        self.sources: dict[int, list[Source]] = {step.number: self._open(step) for step in self.steps}

    def _open(self, step: Step) -> list[Source]:
        """The manifests of a step. Options are checked first, then files and headers."""
        kind = kind_of(step.work)
        kind.refuse(step.work)
        try:
            reading = kind.reading(step.work)
            sources = [self._manifests.open(path, reading) for path in step.manifests]
            for source in sources:
                if isinstance(step.work, Regenerate):
                    refuse_transaction_ids(source.columns, source.path)
                kind.refuse_header(step.work, source, self.resend_unknown)
        except ManifestError as error:
            raise Refused(str(error)) from error
        return sources

    @property
    def digests(self) -> list[str]:
        """The SHA-256 of every manifest, in order."""
        return [source.digest.sha256 for sources in self.sources.values() for source in sources]

    @property
    def inputs(self) -> dict[str, Any]:
        """All that makes two runs the same, by name."""
        return {
            "manifests": self.digests,
            "steps": [[step.identifying, len(self.sources[step.number])] for step in self.steps],
            "host": self.target.host,
            "entity_ids": sorted(self.target.entity_ids),
            "org_ids": sorted(self.target.org_ids),
            "tenant": self.target.tenant,
        }

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the inputs."""
        return fingerprint(self.inputs.values())

    def enrol(
        self, ledger: Path, run: str, facts: Facts, templates: Mapping[str, tuple[str, ...]] | None = None
    ) -> bool:
        """Read, check and enrol every row. Returns whether rows were rejected without --skip-rejected.

        Raises Refused if a manifest breaks off or is ragged; then nothing is left behind.
        """
        with Enrolment(ledger) as enrolment:
            enroller = Enroller(enrolment, run, self.target, self.resend_unknown, templates or {})
            try:
                for step in self.steps:
                    enrolment.step(step.number, step.does, step.options)
                    kind_of(step.work).enrol(enroller, step.number, step.work, self.sources[step.number])
            except ManifestError as error:
                raise Refused(str(error)) from error
            status = RunStatus.REFUSED if enroller.refused else RunStatus.PLANNED
            planned = replace(facts, status=status, notes=tuple(enroller.notes), results_version=RESULTS_VERSION)
            if facts.parent is None and enroller.parents:
                planned = replace(planned, parent=next(reversed(enroller.parents)))
            sheets = tuple(enroller.sheets) if any(enroller.sheets) else ()
            enrolment.finish(replace(planned, sheets=sheets))
        give_back()
        return enroller.refused
