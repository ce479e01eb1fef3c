"""The options that several commands share, in the groups in which help shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from runner.cli.completion import run_ids

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
as_json = click.option("--json", "json_", is_flag=True, help="Print JSON.")
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
