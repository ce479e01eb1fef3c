"""run.json: what a run is to do and how it ended, derived from its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from runner.domain.model import State
from runner.domain.run_status import RunStatus
from runner.ledger import Facts, Store, queries
from runner.ledger.facts import Breach, CanaryPending, Carried, RemoteFacts, Restoration, Start
from runner.runs.standing import Standing
from runner.system.timestamps import iso

_STEP_FIELDS = ("step", "do", "counts", "manifests")


class ManifestDocument(Struct, frozen=True, kw_only=True):
    """A manifest of a step."""

    path: str  # as given on the command line; empty for an operation on the whole tenant
    sha256: str
    bytes: int
    rows: int


class StepDocument(Struct, frozen=True, kw_only=True):
    """A step of the run. In the file its options are beside its other members."""

    number: int = field(name="step")
    do: str
    options: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)  # rows by state; states without rows are absent
    manifests: tuple[ManifestDocument, ...] = ()


class RequestCounts(Struct, frozen=True, kw_only=True):
    """How many requests wait, and how many were sent."""

    pending: int = 0
    sent: int = 0
    retries: int | UnsetType = UNSET


def _no_rows() -> dict[str, int]:
    return totals_of({})


class RunDocument(Standing, Struct, frozen=True, kw_only=True):
    """The content of run.json. Times are ISO 8601 in UTC. `counts` has every state and `rows`, their sum."""

    run: str
    status: RunStatus
    name: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    needs_person: bool = False
    base_url: str = ""
    host: str = ""
    tenant: str = ""
    tenant_kind: str = ""
    profile: str | None = None
    entity_ids: tuple[str, ...] = ()
    org_ids: tuple[str, ...] = ()
    zuora_version: str | None = None
    billing_id_field: str | None = None
    fingerprint: str = ""
    steps: tuple[StepDocument, ...] = ()
    keys_used_before: str | None = None
    parent: str | None = None
    carried: Carried | None = None
    formats: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=_no_rows)
    requests: RequestCounts = RequestCounts()
    canary_pending: CanaryPending | None = None
    planned_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    first_claimed_at: str | None = None
    last_answered_at: str | None = None
    head: str | None = None
    user: str | None = None
    machine: str = ""
    version: str = ""
    starts: tuple[Start, ...] = ()
    breaches: tuple[Breach, ...] = ()
    remote: RemoteFacts | None = None
    restorations: tuple[Restoration, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The members of run.json, as JSON values."""
        plain = msgspec.json.decode(msgspec.json.encode(self), type=dict[str, Any])
        for step in plain["steps"]:
            options = step.pop("options")
            counts, manifests = step.pop("counts"), step.pop("manifests")
            step |= options | {"counts": counts, "manifests": manifests}
        return plain


# The first use of a type makes what msgspec knows of it, which crashes where two threads do it at once (0.22), such as
# those of a fleet. So it is made here, under the lock of the import.
_READY = msgspec.json.Decoder(RunDocument)


def parsed(text: bytes) -> RunDocument | None:
    """The document in a file's content, that of version 0.1.0 included; None if it is none."""
    try:
        raw = msgspec.json.decode(text, type=dict[str, Any])
        for step in raw.get("steps", ()):
            step["options"] = {name: step.pop(name) for name in list(step) if name not in _STEP_FIELDS}
        document = msgspec.convert(raw, RunDocument)
    except (msgspec.MsgspecError, AttributeError, TypeError, UnicodeDecodeError):
        return None
    return msgspec.structs.replace(document, counts=_no_rows() | document.counts)


def totals_of(counts: dict[int, dict[str, int]]) -> dict[str, int]:
    """Rows by state over all steps; every state is named, and `rows` is their sum."""
    totals = {state.value: sum(step.get(state.value, 0) for step in counts.values()) for state in State}
    return {"rows": sum(totals.values())} | totals


def document_of(store: Store) -> RunDocument:
    """The document of a run from its ledger as it is now."""
    facts = store.facts()
    counts = queries.counts(store)
    sent, first, last = queries.sendings(store)
    return RunDocument(
        run=facts.run_id,
        steps=_steps(store, counts),
        counts=totals_of(counts),
        requests=RequestCounts(pending=queries.pending(store), sent=sent),
        first_claimed_at=None if first is None else iso(first),
        last_answered_at=None if last is None else iso(last),
        **{name: getattr(facts, name) for name in _SHARED},
    )


_SHARED = [name for name in RunDocument.__struct_fields__ if name in Facts.__struct_fields__]


def _steps(store: Store, counts: dict[int, dict[str, int]]) -> tuple[StepDocument, ...]:
    sources = queries.manifests(store)
    return tuple(
        StepDocument(
            number=step.number,
            do=step.do,
            options=step.options,
            counts=counts.get(step.number, {}),
            manifests=tuple(
                ManifestDocument(path=source.path, sha256=source.sha256, bytes=source.bytes, rows=source.rows)
                for source in sources
                if source.step == step.number
            ),
        )
        for step in queries.steps(store)
    )


_ONLY_IN_THE_LEDGER_OF_0_1_0 = frozenset({"billing_id_field", "zuora_version"})


class Difference(NamedTuple):
    """A member of run.json that is not what the ledger holds."""

    name: str
    in_file: Any
    in_ledger: Any


def differences(text: bytes, document: RunDocument) -> Iterator[Difference]:
    """How a file that `parsed` accepts differs from a document. What an older version left out has its default."""
    in_ledger = document.as_json()
    defaults = RunDocument(run="", status=RunStatus.PLANNED).as_json()
    members = msgspec.json.decode(text, type=dict[str, Any])
    in_file = defaults | members
    unknown_then = frozenset() if "needs_person" in members else _ONLY_IN_THE_LEDGER_OF_0_1_0
    for name in sorted((in_file.keys() | in_ledger.keys()) - unknown_then):
        if in_file.get(name) != in_ledger.get(name):
            yield Difference(name, in_file.get(name), in_ledger.get(name))
