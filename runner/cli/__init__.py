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
import traceback

import click

from runner import __version__
from runner.cli import (
    abandon,
    backfill,
    booking_dates,
    check,
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
    publish,
    reconcile,
    recover,
    report,
    results,
    resume,
    run,
    runs,
    select,
    show,
    simulate,
    template,
    verify,
)
from runner.cli.help_format import WIDTH, Group, width
from runner.domain.errors import ExitCode, RunnerError
from runner.system.console import lost_output, open_standard_streams, printable, say, shielded
from runner.system.signals import Terminated, raising

DATA_COMMANDS = ("template", "results", "find", "history")  # what they print is what they are for


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
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


regen.add_section(
    "Run",
    *(select.select, check.check, plan.plan, run.run, resume.resume),
    *(nightly.nightly, recover.recover, abandon.abandon),
)
regen.add_section("Look", runs.runs, show.show, results.results, report.report)
regen.add_section("Prove", verify.verify, reconcile.reconcile, diff.diff)
regen.add_section("Other jobs", backfill.backfill, booking_dates.booking_dates, journal_run.journal_run, jobs.jobs)
regen.add_section("Many runs", fleet.fleet, find.find, history.history, publish.publish, prune.prune)
regen.add_section(
    "Setup",
    *(doctor.doctor, config.config, template.template, simulate.simulate, completion.completion, help.help_command),
)


def main() -> None:
    """The entry point: every exception becomes a sentence and an exit code, here and nowhere else."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # it returns unused memory to the system
    open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # help texts have characters that not every encoding has
    with shielded(), raising():
        code = _exit_code()
        code = _with_lost_output(code)
    sys.exit(code)


def _exit_code() -> int:
    """Run the command; its exit code. Every exception ends here, as a sentence."""
    try:
        return int(regen.main(standalone_mode=False, terminal_width=width()) or 0)
    except RunnerError as error:
        return _failed(str(error), error.exit_code)
    except click.UsageError as error:
        context = error.ctx
        if context is not None:
            say(context.get_usage(), err=True)
        return _failed(error.format_message(), ExitCode.REFUSED)
    except click.ClickException as error:
        return _failed(error.format_message(), ExitCode.REFUSED)
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Terminated as signal:
        return _failed(f"ended by {signal}; nothing is lost, and the same command continues it", ExitCode.TERMINATED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = f"{where}{error.strerror or error}"
        return _failed(f"{reason}; what was recorded is safe: fix that and run it again", ExitCode.FAULT)
    except MemoryError:
        return _failed("out of memory; what was recorded is safe: free some memory and run it again", ExitCode.FAULT)
    except Exception as error:  # noqa: BLE001 - the outermost frame
        say(traceback.format_exc(), err=True)
        reason = f"a fault of the program: {type(error).__name__}: {error}"
        return _failed(f"{reason}; what was recorded is safe; please report the lines above", ExitCode.FAULT)


def _failed(message: str, code: ExitCode) -> ExitCode:
    say(f"regen: {printable(message) if code is ExitCode.FAULT else message}", err=True)
    return code


def _with_lost_output(code: int) -> int:
    """What output can take decides nothing about a run; but data that was asked for and is incomplete is no success."""
    reason = lost_output()
    if reason is None:
        return code
    say(f"regen: output could not be written: {reason}", err=True)
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    return code or (ExitCode.FAULT if command in DATA_COMMANDS else code)
