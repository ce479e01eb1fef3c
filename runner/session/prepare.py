"""From manifests to a run folder: a new one, the one that this command began before, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from runner.config.connection import tenant_of
from runner.config.settings import Settings, gather
from runner.domain.errors import ExitCode, Refused
from runner.domain.steps import Backfill
from runner.ledger import Store, open_read_only, queries
from runner.plan.planner import Opened, Target
from runner.results.writer import write_views
from runner.runs.folder import RunFolder, all_runs, folder
from runner.runs.run_id import default_id, next_id
from runner.runs.run_json import write_document
from runner.session.carryover import Carried, carry_over
from runner.session.ownership import facts_of
from runner.session.run_request import Asked, with_plan_file
from runner.system.console import printable
from runner.system.timestamps import iso, now_microseconds

VIEWS = ("results.parquet", "results.csv", "errors.csv")
RESUMABLE = frozenset({"running", "stopped", "paused", "interrupted", "terminated", "fault"})


@dataclass(frozen=True)
class Prepared:
    """A run folder that holds the plan."""

    folder: RunFolder
    settings: Settings
    begun: bool  # something was sent from it before
    over: bool  # nothing is left to send: it was told before
    exit_code: ExitCode = ExitCode.SUCCEEDED


def prepare(asked: Asked) -> Prepared:
    """Plan the run, or find it. Raises Refused with the remedy."""
    asked = with_plan_file(asked)
    settings = gather(asked.flags)
    profile = settings.profile
    target = Target(
        base_url=settings.base_url,
        host=settings.host,
        tenant=tenant_of(settings),
        entity_ids=tuple(profile.entity_ids),
        org_ids=tuple(profile.org_ids),
        billing_id_field=profile.billing_id_field,
    )
    asked, carried = carry_over(
        asked, settings.runs_dir, settings.host, target.tenant, partial(_fingerprint, target=target)
    )
    with Opened(asked.steps, target, resend_unknown=asked.resend_unknown) as opened:
        return _Preparation(asked, settings, opened, carried).prepared()


def _fingerprint(asked: Asked, target: Target) -> str:
    with Opened(asked.steps, target, resend_unknown=asked.resend_unknown) as opened:
        return opened.fingerprint


class _Preparation:
    def __init__(self, asked: Asked, settings: Settings, opened: Opened, carried: Carried | None) -> None:
        self.asked, self.settings, self.opened, self.carried = asked, settings, opened, carried
        self.runs = settings.runs_dir

    def prepared(self) -> Prepared:
        place = self._place()
        if place.ledger.exists():
            found = self._found(place)
            if found is not None:
                return found
        other = self._unfinished(place)
        if other is not None:
            return Prepared(other, self.settings, begun=True, over=False)
        return self._enrolled(place)

    def _place(self) -> RunFolder:
        """Which folder the run goes into."""
        asked, mark = self.asked, self.opened.fingerprint
        name = default_id(asked.stem, mark) if asked.run_id is None else asked.run_id
        place = folder(self.runs, name)
        if asked.again:
            return folder(self.runs, next_id(self.runs, name))
        if asked.run_id is None and not place.ledger.exists():
            return self._unsent_plan(mark) or place
        return place

    def _unsent_plan(self, mark: str) -> RunFolder | None:
        """A plan with equal inputs that nothing was sent from, whatever its date."""
        for candidate in reversed(all_runs(self.runs)):
            document = candidate.document() or {}
            if document.get("fingerprint") == mark and document.get("status") == "planned":
                return candidate
        return None

    def _found(self, place: RunFolder) -> Prepared | None:
        """The run that is there already; None if it may be planned anew."""
        with open_read_only(place.ledger) as store:
            facts, begun, pending = store.facts(), queries.begun(store), queries.pending(store)
            changed = not begun and facts["status"] != "abandoned" and self._is_planned_otherwise(store, facts)
        differing = self._differences(facts)
        if changed or (differing and not begun):
            return None
        if differing:
            raise Refused(
                f"run {place.id} was made with other {', '.join(differing)}; name another --run-id, or leave it out"
            )
        return self._same(place, facts, begun, pending)

    def _same(self, place: RunFolder, facts: dict[str, Any], begun: bool, pending: int) -> Prepared | None:
        status = facts["status"]
        if status == "refused":
            return None
        if status == "abandoned":
            raise Refused(f"run {place.id} was abandoned; {self._again()}")
        if place.sealed and status not in RESUMABLE and begun and not (status == "planned" and pending):
            self._refuse_old(place, facts)
            return Prepared(place, self.settings, True, True, ExitCode(facts.get("exit_code", 0)))
        return Prepared(place, self.settings, begun=begun, over=False)

    def _refuse_old(self, place: RunFolder, facts: dict[str, Any]) -> None:
        """An explicit id that finished on an earlier day would send nothing for ever."""
        ended, today = str(facts.get("ended_at") or "")[:10], iso(now_microseconds())[:10]
        if self.asked.run_id is not None and ended < today:
            raise Refused(
                f"run {place.id} finished on {ended}: a fixed --run-id would send nothing for ever; leave it out, "
                f"give another, or {self._again()}"
            )

    def _again(self) -> str:
        return "add --again to send everything once more as a new run"

    def _differences(self, facts: dict[str, Any]) -> list[str]:
        """The names of the inputs in which a run differs from what is asked for now."""
        theirs, ours = facts.get("inputs", {}), self.opened.inputs
        return [name.replace("_", " ") for name in ours if theirs.get(name) != _plain(ours[name])]

    def _is_planned_otherwise(self, store: Store, facts: dict[str, Any]) -> bool:
        """Whether a plan was made with what does not tell runs apart, but decides how this one goes: a canary, what is
        done about rejected rows, the files' places."""
        asked = [{"step": step.number, "do": step.does} | step.options for step in self.opened.steps]
        paths = [source.path for sources in self.opened.sources.values() for source in sources]
        return (
            queries.steps(store) != _plain(asked)
            or [manifest.path for manifest in queries.manifests(store) if manifest.path] != paths
            or any(facts.get(name, value) != value for name, value in self._deciding.items())
        )

    def _unfinished(self, place: RunFolder) -> RunFolder | None:
        """An unfinished run of the same manifests for the same tenant, to be resumed; refuses unless told."""
        if self.asked.if_unfinished == "new":
            return None
        for other in all_runs(self.runs):
            if other.id != place.id and self._is_unfinished_twin(other):
                if self.asked.if_unfinished == "resume":
                    return other
                raise Refused(
                    f"run {other.id} holds the same manifests for the same tenant and is unfinished: "
                    f"`regen resume {other.id}`, or `regen abandon {other.id}`, or --if-unfinished new|resume"
                )
        return None

    def _is_unfinished_twin(self, other: RunFolder) -> bool:
        document = other.document() or {}
        digests = [m["sha256"] for step in document.get("steps", []) for m in step.get("manifests", []) if m["path"]]
        same = sorted(digests) == sorted(self.opened.digests) and document.get("tenant") == self.opened.target.tenant
        if not self.opened.digests:  # operations on the whole tenant: they are the same if they ask for the same
            same = same and document.get("fingerprint") == self.opened.fingerprint
        if not same or document.get("host") != self.opened.target.host or not other.ledger.exists():
            return False
        with open_read_only(other.ledger) as store:
            closed = store.facts()["status"] in ("halted", "abandoned")
            return not closed and queries.begun(store) and queries.pending(store) > 0

    def _enrolled(self, place: RunFolder) -> Prepared:
        """Read, check and enrol the manifests. Raises Refused if rows were rejected and not to be skipped."""
        opened = self.opened
        place.make()
        with place.lock():
            found = self._found(place) if place.ledger.exists() else None
            if found is not None:  # another process was faster with the same command
                return found
            facts = facts_of(self.settings, opened.target.tenant, _plain(opened.inputs), opened.fingerprint, place)
            try:
                refused = opened.enrol(place.ledger, place.id, facts | self._more_facts(), self._templates())
            except BaseException:
                _remove_if_empty(place)
                raise
            place.unseal()
            for view in VIEWS:  # of a plan that was refused before
                (place.path / view).unlink(missing_ok=True)
            self._write_plan(place, refused)
        return Prepared(place, self.settings, begun=False, over=False)

    def _templates(self) -> dict[str, tuple[str, ...]]:
        """The tenant's own templates of what is to be backfilled: the only question to it while planning."""
        from runner.session.tenant_jobs import templates

        works = [step.work for step in self.opened.steps]
        wanted = [work.type for work in works if isinstance(work, Backfill) and work.template_check]
        return templates(self.settings, wanted if self.asked.template_check else ())

    def _more_facts(self) -> dict[str, Any]:
        carried = {} if self.carried is None else {"carried": self.carried.fact}
        return {"name": self.asked.stem} | self._deciding | carried

    @property
    def _deciding(self) -> dict[str, Any]:
        """Facts of a plan that are no inputs of its run, but would make another plan."""
        return {
            "formats": list(self.asked.formats),
            "billing_id_field": self.opened.target.billing_id_field,
            "resend_unknown": self.asked.resend_unknown,
        }

    def _write_plan(self, place: RunFolder, refused: bool) -> None:
        with open_read_only(place.ledger) as store:
            write_document(place, store)
            if not refused:
                return
            write_views(store, place.path, (), place.id)
            problems, notes = queries.problems(store, 10), store.facts().get("notes", [])
            rejected = sum(step.get("rejected", 0) for step in queries.counts(store).values())
        raise Refused(_rejection(problems, rejected, place, notes))


def _rejection(problems: Sequence[tuple[str, int, str]], rejected: int, place: RunFolder, notes: Sequence[str]) -> str:
    shown = ["  " + printable(f"{path}, row {row}: {problem}") for path, row, problem in problems]
    more = [f"  … and {rejected - len(shown)} more"] if rejected > len(shown) else []
    head = f"{rejected} {'row was' if rejected == 1 else 'rows were'} rejected; nothing was sent:"
    tail = (
        f"all of them are in {place.path / 'errors.csv'}; mend the manifest and give the same command again, or send "
        "the rest with --skip-rejected"
    )
    return "\n".join([head, *shown, *more, *(f"  {printable(note)}" for note in notes), tail])


def _remove_if_empty(place: RunFolder) -> None:
    """Leave no folder behind for a manifest that could not be read."""
    if place.path.is_dir() and not any(place.path.iterdir()):
        place.path.rmdir()


def _plain(value: Any) -> Any:
    """A value as JSON gives it back: tuples are lists."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
