"""The command line, `regen`: parse → options value → run(options). Heavy imports wait until a command runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner import __version__, cli_jobs, cli_upkeep
from runner.cli_completion import run_ids
from runner.errors import ExitCode, Refused, RunnerError
from runner.speech import say

if TYPE_CHECKING:
    from runner.breaker import FailureLimit
    from runner.commands.prepare import Asked
    from runner.commands.send import Output
    from runner.session import Invocation
    from runner.settings import Flags
    from runner.steps import AnyWork

F = TypeVar("F", bound=Callable[..., Any])
REMEDIES = ["data", "permission", "wait", "vendor"]
TENANTS = ["production", "central-sandbox", "developer-sandbox", "api-sandbox", "none"]


def options(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator, shown in their order."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


runs_dir = click.option("--runs-dir", metavar="DIR", help="Where the run folders are.  [default: runs]")
place = options(
    runs_dir,
    click.option("--profile", metavar="NAME", help="A profile of the configuration file."),
    click.option("--config", metavar="FILE", help="The configuration file.  [default: regen.toml]"),
    click.option("--base-url", metavar="URL", help="The tenant's REST endpoint; ZUORA_BASE_URL too."),
    click.option("--tenant", type=click.Choice(TENANTS), help="Whose limits apply.  [default: told by the host]"),
)
run_argument = click.argument("run", shell_complete=run_ids)
pace = options(
    click.option("--rate", type=float, metavar="N", help="At most N requests a second."),
    click.option("--concurrency", type=int, metavar="N", help="At most N requests at once.  [default: 30]"),
    click.option("--quota-share", type=float, metavar="S", help="Our share of the tenant's limits.  [default: 0.8]"),
    click.option("--until", metavar="HH:MM", help="Stop in good order at this local time (exit 5)."),
    click.option("--max-requests", type=click.IntRange(1), metavar="N", help="Stop in good order after N (exit 5)."),
    click.option(
        "--canary", type=click.IntRange(1), metavar="N", help="The first N must succeed before the rest goes."
    ),
    click.option("--max-failures", metavar="N|P%", help="Stop when more fail.  [default: 50% of at least 100]"),
    click.option("--outage-patience", type=float, metavar="MIN", help="Minutes to wait out an outage.  [default: 15]"),
    click.option("--wait-for-quota", is_flag=True, help="Go on tomorrow when the day's quota is spent."),
    click.option("--wait", is_flag=True, help="Wait for another run of the same tenant to end."),
    click.option("--resend-unknown", is_flag=True, help="Send rows of unknown outcome under a new key."),
)
naming = options(
    click.option("--run-id", metavar="ID", help="The run's name.  [default: date, manifest and a digest]"),
    click.option("--if-unfinished", type=click.Choice(["new", "resume"]), help="When another run of it is unfinished."),
    click.option(
        "--format", "format_", type=click.Choice(["parquet", "csv", "both"]), default="both", show_default=True
    ),
    click.option("--again", is_flag=True, help="Send everything once more, as a new run."),
)
asking = options(
    click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...|PLAN.toml"),
    naming,
    click.option("--type", "type_", metavar="TYPE", help="The type of object, where the manifest does not say."),
    click.option("--only-resend", is_flag=True, help="Send to Revenue again, overwrite nothing."),
    click.option("--re-migrate", is_flag=True, help="Overwrite, and send for re-collecting."),
    click.option("--skip-rejected", is_flag=True, help="Send the good rows of a manifest that has bad ones."),
    click.option("--no-template-check", is_flag=True, help="Do not compare backfill files with the tenant's template."),
    click.option("--retry-failed-from", metavar="last|RUN", help="Take the rows, too, that failed in an earlier run."),
    click.option("--give-up-after", type=click.IntRange(1), metavar="N", help="… until they have failed N times."),
)
afterwards = options(
    click.option("--on-finish", metavar="COMMAND", help="Run this at the end; run.json's path is its last argument."),
    click.option("--notify", metavar="URL", help="Post a summary to this web hook; REGEN_NOTIFY keeps it out of `ps`."),
    click.option("--metrics", metavar="FILE", help="Write Prometheus metrics for a textfile collector."),
)
speaking = options(
    click.option("--json", "json_", is_flag=True, help="Print run.json instead of text."),
    click.option("--quiet", is_flag=True, help="No bar, no lines, no summary."),
    click.option("--yes", is_flag=True, help="Do not ask, not even for production."),
)


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


@regen.command()
@asking
@place
@pace
@speaking
def plan(**given: Any) -> ExitCode:
    """Read, check and enrol manifests; send nothing.

    \b
    Examples:
      regen plan subscriptions.csv
      regen plan *.csv --profile sandbox --re-migrate
    """
    from runner.commands import send

    return send.plan(_asked(given), _output(given), given["max_requests"])


@regen.command()
@asking
@place
@pace
@afterwards
@speaking
def run(**given: Any) -> ExitCode:
    """Plan, then send. The same command again goes on where it stopped and never sends what is settled.

    \b
    Examples:
      regen run subscriptions.csv invoices.csv.gz
      regen run objects.parquet --type Invoice --rate 50 --until 06:00
      regen run subscriptions.csv --canary 10 --max-failures 5%
      zcat objects.csv.gz | regen run - --type Invoice
    """
    from runner.commands import send

    return send.run(_asked(given), _invocation(given), _output(given))


@regen.command()
@run_argument
@place
@pace
@afterwards
@speaking
@click.option("--moved", is_flag=True, help="The run folder came from another machine.")
@click.option("--accept-failures", is_flag=True, help="Go on with the next step in spite of failures.")
def resume(**given: Any) -> ExitCode:
    """Send what a run has left, from its folder alone; ask unknown rows again under the same key.

    \b
    Examples:
      regen resume 2026-11-21-subscriptions-1a2b3c4d
      regen resume RUN --max-requests 20000
    """
    from runner.commands import send

    resumed = send.Resumed(given["run"], _flags(given), given["moved"])
    return send.resume(resumed, _invocation(given), _output(given))


@regen.command()
@run_argument
@runs_dir
def abandon(run: str, runs_dir: str | None) -> ExitCode:
    """Close a run that shall not go on.

    \b
    Example:
      regen abandon RUN
    """
    from runner.commands import look

    return look.abandon(_runs(runs_dir), run)


@regen.command()
@runs_dir
@click.option("--unfinished", is_flag=True, help="Only the ids of runs that can go on, the oldest first.")
@click.option("--json", "json_", is_flag=True, help="Print a JSON array.")
def runs(runs_dir: str | None, unfinished: bool, json_: bool) -> ExitCode:
    """List the runs in the folder, newest first.

    \b
    Examples:
      regen runs --json | jq '.[0].counts'
      for run in $(regen runs --unfinished); do regen resume "$run"; done
    """
    from runner.commands import look

    return look.list_runs(_runs(runs_dir), as_json=json_, unfinished=unfinished)


@regen.command()
@run_argument
@runs_dir
@click.option("--row", type=click.IntRange(1), metavar="N", help="The whole story of one row (regen_line).")
@click.option("--key", metavar="KEY", help="The same of the row with this idempotency key or track id.")
@click.option("--ticket", is_flag=True, help="A text for Zuora Support: times and ids, no customer data.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def show(run: str, runs_dir: str | None, row: int | None, key: str | None, ticket: bool, json_: bool) -> ExitCode:
    """Show a run's balance, its errors with their remedies and the next steps, or everything about one row.

    \b
    Examples:
      regen show RUN
      regen show RUN --row 17
      regen show RUN --key regen1-89dd8bd48dfbbea97bf18c39e44c18e96ea97aa3-0
      regen show RUN --ticket
    """
    from runner.commands import look

    return look.show(_runs(runs_dir), run, look.Shown(row=row, key=key, ticket=ticket, as_json=json_))


@regen.command()
@run_argument
@runs_dir
@click.option("--format", "format_", type=click.Choice(["parquet", "csv", "both"]), help="[default: as the run says]")
@click.option("--category", type=click.Choice(REMEDIES), help="Only the errors that this remedy mends: a manifest.")
@click.option("--step", "steps", type=int, multiple=True, metavar="N", help="… and only those of this step; repeat it.")
def results(
    run: str, runs_dir: str | None, format_: str | None, category: str | None, steps: tuple[int, ...]
) -> ExitCode:
    """Make the result files again, at any time, also of a run that is going on or crashed; print their paths.

    \b
    Examples:
      regen results RUN --format csv
      regen run "$(regen results RUN --category wait)"
    """
    from runner.commands import look

    wanted = look.Wanted(_formats(format_) if format_ else None, category, steps)
    return look.results(_runs(runs_dir), run, wanted)


@regen.command()
@run_argument
@runs_dir
def report(run: str, runs_dir: str | None) -> ExitCode:
    """Make report.html again, also of a run that is going on or crashed; print its path.

    \b
    Example:
      xdg-open "$(regen report RUN)"
    """
    from runner.commands import audit

    return audit.report(_runs(runs_dir), run)


@regen.command()
@click.argument("before", metavar="RUN", shell_complete=run_ids)
@click.argument("after", metavar="RUN", shell_complete=run_ids)
@runs_dir
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def diff(before: str, after: str, runs_dir: str | None, json_: bool) -> ExitCode:
    """Compare two runs, the earlier one first: newly failing, fixed, still failing, other ids. Exit 3 on new failures.

    \b
    Examples:
      regen diff LAST-NIGHT TONIGHT
      regen diff 2026-11-20-nightly-1a2b3c4d 2026-11-21-nightly-5e6f7a8b --json
    """
    from runner.commands import audit

    return audit.diff(_runs(runs_dir), before, after, as_json=json_)


@regen.command()
@run_argument
@place
@click.option("--against", metavar="FILE", help="An extract of booking or billing transactions (CSV, Parquet, …).")
@click.option("--id-column", metavar="NAME", help="The column of FILE that holds the id.  [default: found]")
@click.option("--time-column", metavar="NAME", help="The column that tells when it was updated.  [default: found]")
@click.option("--query", is_flag=True, help="Ask the tenant itself, by data queries.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def reconcile(**given: Any) -> ExitCode:
    """Prove that manifest, ledger and results agree, and that the tenant has what the run made. Exit 3 if not.

    \b
    Examples:
      regen reconcile RUN
      regen reconcile RUN --against booking_transactions.csv.gz
      regen reconcile RUN --against extract.parquet --id-column RC_ID --time-column UPDT_DT
      regen reconcile RUN --query
    """
    from runner.commands import audit

    path = given["against"]
    extract = audit.Extract(path, given["id_column"], given["time_column"]) if path else None
    asked = audit.Reconciled(given["run"], _flags(given), extract, given["query"], given["json_"])
    return audit.reconcile(_runs(given["runs_dir"]), asked)


@regen.command()
@run_argument
@runs_dir
@click.option("--head", metavar="HASH", help="The head of the ledger as it was noted elsewhere when the run ended.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
def verify(run: str, runs_dir: str | None, head: str | None, json_: bool) -> ExitCode:
    """Prove that a run folder is what the run left: checksums, hash chain, balance, results. Exit 3 if it is not.

    \b
    Examples:
      regen verify RUN
      regen verify RUN --head 5f1d0c…
      (cd runs/RUN && sha256sum -c SHA256SUMS)
    """
    from runner.commands import audit

    return audit.verify(_runs(runs_dir), run, head=head, as_json=json_)


@regen.command()
@click.argument("type_", metavar="TYPE")
@place
@click.option("--backfill", is_flag=True, help="The tenant's backfill template, where TYPE is a type of manifest, too.")
def template(**given: Any) -> ExitCode:
    """Print an empty manifest for a type of object, or the tenant's own template for a type of backfill.

    \b
    Examples:
      regen template OrderLineItem > order_line_items.csv
      regen template RatePlanCharge --profile sandbox > rate_plan_charges.csv
    """
    from runner.commands import look

    return look.template(given["type_"], _flags(given), backfill=given["backfill"])


@regen.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def simulate(words: tuple[str, ...]) -> int:
    """A local imitation of the Zuora API, for rehearsals; `regen simulate --help` tells its options."""
    from runner.simulator.server import main as serve

    return serve(words)


cli_upkeep.register(regen, place=place, runs_dir=runs_dir)


def main() -> None:
    """The entry point: every exception of ours becomes a sentence and an exit code, here and nowhere else."""
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


# -- from words to values ---------------------------------------------------------------------------------------


def _flags(given: dict[str, Any]) -> Flags:
    from runner.settings import Flags

    names = ("profile", "config", "base_url", "runs_dir", "rate", "concurrency", "tenant", "quota_share")
    return Flags(**{name: given.get(name) for name in (*names, "on_finish", "notify", "metrics")})


def _runs(runs_dir: str | None) -> Path:
    from runner.settings import Flags, runs_folder

    return runs_folder(Flags(runs_dir=runs_dir))


def _asked(given: dict[str, Any]) -> Asked:
    from runner.commands.prepare import Asked

    names = ("run_id", "only_resend", "re_migrate", "skip_rejected", "resend_unknown", "again", "if_unfinished")
    return Asked(
        manifests=given["manifests"],
        flags=_flags(given),
        type=given["type_"],
        formats=_formats(given["format_"]),
        retry_failed_from=given["retry_failed_from"],
        give_up_after=given["give_up_after"],
        template_check=not given["no_template_check"],
        **{name: given[name] for name in names},
    )


def _asked_for(given: dict[str, Any], work: AnyWork, name: str) -> Asked:
    """A run of one step that is not over manifests of objects."""
    from runner.commands.prepare import Asked
    from runner.steps import files_of

    names = ("run_id", "resend_unknown", "again", "if_unfinished")
    return Asked(
        manifests=(),
        works=(work,),
        name=(files_of(work) or (name,))[0],
        flags=_flags(given),
        formats=_formats(given["format_"]),
        **{each: given[each] for each in names},
    )


def _formats(word: str) -> tuple[str, ...]:
    return ("parquet", "csv") if word == "both" else (word,)


def _invocation(given: dict[str, Any]) -> Invocation:
    from runner.dispatch import Terms
    from runner.session import Invocation

    until, failures, patience = given["until"], given["max_failures"], given["outage_patience"]
    terms = Terms(
        max_requests=given["max_requests"],
        until=_next_occurrence(until) if until else None,
        canary=given["canary"],
        failures=_failure_limit(failures),
        outage_patience_seconds=900.0 if patience is None else patience * 60,
        wait_for_quota=given["wait_for_quota"],
    )
    return Invocation(
        terms=terms,
        resend_unknown=given["resend_unknown"],
        accept_failures=given.get("accept_failures", False),
        wait=given["wait"],
        no_wait=given.get("no_wait", False),
        quiet=given["quiet"],
    )


def _output(given: dict[str, Any]) -> Output:
    from runner.commands.send import Output

    return Output(json=given["json_"], quiet=given["quiet"], yes=given["yes"])


def _next_occurrence(text: str) -> float:
    """The next time that the local clock shows HH:MM, in seconds since the epoch."""
    try:
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - local time is what is meant
    except ValueError:
        raise Refused(f"--until {text}: expected HH:MM, local time") from None
    now = datetime.now().astimezone()
    then = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return (then if then > now else then + timedelta(days=1)).timestamp()


def _failure_limit(text: str | None) -> FailureLimit:
    from runner.breaker import FailureLimit

    if text is None:
        return FailureLimit()
    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return FailureLimit(share=share)
        elif int(text) >= 0:
            return FailureLimit(count=int(text))
    except ValueError:
        pass
    raise Refused(f"--max-failures {text}: expected a number of requests or a percentage such as 5%")


cli_jobs.register(
    regen,
    cli_jobs.Lent(options(naming, place, pace, afterwards, speaking), place, _asked_for, _invocation, _output, _flags),
)
