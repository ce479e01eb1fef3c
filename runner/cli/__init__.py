"""The command line, `regen`: parse → options value → run(options). Heavy imports wait until a command runs.

```
words ─ options (click) ─ sending | looking | operations | upkeep ─ values ─▶ runner.commands ─▶ exit code
```
"""

from __future__ import annotations

import io
import os
import sys

import click

from runner import __version__
from runner.cli import looking, operations, sending, upkeep
from runner.domain.errors import ExitCode, RunnerError
from runner.system.console import say


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="regen")
def regen() -> None:
    """Re-sync Zuora Billing to Zuora Revenue from manifest files: no row lost, doubled or misreported.

    \b
    Credentials come from ZUORA_CLIENT_ID and ZUORA_CLIENT_SECRET, the tenant from ZUORA_BASE_URL or a profile.

    \b
    Examples:
      regen template Subscription > subscriptions.csv
      regen plan subscriptions.csv invoices.csv
      regen run subscriptions.csv invoices.csv
      regen show RUN --row 17
      regen run runs/RUN/errors.csv
      regen help manifest

    \b
    Exit codes: 0 every row succeeded, 1 a fault of the program, 2 refused and nothing sent, 3 some rows
    failed, 4 stopped by the breaker, 5 stopped at its deadline or budget, 6 another process holds the
    run, 130 interrupted, 143 terminated.
    """


for command in (
    *(sending.plan, sending.run, sending.resume, sending.abandon),
    *(looking.runs, looking.show, looking.results, looking.report, looking.diff, looking.reconcile, looking.verify),
    *(operations.backfill, operations.booking_dates, operations.journal_run, operations.jobs),
    *(upkeep.template, upkeep.simulate, upkeep.config, upkeep.doctor, upkeep.prune, upkeep.explain),
):
    regen.add_command(command)


def main() -> None:
    """The entry point: every exception of ours becomes a sentence and an exit code, here and nowhere else."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # it gives back what is no longer needed
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # of the texts of help
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
        say(f"regen: {where}{error.strerror or error}; what was recorded is safe: mend it and go on", err=True)
        code = ExitCode.FAULT
    except MemoryError:
        say("regen: out of memory; what was recorded is safe: free some and go on", err=True)
        code = ExitCode.FAULT
    sys.exit(int(code or 0))
