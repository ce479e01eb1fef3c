"""From manifests to a run folder: a new run, the run that this command began before, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import structs, to_builtins

from runner.config.connection import tenant_of
from runner.config.settings import Settings, gather
from runner.domain.errors import ExitCode, Refused
from runner.domain.steps import Backfill, BookingDates, JournalRun
from runner.ledger import Facts, Store, open_read_only, queries
from runner.plan import rejections
from runner.plan.open_manifests import OpenManifests
from runner.plan.planner import Opened, Target
from runner.results.writer import write_views
from runner.runs.folder import RunFolder, folder
from runner.runs.run_id import default_id, next_id
from runner.runs.used_ids import ids_in_use, last_use
from runner.session.carryover import Carried, carry_over
from runner.session.existing_run import Decision, ExistingRun, decide, state_of
from runner.session.open_run import OpenRun, closed_if_refused
from runner.session.other_runs import Relatives, objects_in_doubt, relatives, same_command
from runner.session.ownership import facts_of
from runner.session.run_request import RunRequest, with_plan_file
from runner.system.console import printable, say
from runner.system.timestamps import utc_now

if TYPE_CHECKING:
    from runner.session.remote_start import RemoteStart

VIEWS = ("results.parquet", "results.csv", "results.xlsx", "errors.csv")
AGAIN = "add --again to send everything once more as a new run"


@dataclass(frozen=True)
class Prepared:
    """A run that has its plan, open. A context manager."""

    run: OpenRun
    settings: Settings
    begun: bool  # something was sent from it before
    over: bool  # nothing is left to send: it ended before
    exit_code: ExitCode = ExitCode.SUCCEEDED

    @property
    def folder(self) -> RunFolder:
        """The folder of the run."""
        return self.run.folder

    def __enter__(self) -> Prepared:
        return self

    def __exit__(self, *_: object) -> None:
        self.run.close()


def prepare(request: RunRequest) -> Prepared:
    """Plan the run, or take up the one that the command began before. Raises Refused with the remedy."""
    request = with_plan_file(request)
    settings = gather(request.flags)
    with OpenManifests() as manifests:
        request, carried = _carried_over(request, settings, manifests)
        return _Preparation(request, settings, _opened(request, settings, manifests), carried).prepared()


def prepare_night(request: RunRequest, settings: Settings) -> Prepared | None:
    """As `prepare`, for a request without its empty manifests and plan file; None if there is nothing to do at all."""
    with OpenManifests() as manifests:
        request, carried = _carried_over(request, settings, manifests)
        if not any(step.manifests or isinstance(step.work, BookingDates | JournalRun) for step in request.steps):
            return None
        return _Preparation(request, settings, _opened(request, settings, manifests), carried).prepared()


def check_headers(request: RunRequest, settings: Settings) -> None:
    """Raises Refused for options, files and headers that cannot serve, whether or not there are rows."""
    with OpenManifests() as manifests:
        _opened(request, settings, manifests)


def _carried_over(
    request: RunRequest, settings: Settings, manifests: OpenManifests
) -> tuple[RunRequest, Carried | None]:
    def fingerprint(candidate: RunRequest) -> str:
        return _opened(candidate, settings, manifests).fingerprint

    return carry_over(request, settings.runs_dir, settings.host, tenant_of(settings), fingerprint)


def _opened(request: RunRequest, settings: Settings, manifests: OpenManifests) -> Opened:
    profile = settings.profile
    target = Target(
        base_url=settings.base_url,
        host=settings.host,
        tenant=tenant_of(settings),
        entity_ids=tuple(profile.entity_ids),
        org_ids=tuple(profile.org_ids),
        billing_id_field=profile.billing_id_field,
    )
    return Opened(request.steps, target, manifests, resend_unknown=request.resend_unknown)


class _Preparation:
    def __init__(self, request: RunRequest, settings: Settings, opened: Opened, carried: Carried | None) -> None:
        self.request, self.settings, self.opened, self.carried = request, settings, opened, carried
        self.runs = settings.runs_dir
        self.remote: RemoteStart | None = None

    @cached_property
    def relatives(self) -> Relatives:
        """Runs of the folder that may be this command's own, or in its way."""
        return relatives(self.runs, self.opened)

    def prepared(self) -> Prepared:
        run = self._folder()
        prepared = self._existing(run) if run.ledger.exists() else None
        if self.settings.remote is not None and (prepared is None or not prepared.begun):
            run, prepared = self._as_registered(run, prepared, self.settings.remote)
        elif self.settings.remote is not None and prepared is not None and prepared.over:
            from runner.session.remote_start import publish_if_over

            publish_if_over(run)
        if prepared is None or not prepared.begun:
            prepared = self._twin(run) or prepared or self._enrolled(run)
        if not prepared.begun and self.request.if_unfinished != "new":
            with closed_if_refused(prepared.run):
                self._refuse_objects_in_doubt(prepared.run)
        return prepared

    def _as_registered(self, run: RunFolder, prepared: Prepared | None, url: str) -> tuple[RunFolder, Prepared | None]:
        """The run that the remote knows the command as, which may be of another machine; else what is here."""
        from runner.remote.register import Wanted
        from runner.session import remote_start

        request = self.request
        wanted = Wanted(request.run_id, request.again, request.if_unfinished == "new")
        start = remote_start.consult(url, self.opened.target.tenant, self.opened.fingerprint, wanted, self.runs)
        self.remote = start
        vars(self).pop("relatives", None)  # that took a while
        if start.brought is not None:
            return start.brought, self._existing(start.brought)
        if start.planned_again is not None:
            return folder(self.runs, start.planned_again.entry.run), None
        if prepared is None and run.id in start.taken:
            name = request.run_id or default_id(request.stem, self.opened.fingerprint, utc_now())
            return folder(self.runs, self._next_id(name)), None
        if prepared is not None:
            remote_start.set_follows(start, run)
        return run, prepared

    def _folder(self) -> RunFolder:
        """The run's folder: of a fixed id, of the same command in the last 20 hours, of an unsent plan, or new."""
        request, fingerprint = self.request, self.opened.fingerprint
        if request.run_id is not None:
            return folder(self.runs, self._next_id(request.run_id) if request.again else request.run_id)
        name = default_id(request.stem, fingerprint, utc_now())
        if request.again:
            return folder(self.runs, self._next_id(name))
        earlier = same_command(self.runs, request.stem, fingerprint, utc_now())
        if earlier is not None:
            return earlier
        run = folder(self.runs, name)
        if not run.ledger.exists():
            return self.relatives.unsent or run
        return folder(self.runs, self._next_id(name)) if self._is_of_another_night(run) else run

    def _next_id(self, name: str) -> str:
        """An id that no folder has, and whose keys were not used in the last day though its folder may be gone."""
        target = self.opened.target
        taken = ids_in_use(host=target.host, tenant=target.tenant, now=utc_now())
        if self.remote is not None:
            taken |= self.remote.taken
        return next_id(self.runs, name, taken=taken)

    def _is_of_another_night(self, run: RunFolder) -> bool:
        """Whether a run of the default id, made on the same UTC day, has started too long ago to be this one."""
        document = run.document()
        if document is None:
            return False
        return document.fingerprint == self.opened.fingerprint and document.started_at is not None

    def _existing(self, run: RunFolder) -> Prepared | None:
        """The run that is there already; None if it is to be planned anew."""
        with open_read_only(run.ledger) as store:
            facts = store.facts()
            existing = ExistingRun(
                status=facts.status,
                begun=queries.begun(store),
                pending=queries.pending(store),
                sealed=run.sealed,
                started_at=facts.started_at,
                differences=tuple(self._differences(facts)),
                replanned=self._is_planned_otherwise(store, facts),
            )
        match decide(state_of(existing, utc_now()), id_is_fixed=self.request.run_id is not None):
            case Decision.PLAN:
                return None
            case Decision.SEND:
                return Prepared(OpenRun(run), self.settings, begun=existing.begun, over=False)
            case Decision.REPORT:
                exit_code = ExitCode(facts.exit_code or 0)
                return Prepared(OpenRun(run), self.settings, begun=True, over=True, exit_code=exit_code)
            case Decision.REFUSE_ABANDONED:
                raise Refused(f"run {run.id} was abandoned; {AGAIN}")
            case Decision.REFUSE_INPUTS:
                names = ", ".join(existing.differences)
                raise Refused(f"run {run.id} was made with other {names}; use another --run-id, or leave it out")
            case Decision.REFUSE_OLD:
                raise Refused(
                    f"run {run.id} is over and was started at {existing.started_at}, more than 20 hours ago: a fixed "
                    f"--run-id would send nothing for ever; leave it out, use another, or {AGAIN}"
                )

    def _differences(self, facts: Facts) -> list[str]:
        """The names of the inputs in which a run differs from this command."""
        theirs, ours = facts.inputs, self.opened.inputs
        return [name.replace("_", " ") for name in ours if theirs.get(name) != to_builtins(ours[name])]

    def _is_planned_otherwise(self, store: Store, facts: Facts) -> bool:
        """Whether a plan was made with options that are no inputs of a run, but decide how it goes: a canary, what is
        done about rejected rows, the files' paths."""
        steps = [(step.number, step.does, to_builtins(step.options)) for step in self.opened.steps]
        paths = [source.path for sources in self.opened.sources.values() for source in sources]
        return (
            queries.steps(store) != steps
            or [manifest.path for manifest in queries.manifests(store) if manifest.path] != paths
            or any(getattr(facts, name) != value for name, value in self._deciding.items())
        )

    def _twin(self, run: RunFolder) -> Prepared | None:
        """An unfinished run of the same manifests for the same tenant, if it is to be resumed. Raises Refused."""
        if self.request.if_unfinished == "new":
            return None
        twin = self.relatives.unfinished_twin(besides=run)
        if twin is None:
            return None
        with open_read_only(twin.ledger) as store:
            facts = store.facts()
        names = self._differences(facts) + self._deciding_differences(facts)
        if self.request.if_unfinished == "resume" and not names:
            return Prepared(OpenRun(twin), self.settings, begun=True, over=False)
        other = f", but was made with other {', '.join(names)}" if names else ""
        choices = "new" if names else "new|resume"
        raise Refused(
            f"run {twin.id} holds the same manifests for the same tenant and is unfinished{other}: "
            f"`regen resume {twin.id}`, or `regen abandon {twin.id}`, or --if-unfinished {choices}"
        )

    def _deciding_differences(self, facts: Facts) -> list[str]:
        """The settings in which what an unfinished run sends differs from what this command would send."""
        ours = {
            "billing_id_field": self.opened.target.billing_id_field,
            "zuora_version": self.settings.profile.zuora_version,
            "base_url": self.settings.base_url,
        }
        return [name.replace("_", " ") for name, value in ours.items() if getattr(facts, name) != value]

    def _refuse_objects_in_doubt(self, run: OpenRun) -> None:
        """Raises Refused if an unfinished run may be at work on an object of this plan: it would be done twice."""
        target = self.opened.target
        for other in objects_in_doubt(self.runs, run, target.host, target.tenant):
            raise Refused(
                f"run {other.run.id} is unfinished and may have regenerated {other.count:,} "
                f"{'object' if other.count == 1 else 'objects'} of this plan, whose outcome it does not know yet "
                f"(such as {printable(other.example)}); nothing was sent. First `regen resume {other.run.id}`, or "
                "--if-unfinished new to send them all the same"
            )

    def _enrolled(self, run: RunFolder) -> Prepared:
        """Read, check and enrol the manifests. Raises Refused if rows were rejected and not to be skipped."""
        opened = self.opened
        run.make()
        with run.lock():
            existing = self._existing(run) if run.ledger.exists() else None
            if existing is not None:  # another process was faster with the same command
                return existing
            facts = facts_of(self.settings, opened.target.tenant, to_builtins(opened.inputs), opened.fingerprint, run)
            try:
                facts = structs.replace(
                    facts, **self._more_facts(), keys_used_before=self._keys_used_before(run, facts)
                )
                refused = opened.enrol(run.ledger, run.id, facts, self._templates())
            except BaseException:
                _remove_if_empty(run)
                raise
            run.unseal()
            for view in VIEWS:  # of a plan that was refused before
                (run.path / view).unlink(missing_ok=True)
            planned = OpenRun(run)
            self._write_plan(planned, refused)
            again = self.remote is not None and self.remote.planned_again is not None
            if self.remote is not None and again:
                from runner.session.remote_start import mark_again

                mark_again(self.remote, planned)
        return Prepared(planned, self.settings, begun=again, over=False)

    def _keys_used_before(self, run: RunFolder, facts: Facts) -> str | None:
        """When the keys of this plan were last used by a run whose folder is gone or elsewhere; says so."""
        used = last_use(
            run.id,
            host=facts.host,
            tenant=facts.tenant,
            folder=run.path,
            planned_at=facts.planned_at,
            now=utc_now(),
        )
        if used is None:
            again = None if self.remote is None else self.remote.planned_again
            return None if again is None else again.begun_at.isoformat()
        what = "is gone" if used.folder_is_gone else "is another one"
        say(
            f"run id {run.id} was used at {used.last_used_at:%Y-%m-%d %H:%M:%SZ} from {printable(used.folder)}, which "
            f"{what}. Its idempotency keys are the same, so that nothing is done twice: what succeeded then is not "
            "done again, and is reported as replayed. To regenerate everything once more, add --again",
            err=True,
        )
        return used.last_used_at.isoformat()

    def _templates(self) -> dict[str, tuple[str, ...]]:
        """The tenant's own templates of what is to be backfilled: the only question to it while planning."""
        from runner.session.tenant_jobs import templates

        works = [step.work for step in self.opened.steps]
        wanted = [work.type for work in works if isinstance(work, Backfill) and work.template_check]
        return templates(self.settings, wanted if self.request.template_check else ())

    def _more_facts(self) -> dict[str, Any]:
        carried = {} if self.carried is None else {"carried": self.carried.fact, "parent": self.carried.source}
        about: dict[str, Any] = {"name": self.request.stem, "planned_by_night": self.request.planned_by_night}
        if self.remote is not None:
            about["remote"] = self.remote.facts
        return about | self._deciding | carried

    @property
    def _deciding(self) -> dict[str, Any]:
        """Facts of a plan that are no inputs of its run, but would make another plan."""
        return {
            "formats": tuple(self.request.formats),
            "billing_id_field": self.opened.target.billing_id_field,
            "resend_unknown": self.request.resend_unknown,
        }

    def _write_plan(self, run: OpenRun, refused: bool) -> None:
        run.folder.put_document(run.document)
        if not refused:
            return
        with run:
            store = run.store
            write_views(store, run.folder.path, ())
            sources = [source for sources in self.opened.sources.values() for source in sources]
            problems, notes = rejections.lines(rejections.rejections(store), sources), store.facts().notes
            counts = queries.counts(store).values()
        rejected = sum(step.get("rejected", 0) for step in counts)
        everything = rejected == sum(sum(step.values()) for step in counts)
        raise Refused(_rejection(problems, rejected, run.folder, notes, everything=everything))


def _rejection(
    problems: Sequence[str], rejected: int, run: RunFolder, notes: Sequence[str], *, everything: bool
) -> str:
    head = f"{rejected:,} {'row was' if rejected == 1 else 'rows were'} rejected; nothing was sent:"
    rest = "" if everything else ", or send the rest with --skip-rejected"
    tail = f"all of them are in {run.path / 'errors.csv'}; fix the manifest and run the same command again{rest}"
    return "\n".join([head, *(f"  {printable(line)}" for line in (*problems, *notes)), tail])


def _remove_if_empty(run: RunFolder) -> None:
    """Leave no folder behind for a manifest that could not be read."""
    if run.path.is_dir() and not any(run.path.iterdir()):
        run.path.rmdir()
