"""The command line, `regen`: options → one value → a call of the packages below → exit code.

One file a command: its options, help with examples, exit codes, call and output. What takes long to import is
imported by the command that needs it, so that help answers at once.

```
options.py, param_types.py ─▶ run.py, resume.py, … ─▶ session, audit, results ─▶ output.py, plan_text.py ─▶ exit code
```
"""

from __future__ import annotations

import io
import os
import sys

import click

from runner import __version__
from runner.cli import (
    abandon,
    backfill,
    booking_dates,
    completion,
    config,
    diff,
    doctor,
    find,
    fleet,
    help,
    history,
    jobs,
    journal_run,
    nightly,
    plan,
    prune,
    reconcile,
    report,
    results,
    resume,
    run,
    runs,
    show,
    simulate,
    template,
    verify,
)
from runner.cli.help_format import WIDTH, Group
from runner.domain.errors import ExitCode, RunnerError
from runner.system.console import say


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH, "terminal_width": WIDTH},
)
@click.version_option(__version__, "-V", "--version", prog_name="regen")
def regen() -> None:
    """Re-sync Zuora Billing to Zuora Revenue from manifest files: no row lost,
    doubled or misreported.

    Credentials come from ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET, the tenant
    from ZUORA_BASE_URL or a profile. RUN is a run id, a unique beginning of
    one, or `last`.

    \b
    Examples:
      regen template Subscription > subscriptions.csv
      regen plan subscriptions.csv invoices.csv
      regen run subscriptions.csv invoices.csv
      regen show last --row 17
      regen run runs/RUN/errors.csv
      regen help manifest

    \b
    Exit codes:
      0 every row succeeded        4 stopped by the breaker or the tenant
      1 a fault of the program     5 stopped at its deadline or budget
      2 refused, nothing sent      6 another process holds the run
      3 some rows failed           130 interrupted, 143 terminated
    """


regen.add_section("Run", plan.plan, run.run, resume.resume, nightly.nightly, abandon.abandon)
regen.add_section("Look", runs.runs, show.show, results.results, report.report)
regen.add_section("Prove", verify.verify, reconcile.reconcile, diff.diff)
regen.add_section("Other jobs", backfill.backfill, booking_dates.booking_dates, journal_run.journal_run, jobs.jobs)
regen.add_section("Many runs", fleet.fleet, find.find, history.history, prune.prune)
regen.add_section(
    "Setup",
    *(doctor.doctor, config.config, template.template, simulate.simulate, completion.completion, help.help_command),
)


def main() -> None:
    """The entry point: every exception of ours becomes a sentence and an exit code, here and nowhere else."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # it returns unused memory to the system
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # help texts have characters that not every encoding has
    try:
        code = regen.main(standalone_mode=False)
    except RunnerError as error:
        say(f"regen: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.REFUSED
    except (click.Abort, KeyboardInterrupt):
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        code = ExitCode.FAULT
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"regen: {where}{error.strerror or error}; what was recorded is safe: fix that and run it again", err=True)
        code = ExitCode.FAULT
    except MemoryError:
        say("regen: out of memory; what was recorded is safe: free some memory and run it again", err=True)
        code = ExitCode.FAULT
    sys.exit(int(code or 0))
