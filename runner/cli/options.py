"""The options that several commands share, and the values that they become."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from runner.cli.completion import object_types, profiles, run_ids
from runner.cli.dry_run import dry_run
from runner.cli.help_format import SectionOption
from runner.cli.log_output import log_level, verbose
from runner.cli.param_types import failure_limit, local_time, minutes

if TYPE_CHECKING:
    from runner.cli.output import Output
    from runner.config.settings import Flags
    from runner.domain.steps import ReadingOptions
    from runner.session.invocation import Invocation
    from runner.session.run_request import RunRequest

F = TypeVar("F", bound=Callable[..., Any])
Params = dict[str, Any]  # a command's parameters as click hands them over
TENANTS = ["production", "central-sandbox", "developer-sandbox", "api-sandbox", "none"]
MODES = ["default", "only-resend", "re-migrate"]
FORMATS = ["parquet", "csv", "both", "xlsx"]  # those of runner.results.formats, which is imported late
LOG_LEVELS = ["debug", "info", "warning", "error"]
FILE = click.Path()  # for completion; whether it is there, the reader says


def option(*names: str, section: str, **attributes: Any) -> Callable[[F], F]:
    """An option under a heading of the help: `runner.cli.help_format.SectionOption`."""
    return click.option(*names, cls=SectionOption, section=section, **attributes)


def options(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several options as one decorator, shown in their order."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


run_argument = click.argument("run", shell_complete=run_ids)  # resolved by runner.runs.lookup
runs_dir = option(
    "--runs-dir",
    section="Where",
    type=FILE,
    shell_complete=click.Path(file_okay=False).shell_complete,
    metavar="DIR",
    help="Where the run folders are.",
    default_text="runs",
    env="REGEN_RUNS_DIR",
)
profile_and_config = options(
    option(
        "--profile",
        section="Where",
        metavar="NAME",
        shell_complete=profiles,
        help="A profile of the configuration file.",
        default_text="its default_profile",
        env="REGEN_PROFILE",
    ),
    option(
        "--config",
        section="Where",
        type=FILE,
        metavar="FILE",
        help="The configuration file.",
        default_text="regen.toml",
        env="REGEN_CONFIG",
    ),
)
connection = options(
    runs_dir,
    profile_and_config,
    option(
        "--base-url",
        section="Where",
        metavar="URL",
        help="The tenant's REST endpoint; or a short name, such as us-sandbox.",
        env="ZUORA_BASE_URL",
    ),
    option(
        "--tenant",
        section="Where",
        type=click.Choice(TENANTS),
        help="Whose limits apply.",
        default_text="by the host",
        env="REGEN_TENANT",
    ),
)
remote = option(
    "--remote",
    section="Where",
    metavar="URL",
    help="Object storage (s3://bucket/regen, or a folder) that makes the run the same on every machine.",
    env="REGEN_REMOTE",
)
published = option("--remote", section="Where", metavar="URL", help="The runs published there, instead of a folder.")
as_json = option("--json", "json_", section="Output", is_flag=True, help="Print JSON.")
pace = options(
    option("--rate", section="Pace", type=float, metavar="N", help="At most N requests a second.", env="REGEN_RATE"),
    option(
        "--concurrency",
        section="Pace",
        type=int,
        metavar="N",
        help="At most N requests at once.",
        default_text="30",
        env="REGEN_CONCURRENCY",
    ),
    option(
        "--quota-share",
        section="Pace",
        type=float,
        metavar="S",
        help="The share of the tenant's limits that this program uses.",
        default_text="0.8",
        env="REGEN_QUOTA_SHARE",
    ),
    option(
        "--wait-for-quota", section="Pace", is_flag=True, help="When the day's quota is used up, continue tomorrow."
    ),
    option("--wait", section="Pace", is_flag=True, help="Wait for another run of the same tenant to end."),
    option(
        "--until",
        section="Stop rules",
        type=local_time,
        metavar="HH:MM",
        help="Stop gracefully at this local time (exit 5).",
    ),
    option(
        "--max-requests",
        section="Stop rules",
        type=click.IntRange(1),
        metavar="N",
        help="Stop gracefully after N requests (exit 5).",
    ),
    option(
        "--canary",
        section="Stop rules",
        type=click.IntRange(1),
        metavar="N",
        help="Send the rest only after the first N of every type and operation have succeeded (exit 4).",
    ),
    option(
        "--max-failures",
        section="Stop rules",
        type=failure_limit,
        metavar="N|P%",
        help="Stop when more requests fail (exit 4).",
        default_text="50% of at least 100",
    ),
    option(
        "--outage-patience",
        section="Stop rules",
        type=minutes,
        metavar="MIN",
        help="How many minutes to wait for an outage to end (then exit 4).",
        default_text="15",
    ),
)
resend_unknown = option(
    "--resend-unknown", section="What", is_flag=True, help="Send rows of unknown outcome under a new key."
)
naming = options(
    option("--run-id", section="What", metavar="ID", help="The run's id.", default_text="date, manifest and a digest"),
    option(
        "--if-unfinished",
        section="What",
        type=click.Choice(["new", "resume"]),
        help="What to do when an unfinished run has the same manifests.",
        default_text="refuse",
    ),
    option("--again", section="What", is_flag=True, help="Send everything once more, as a new run."),
    resend_unknown,
    remote,
    option(
        "--format",
        "format_",
        section="Output",
        type=click.Choice(FORMATS),
        default="both",
        help="The format of the results; xlsx: a workbook of results and errors, beside Parquet.",
        default_text="both",
    ),
)
template_check = option(
    "--no-template-check",
    section="Reading files",
    is_flag=True,
    help="Do not compare backfill files with the tenant's own template.",
)
skip_rejected = option(
    "--skip-rejected", section="Reading files", is_flag=True, help="Send the good rows of a file that has bad ones."
)
object_type = option(
    "--type",
    "type_",
    section="Reading files",
    metavar="TYPE",
    help="The type of object, if the manifest does not say.",
    shell_complete=object_types,
)
mode = option(
    "--mode",
    section="What",
    type=click.Choice(MODES),
    help="The two flags as one word; needed to send rows of an earlier run in another mode.",
)
manifests = options(
    click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST[:TYPE]...|PLAN.toml", type=FILE),
    option("--only-resend", section="What", is_flag=True, help="Send to Revenue again, overwrite nothing."),
    option("--re-migrate", section="What", is_flag=True, help="Overwrite, and let Revenue collect again."),
    naming,
    option(
        "--retry-failed-from",
        section="What",
        metavar="last|RUN",
        help="Also send the rows that failed in an earlier run.",
        shell_complete=run_ids,
    ),
    option(
        "--give-up-after",
        section="What",
        type=click.IntRange(1),
        metavar="N",
        help="With --retry-failed-from: leave out rows that have failed N times in a row.",
    ),
    object_type,
    mode,
    skip_rejected,
    template_check,
)
notification = options(
    option(
        "--on-finish",
        section="Output",
        metavar="COMMAND",
        help="Run this at the end, with the path of run.json as its last argument.",
        env="REGEN_ON_FINISH",
    ),
    option(
        "--notify",
        section="Output",
        metavar="URL",
        help="Post a summary to this web hook at the end. The variable keeps the URL out of the list of processes.",
        env="REGEN_NOTIFY",
    ),
    option(
        "--notify-on",
        section="Output",
        type=click.Choice(["always", "change", "failure"]),
        help="Post every ending, only those whose exit code differs from the last one's, or all but exit code 0.",
        default_text="always",
        env="REGEN_NOTIFY_ON",
    ),
    option(
        "--metrics",
        section="Output",
        type=FILE,
        metavar="FILE|URL",
        help="Write Prometheus metrics for a textfile collector at the end, or push them to a Pushgateway.",
        env="REGEN_METRICS",
    ),
)
yes = option("--yes", "-y", section="Output", is_flag=True, help="Never ask, not even for production.")
console = options(
    option("--json", "json_", section="Output", is_flag=True, help="Print run.json instead of text."),
    option("--quiet", "-q", section="Output", is_flag=True, help="Print no progress, no plan and no summary."),
    option(
        "--verbose",
        "-v",
        section="Output",
        is_flag=True,
        expose_value=False,
        callback=verbose,
        help="Short for --log-level info.",
    ),
    option(
        "--log-level",
        section="Output",
        type=click.Choice(LOG_LEVELS),
        expose_value=False,
        callback=log_level,
        help="Print the events of run.log of this level and above; debug also has retries and failed rows.",
    ),
    yes,
)

one_step = options(  # of the commands that are a run of one step
    dry_run,
    option("--plan", "plan_only", section="What", is_flag=True, help="Only plan: read and check, send nothing."),
    naming,
    option(
        "--no-wait", section="What", is_flag=True, help="Return once the job is created; `regen resume` follows it."
    ),
    connection,
    pace,
    notification,
    console,
)


def flags(params: Params) -> Flags:
    """The settings that the command line names."""
    from runner.config.settings import Flags

    names = ("profile", "config", "base_url", "runs_dir", "rate", "concurrency", "tenant", "quota_share")
    more = ("on_finish", "notify", "notify_on", "metrics", "remote")
    return Flags(**{name: params.get(name) for name in (*names, *more)})


def runs_folder(params: Params) -> Path:
    """The runs folder in force."""
    from runner.config import settings

    return settings.runs_folder(flags(params))


def reading_options(params: Params) -> ReadingOptions:
    """What the options of a command say. Raises a usage error where they exclude each other or mean nothing."""
    from runner.domain.steps import ReadingOptions

    if params.get("include_hidden") and params.get("skip_hidden"):
        raise click.UsageError("--include-hidden and --skip-hidden exclude each other")
    hidden: Literal["include", "skip"] | None = "skip" if params.get("skip_hidden") else None
    hidden = "include" if params.get("include_hidden") else hidden
    names = ("by", "sheet", "header_row", "encoding")
    return ReadingOptions(
        hidden=hidden, literal=params.get("literal", False), **{name: params.get(name) for name in names}
    )


def run_request(params: Params) -> RunRequest:
    """A run over manifests, or a plan file."""
    from runner.plan.typed_paths import typed_paths
    from runner.results.formats import formats_of
    from runner.session.run_request import RunRequest

    paths, types = typed_paths(params["manifests"])
    names = ("run_id", "only_resend", "re_migrate", "mode", "skip_rejected", "resend_unknown", "again", "if_unfinished")
    return RunRequest(
        manifests=paths,
        types=types,
        reading=reading_options(params),
        flags=flags(params),
        type=params["type_"],
        formats=formats_of(params["format_"]),
        retry_failed_from=params["retry_failed_from"],
        give_up_after=params["give_up_after"],
        template_check=not params["no_template_check"],
        **{name: params[name] for name in names},
    )


def invocation(params: Params) -> Invocation:
    """How far this invocation may go."""
    from runner.dispatch.circuit_breaker import FailureLimit
    from runner.dispatch.run_limits import Terms
    from runner.session.invocation import Invocation

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
        **{name: params.get(name, False) for name in ("preflight", "moved")},
        quiet=params["quiet"],
    )


def output(params: Params) -> Output:
    """How the command prints."""
    from runner.cli.output import Output

    return Output(json=params["json_"], quiet=params["quiet"], yes=params["yes"])
