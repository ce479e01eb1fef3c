"""The options that several commands share, and the values that they become."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runner.cli.completion import run_ids
from runner.cli.param_types import failure_limit, local_time, minutes

if TYPE_CHECKING:
    from runner.cli.output import Output
    from runner.config.settings import Flags
    from runner.domain.steps import AnyWork
    from runner.session.run_request import RunRequest
    from runner.session.session import Invocation

F = TypeVar("F", bound=Callable[..., Any])
Params = dict[str, Any]  # a command's parameters as click hands them over
TENANTS = ["production", "central-sandbox", "developer-sandbox", "api-sandbox", "none"]
FORMATS = ["parquet", "csv", "both"]


def options(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator, shown in their order."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


run_argument = click.argument("run", shell_complete=run_ids)  # resolved by runner.runs.lookup
runs_dir = click.option("--runs-dir", metavar="DIR", help="Where the run folders are.  [default: runs]")
connection = options(
    runs_dir,
    click.option("--profile", metavar="NAME", help="A profile of the configuration file."),
    click.option("--config", metavar="FILE", help="The configuration file.  [default: regen.toml]"),
    click.option("--base-url", metavar="URL", help="The tenant's REST endpoint; ZUORA_BASE_URL too."),
    click.option("--tenant", type=click.Choice(TENANTS), help="Whose limits apply.  [default: by the host]"),
)
as_json = click.option("--json", "json_", is_flag=True, help="Print JSON.")
pace = options(
    click.option("--rate", type=float, metavar="N", help="At most N requests a second."),
    click.option("--concurrency", type=int, metavar="N", help="At most N requests at once.  [default: 30]"),
    click.option("--quota-share", type=float, metavar="S", help="Our share of the tenant's limits.  [default: 0.8]"),
    click.option("--until", type=local_time, metavar="HH:MM", help="Stop in good order at this local time (exit 5)."),
    click.option("--max-requests", type=click.IntRange(1), metavar="N", help="Stop in good order after N (exit 5)."),
    click.option(
        "--canary", type=click.IntRange(1), metavar="N", help="Send the rest only after the first N have succeeded."
    ),
    click.option(
        "--max-failures",
        type=failure_limit,
        metavar="N|P%",
        help="Stop when more fail.  [default: 50% of at least 100]",
    ),
    click.option(
        "--outage-patience", type=minutes, metavar="MIN", help="Minutes to wait out an outage.  [default: 15]"
    ),
    click.option("--wait-for-quota", is_flag=True, help="Go on tomorrow when the day's quota is spent."),
    click.option("--wait", is_flag=True, help="Wait for another run of the same tenant to end."),
    click.option("--resend-unknown", is_flag=True, help="Send rows of unknown outcome under a new key."),
)
naming = options(
    click.option("--run-id", metavar="ID", help="The run's name.  [default: date, manifest and a digest]"),
    click.option("--if-unfinished", type=click.Choice(["new", "resume"]), help="When another run of it is unfinished."),
    click.option("--format", "format_", type=click.Choice(FORMATS), default="both", show_default=True),
    click.option("--again", is_flag=True, help="Send everything once more, as a new run."),
)
manifests = options(
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
notification = options(
    click.option("--on-finish", metavar="COMMAND", help="Run this at the end; run.json's path is its last argument."),
    click.option("--notify", metavar="URL", help="Post a summary to this web hook; REGEN_NOTIFY keeps it out of `ps`."),
    click.option("--metrics", metavar="FILE", help="Write Prometheus metrics for a textfile collector."),
)
console = options(
    click.option("--json", "json_", is_flag=True, help="Print run.json instead of text."),
    click.option("--quiet", is_flag=True, help="No bar, no lines, no summary."),
    click.option("--yes", is_flag=True, help="Do not ask, not even for production."),
)
one_step = options(  # of the commands that are a run of one step
    naming,
    connection,
    pace,
    notification,
    console,
    click.option("--no-wait", is_flag=True, help="Return once created; `regen resume` follows."),
    click.option("--plan", "plan_only", is_flag=True, help="Read, check and enrol; send nothing."),
)


def flags(params: Params) -> Flags:
    """The settings that the command line names."""
    from runner.config.settings import Flags

    names = ("profile", "config", "base_url", "runs_dir", "rate", "concurrency", "tenant", "quota_share")
    return Flags(**{name: params.get(name) for name in (*names, "on_finish", "notify", "metrics")})


def runs_folder(params: Params) -> Path:
    """The runs folder in force."""
    from runner.config import settings

    return settings.runs_folder(flags(params))


def formats(word: str) -> tuple[str, ...]:
    """The formats of the results."""
    return ("parquet", "csv") if word == "both" else (word,)


def run_request(params: Params) -> RunRequest:
    """A run over manifests, or a plan file."""
    from runner.session.run_request import RunRequest

    names = ("run_id", "only_resend", "re_migrate", "skip_rejected", "resend_unknown", "again", "if_unfinished")
    return RunRequest(
        manifests=params["manifests"],
        flags=flags(params),
        type=params["type_"],
        formats=formats(params["format_"]),
        retry_failed_from=params["retry_failed_from"],
        give_up_after=params["give_up_after"],
        template_check=not params["no_template_check"],
        **{name: params[name] for name in names},
    )


def one_step_request(params: Params, work: AnyWork, name: str) -> RunRequest:
    """A run of one step that is not over manifests of objects."""
    from runner.domain.steps import files_of
    from runner.session.run_request import RunRequest

    names = ("run_id", "resend_unknown", "again", "if_unfinished")
    return RunRequest(
        manifests=(),
        works=(work,),
        name=(files_of(work) or (name,))[0],
        flags=flags(params),
        formats=formats(params["format_"]),
        **{each: params[each] for each in names},
    )


def invocation(params: Params) -> Invocation:
    """How far this invocation may go."""
    from runner.dispatch.circuit_breaker import FailureLimit
    from runner.dispatch.run_limits import Terms
    from runner.session.session import Invocation

    patience = params["outage_patience"]
    terms = Terms(
        max_requests=params["max_requests"],
        until=params["until"],
        canary=params["canary"],
        failures=params["max_failures"] or FailureLimit(),
        outage_patience_seconds=900.0 if patience is None else patience * 60,
        wait_for_quota=params["wait_for_quota"],
    )
    return Invocation(
        terms=terms,
        resend_unknown=params["resend_unknown"],
        accept_failures=params.get("accept_failures", False),
        accept_incomplete_ledger=params.get("accept_incomplete_ledger", False),
        wait=params["wait"],
        no_wait=params.get("no_wait", False),
        moved=params.get("moved", False),
        quiet=params["quiet"],
    )


def output(params: Params) -> Output:
    """How the command prints."""
    from runner.cli.output import Output

    return Output(json=params["json_"], quiet=params["quiet"], yes=params["yes"])
