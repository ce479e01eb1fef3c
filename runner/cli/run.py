"""`regen run`: plan, ask where production asks, send, print how it ended."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.again import again_command
from runner.cli.dry_run import dry_run
from runner.cli.help_format import Command
from runner.cli.reading_options import reading
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.cli.output import Output
    from runner.config.settings import Settings
    from runner.domain.steps import AnyWork
    from runner.notify.reporting import Report
    from runner.runs.folder import RunFolder
    from runner.session.invocation import Invocation
    from runner.session.open_run import OpenRun
    from runner.session.prepare import Prepared
    from runner.session.run_request import RunRequest
    from runner.session.stage import Note, StageEnd


preflight = options.option(
    "--preflight",
    section="What",
    is_flag=True,
    help="First look up by Data Query whether the objects exist; if some do not, ask for confirmation (or --yes).",
)


@click.command(cls=Command)
@options.manifests
@preflight
@reading
@options.connection
@options.pace
@options.notification
@options.console
@dry_run
def run(**params: Any) -> ExitCode:
    """Plan, then send. The same command again continues where it stopped.

    What is settled is never sent again; --again makes a new run.

    \b
    Examples:
      regen run subscriptions.csv invoices.csv.gz
      regen run objects.parquet --type Invoice --rate 50 --until 06:00
      regen run subscriptions.csv --canary 10 --max-failures 5%
      zcat objects.csv.gz | regen run - --type Invoice

    Exit codes: see `regen help exit-codes`. 0 every row succeeded, 2 refused, 3
    some rows failed, 4 stopped, 5 stopped at its deadline or budget.
    """
    from runner.session.run_request import with_plan_file

    request = with_plan_file(options.run_request(params))
    invocation, output = options.invocation(params), options.output(params)
    if request.plan:
        return _run_stages(request, invocation, output)
    return start_run(request, invocation, output)


def _run_stages(request: RunRequest, invocation: Invocation, output: Output) -> ExitCode:
    """The runs of a plan file, one after the other. What ends it between two runs is reported like the end of a run."""
    from runner.notify.reporting import reporting
    from runner.session.stage import Hands, Stops
    from runner.session.stages import in_stages

    @contextlib.contextmanager
    def watched() -> Iterator[Note]:
        with reporting(request.flags, request.stem) as report:

            def note(end: StageEnd) -> None:
                report.folder, report.code, report.reason = end.folder, end.exit_code, end.reason

            yield note

    hands = Hands(
        send=lambda stage: _run_stage(stage, invocation, output),
        resume=lambda folder: _resume_stage(folder, request, invocation, output),
        stops=Stops(invocation.terms.until),
        watched=watched,
    )
    return in_stages(request, hands)


def _resume_stage(folder: RunFolder, request: RunRequest, invocation: Invocation, output: Output) -> StageEnd:
    """Go on with a run of a plan file."""
    from runner.notify.reporting import reporting
    from runner.session.open_run import OpenRun
    from runner.session.ownership import refuse_moved
    from runner.session.run_settings import settings_of_run
    from runner.session.stage import StageEnd

    with reporting(request.flags, request.stem) as report, OpenRun(folder) as run:
        _, settings = settings_of_run(request.flags, run.store.facts())
        refuse_moved(run)
        return StageEnd(send_pending(run, settings, invocation, output, report), folder)


def run_one_step(params: options.Params, work: AnyWork, name: str) -> ExitCode:
    """A run of one step that is not over manifests of objects; with --plan it is only planned."""
    from runner.cli.plan import plan_run

    request, output = _one_step_request(params, work, name), options.output(params)
    if params["plan_only"]:
        return plan_run(request, output)
    return start_run(request, options.invocation(params), output)


def _one_step_request(params: options.Params, work: AnyWork, name: str) -> RunRequest:
    """A run of one step that is not over manifests of objects."""
    from runner.domain.steps import files_of
    from runner.results.formats import formats_of
    from runner.session.run_request import RunRequest

    names = ("run_id", "resend_unknown", "again", "if_unfinished")
    return RunRequest(
        manifests=(),
        works=(work,),
        name=(files_of(work) or (name,))[0],
        flags=options.flags(params),
        formats=formats_of(params["format_"]),
        **{each: params[each] for each in names},
    )


def start_run(request: RunRequest, invocation: Invocation, output: Output) -> ExitCode:
    """Prepare a run, then send. A run that is finished already is printed and not sent again."""
    return _run_stage(request, invocation, output).exit_code


def _run_stage(request: RunRequest, invocation: Invocation, output: Output) -> StageEnd:
    from runner.cli.plan_text import plan_text
    from runner.notify.reporting import reporting
    from runner.session.ownership import refuse_moved
    from runner.session.prepare import prepare
    from runner.session.stage import StageEnd
    from runner.system.console import say

    with reporting(request.flags, request.stem) as report, prepare(request) as prepared:
        run = prepared.run
        if prepared.over:
            report.folder, report.code = prepared.folder, prepared.exit_code
            return StageEnd(_print_over(prepared, output), prepared.folder)
        if prepared.begun:
            refuse_moved(run)
        plan_shown = not prepared.begun and not output.quiet
        if plan_shown:
            say(plan_text(run, prepared.settings, invocation.terms.max_requests), err=True)
        code = send_pending(run, prepared.settings, invocation, output, report, plan_shown=plan_shown)
        return StageEnd(code, prepared.folder)


def send_pending(
    run: OpenRun,
    settings: Settings,
    invocation: Invocation,
    output: Output,
    report: Report,
    *,
    plan_shown: bool = False,
) -> ExitCode:
    """Ask for production, send what the run has left, print how it ended."""
    from runner.cli.output import print_run
    from runner.cli.plan_text import plan_text
    from runner.domain.errors import RunnerError
    from runner.domain.run_status import RunStatus
    from runner.session.approval import permit
    from runner.session.session import proceed
    from runner.system.console import printable, say

    def show_plan() -> None:
        if not plan_shown:
            say(plan_text(run, settings, invocation.terms.max_requests), err=True)

    folder = run.folder
    confirmed = permit(run.store, settings, yes=output.yes, show_plan=show_plan, preflight=invocation.preflight)
    invocation = replace(invocation, confirmed=confirmed, command=("regen", *sys.argv[1:]))
    report.folder = folder
    try:
        ending = proceed(run, settings, invocation)
    except OSError as error:
        raise RunnerError(
            f"{error.filename or folder.path}: {error.strerror or error}; the ledger has every response: "
            f"fix that (free some space, for example), then `regen resume {folder.id}`"
        ) from error
    report.code, report.reason = ending.exit_code, ending.reason
    print_run(run, output)
    if ending.reason and ending.status is not RunStatus.FINISHED:
        say(printable(f"{ending.status}: {ending.reason}"), err=True)
    return ending.exit_code


def _print_over(prepared: Prepared, output: Output) -> ExitCode:
    from runner.cli.output import print_run
    from runner.domain.run_status import RunStatus
    from runner.system.console import say

    print_run(prepared.run, output)
    if not (output.json or output.quiet):
        over = "halted" if prepared.run.document.status is RunStatus.HALTED else "already finished"
        say(f"{over}: nothing was sent. Everything once more, as a new run: {again_command()}")
    return prepared.exit_code
