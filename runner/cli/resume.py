"""`regen resume`: send what a run has left, from its folder alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.dry_run import no_dry_run
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode, Refused
from runner.domain.run_status import RunStatus

if TYPE_CHECKING:
    from runner.ledger import Facts


@click.command(cls=Command)
@no_dry_run("`regen show RUN` says what is left, and sends nothing")
@options.run_argument
@options.connection
@options.remote
@options.pace
@options.resend_unknown
@options.notification
@options.console
@options.option("--moved", section="Where", is_flag=True, help="The run folder came from another machine.")
@options.option(
    "--accept-incomplete-ledger",
    section="What",
    is_flag=True,
    help="Continue with a ledger that is older than its folder: every row without an outcome may have been sent.",
)
@options.option(
    "--accept-failures", section="Stop rules", is_flag=True, help="Continue with the next step despite failures."
)
def resume(**params: Any) -> ExitCode:
    """Send what a run has left, from its folder alone.

    Unknown rows are sent again under the same key, as long as it lasts.

    \b
    Examples:
      regen resume last
      regen resume 2026-11-21-subscriptions-1a2b3c4d --until 06:00
      regen resume RUN --max-requests 20000

    Exit codes: as for `regen run`.
    """
    from runner.cli.run import send_pending
    from runner.config.connection import tenant_of
    from runner.notify.reporting import reporting
    from runner.runs.lookup import find_run
    from runner.session.open_run import OpenRun
    from runner.session.ownership import refuse_moved, refuse_other_tenant
    from runner.session.run_settings import refuse_other_settings, settings_of_run

    flags = options.flags(params)
    invocation, output = options.invocation(params), options.output(params)
    with reporting(flags, params["run"]) as report:
        folder = find_run(options.runs_folder(params), params["run"])
        with OpenRun(folder) as run:
            facts = run.store.facts()
            _refuse_status(facts)
            of_run, settings = settings_of_run(flags, facts)
            report.use(of_run)
            refuse_other_tenant(facts, settings, tenant_of(settings))
            refuse_other_settings(settings, facts)
            if not params["moved"]:
                refuse_moved(run)
            return send_pending(run, settings, invocation, output, report)


def _refuse_status(facts: Facts) -> None:
    if facts.status is RunStatus.ABANDONED:
        raise Refused(f"run {facts.run_id} was abandoned; plan the manifest again")
    if facts.status is RunStatus.REFUSED:
        raise Refused(f"run {facts.run_id} has a refused manifest; fix it and run it again")
