"""`plan`, `run`, `resume`, `runs`, and their async twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.api.background import in_thread, in_thread_async
from runner.api.options import (
    CHECKING,
    CREDENTIALS,
    INVOKING,
    PLANNING,
    READING,
    SETTINGS,
    STOPPING,
    Files,
    Options,
    folder_path,
)
from runner.api.run import Run, run_of
from runner.domain.errors import ExitCode, Refused, RunnerError
from runner.runs.folder import RunFolder
from runner.runs.known_runs import known_runs
from runner.runs.lookup import find_run, started

if TYPE_CHECKING:
    from runner.config.settings import Flags, Settings
    from runner.plan.examination import Examination
    from runner.session.invocation import Invocation
    from runner.session.open_run import OpenRun
    from runner.session.run_request import RunRequest

Progress = Callable[[dict[str, int]], None]
_PLAN = (*SETTINGS, *CREDENTIALS, *PLANNING, *READING, "format", "no_template_check")
_SEND = (*STOPPING, *INVOKING, "yes", "progress")


def check(files: Files, **options: Any) -> Examination:
    """Check manifests as `plan` does, without credentials, tenant or run folder; writes nothing.

    Returns what was found: `rows`, `states` and `types` (rows by state and by type), `notes`, `problems` (a line for
    each problem of a manifest), `first_requests`, and `refused`, whether a plan would be refused. Options: `type`,
    `mode`, `re_migrate`, `only_resend`, `skip_rejected`, `resend_unknown` and those about reading files (`by`, `sheet`,
    `header_row`, `encoding`, `literal`, `include_hidden`, `skip_hidden`).

    Raises runner.errors.Refused for a file that cannot be read at all.
    """
    from runner.plan.examination import examined
    from runner.session.run_request import with_plan_file

    request = with_plan_file(Options("check", options, (*CHECKING, *READING)).request(files))
    return examined(request.steps, resend_unknown=request.resend_unknown)


def plan(files: Files, **options: Any) -> Run:
    """Read, check and enrol manifests, or a plan file; send nothing.

    `files` is one path or several. Options are named as on the command line (`regen help options`), with underscores:
    settings (`base_url`, `profile`, `config`, `runs_dir`, `client_id`, `client_secret`, `concurrency`, …) and those
    that say what is planned (`type`, `mode`, `re_migrate`, `run_id`, `skip_rejected`, `again`, `format`, …).

    Raises runner.errors.Refused for files and settings that cannot be used; the message names file, row and remedy.
    """
    request = Options("plan", options, _PLAN).request(files)
    return in_thread(lambda stopped: _planned(request))


def run(files: Files, **options: Any) -> Run:
    """Plan, then send; the same call within 20 hours continues where it stopped and never sends what is settled.

    Options as for `plan`, and those about stopping and pace: `max_requests`, `until` ('HH:MM', local time, or a
    datetime), `canary`, `max_failures` (a number or '5%'), `outage_patience` (minutes), `wait`, `resend_unknown`, …;
    `yes=True` confirms a production tenant, which is refused otherwise unless its profile allows it; `progress` is
    called about every second with `sent`, `succeeded`, `failed` and `unknown`, from another thread.

    Rows that fail are data: see `Run.counts` and `Run.exit_code`. Ctrl-C ends the run gracefully; `resume` continues.
    Raises runner.errors.Refused (nothing was sent), RunHeld (another process holds the run or its tenant), RunnerError.
    """
    taken = Options("run", options, (*_PLAN, *_SEND))
    return in_thread(_running(taken, files))


def resume(run: Run | str | Path, **options: Any) -> Run:
    """Send what a run has left; ask unknown rows again under the same key.

    `run` is a Run, an id, a unique beginning of one, `last`, or a run folder. Options: settings, and those about
    stopping and pace, as for `run`. Raises as `run` does.
    """
    taken = Options("resume", options, (*SETTINGS, *CREDENTIALS, *_SEND))
    return in_thread(_resuming(taken, run))


async def aplan(files: Files, **options: Any) -> Run:
    """`plan` for a running loop."""
    request = Options("aplan", options, _PLAN).request(files)
    return await in_thread_async(lambda stopped: _planned(request))


async def arun(files: Files, **options: Any) -> Run:
    """`run` for a running loop. A cancelled task ends the run gracefully, so that it can be resumed."""
    taken = Options("arun", options, (*_PLAN, *_SEND))
    return await in_thread_async(_running(taken, files))


async def aresume(run: Run | str | Path, **options: Any) -> Run:
    """`resume` for a running loop. A cancelled task ends the run gracefully, so that it can be resumed."""
    taken = Options("aresume", options, (*SETTINGS, *CREDENTIALS, *_SEND))
    return await in_thread_async(_resuming(taken, run))


def runs(*, runs_dir: str | Path | None = None) -> list[Run]:
    """The runs in the runs folder, the newest first; those whose run.json cannot be read are left out."""
    from runner.config.settings import runs_folder

    known = sorted(known_runs(runs_folder(folder_path(runs_dir))), key=lambda run: started(run.brief), reverse=True)
    return [run_of(run.folder, run.brief) for run in known]


def folder_of(run: Run | str | Path, runs_dir: str | Path | None = None) -> RunFolder:
    """The folder of a run. Raises Refused where there is none."""
    from runner.config.settings import runs_folder

    named = str(run.path) if isinstance(run, Run) else str(run)
    return find_run(runs_folder(folder_path(runs_dir)), named)


def _planned(request: RunRequest) -> Run:
    from runner.session.prepare import prepare
    from runner.session.run_request import with_plan_file
    from runner.session.stages import planned_stage

    request = with_plan_file(request)
    if request.plan:
        stage, _ = planned_stage(request)
        if stage is None:
            raise Refused(f"{request.name}: the selections gave no objects, so that there is nothing to send")
        request = stage
    with prepare(request) as prepared:
        return run_of(prepared.folder, prepared.run.document)


def _running(options: Options, files: Files) -> Callable[[Callable[[], bool]], Run]:
    request, invocation = options.request(files), options.invocation()
    chosen = options.some(("yes", "progress"))

    def work(stopped: Callable[[], bool]) -> Run:
        from runner.session.run_request import with_plan_file
        from runner.session.stage import Hands, StageEnd, Stops
        from runner.session.stages import in_stages

        ended: list[Run] = []

        def act(stage: RunRequest) -> StageEnd:
            ended.append(_run(stage, invocation, stopped, **chosen))
            return StageEnd(ExitCode(ended[-1].exit_code or 0), RunFolder(ended[-1].path))

        whole = with_plan_file(request)
        if not whole.plan:
            return _run(whole, invocation, stopped, **chosen)

        def resume(folder: RunFolder) -> StageEnd:
            ended.append(_resumed(folder, whole.flags, invocation, stopped, **chosen))
            return StageEnd(ExitCode(ended[-1].exit_code or 0), folder)

        code = in_stages(whole, Hands(act, resume, Stops(invocation.terms.until, stopped)))
        if not ended:
            raise Refused(f"{whole.name}: the selections gave no objects, so that there is nothing to send")
        return replace(ended[-1], exit_code=int(code))

    return work


def _run(request: RunRequest, invocation: Invocation, stopped: Callable[[], bool], **chosen: Any) -> Run:
    from runner.notify.reporting import reporting
    from runner.session.ownership import refuse_moved
    from runner.session.prepare import prepare

    with reporting(request.flags, request.stem) as report, prepare(request) as prepared:
        if prepared.over:
            report.folder, report.code = prepared.folder, prepared.exit_code
            return run_of(prepared.folder, prepared.run.document)
        if prepared.begun:
            refuse_moved(prepared.run)
        return _sent(prepared.run, prepared.settings, invocation, stopped, report, **chosen)


def _resuming(options: Options, run: Run | str | Path) -> Callable[[Callable[[], bool]], Run]:
    flags, invocation = options.flags(), options.invocation()
    chosen = options.some(("yes", "progress"))

    def work(stopped: Callable[[], bool]) -> Run:
        return _resumed(folder_of(run, flags.runs_dir), flags, invocation, stopped, **chosen)

    return work


def _resumed(
    folder: RunFolder, flags: Flags, invocation: Invocation, stopped: Callable[[], bool], **chosen: Any
) -> Run:
    from runner.notify.reporting import reporting
    from runner.session.open_run import OpenRun

    with reporting(flags, folder.id) as report, OpenRun(folder) as opened:
        of_run, settings = _settings(flags, opened, moved=invocation.moved)
        report.use(of_run)
        return _sent(opened, settings, invocation, stopped, report, **chosen)


def _settings(flags: Flags, run: OpenRun, *, moved: bool) -> tuple[Flags, Settings]:
    """The settings of a run that goes on. Raises Refused where they are not those that it was made with."""
    from runner.config.connection import tenant_of
    from runner.domain.run_status import RunStatus
    from runner.session.ownership import refuse_moved, refuse_other_tenant
    from runner.session.run_settings import refuse_other_settings, settings_of_run

    facts = run.store.facts()
    if facts.status in (RunStatus.ABANDONED, RunStatus.REFUSED):
        raise Refused(f"run {facts.run_id} is {facts.status}; plan its manifests again")
    flags, settings = settings_of_run(flags, facts)
    refuse_other_tenant(facts, settings, tenant_of(settings))
    refuse_other_settings(settings, facts)
    if not moved:
        refuse_moved(run)
    return flags, settings


def _sent(
    run: OpenRun,
    settings: Settings,
    invocation: Invocation,
    stopped: Callable[[], bool],
    report: Any,
    *,
    yes: bool = False,
    progress: Progress | None = None,
) -> Run:
    from runner.session.approval import permit
    from runner.session.session import proceed

    confirmed = permit(run.store, settings, yes=yes, show_plan=lambda: None, ask=False)
    report.folder = folder = run.folder
    on_progress = None if progress is None else lambda tally: progress(tally.counts())
    invocation = replace(
        invocation, confirmed=confirmed, command=("Python API",), stopped=stopped, on_progress=on_progress
    )
    try:
        ending = proceed(run, settings, invocation)
    except OSError as error:
        reason = f"{error.filename or folder.path}: {error.strerror or error}"
        raise RunnerError(f"{reason}; the ledger has every response: fix that, then resume {folder.id}") from error
    report.code, report.reason = ending.exit_code, ending.reason
    return run_of(folder, run.document)
