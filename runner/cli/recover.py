"""`regen recover`: a run whose machine was lost, restored from object storage and resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@click.argument("lost", metavar="RUN")
@options.connection
@options.remote
@options.pace
@options.resend_unknown
@options.notification
@options.console
@options.option(
    "--accept-failures", section="Stop rules", is_flag=True, help="Continue with the next step despite failures."
)
def recover(lost: str, **params: Any) -> ExitCode:
    """Restore a run from the copies on object storage, and resume it here.

    For a run whose machine or run folder is lost. Every request without an
    outcome counts as sent when the copy was made: it is sent again under the
    same key for 23 hours from then, and is unknown after that. A machine on
    which the run is still going on stops with exit code 6.

    \b
    Examples:
      regen recover 2026-11-21-subs-1a2b3c4d --remote s3://acme-regen/runs
      regen recover 2026-11-21-subs --profile production --until 06:00

    Exit codes: as for `regen run`.
    """
    from runner.cli.output import print_run
    from runner.cli.run import send_pending
    from runner.config.connection import tenant_of
    from runner.notify.reporting import reporting
    from runner.session.open_run import OpenRun
    from runner.session.ownership import refuse_other_tenant
    from runner.session.remote_recover import recovered
    from runner.session.run_settings import refuse_other_settings, settings_of_run

    flags, output = options.flags(params), options.output(params)
    invocation = replace(options.invocation(params), moved=True)
    with reporting(flags, lost) as report:
        folder = recovered(flags, options.runs_folder(params), lost)
        with OpenRun(folder) as opened:
            facts = opened.store.facts()
            if facts.status.over:
                print_run(opened, output)
                report.folder, report.code = folder, ExitCode(facts.exit_code or 0)
                return ExitCode(facts.exit_code or 0)
            of_run, settings = settings_of_run(flags, facts)
            report.use(of_run)
            refuse_other_tenant(facts, settings, tenant_of(settings))
            refuse_other_settings(settings, facts)
            return send_pending(opened, settings, invocation, output, report)
