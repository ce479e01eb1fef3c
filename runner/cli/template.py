"""`regen template`: an empty manifest, or the tenant's own backfill template."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.completion import object_types
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode, Refused


@click.command(cls=Command)
@click.argument("type_", metavar="TYPE", shell_complete=object_types)
@options.connection
@options.option(
    "--backfill",
    section="What",
    is_flag=True,
    help="The tenant's backfill template, even if TYPE is also a type of manifest.",
)
def template(type_: str, backfill: bool, **params: Any) -> ExitCode:
    """Print an empty manifest, or the tenant's own backfill template.

    TYPE is a type of object, or of backfill.

    \b
    Examples:
      regen template OrderLineItem > order_line_items.csv
      regen template RatePlanCharge --profile sandbox > charges.csv

    Exit codes: 0, 2 (no such type), 4 the tenant or the credentials.
    """
    from manifests import TYPES
    from manifests import template as header
    from runner.plan.backfill import TYPES as BACKFILLS
    from runner.system.console import printable, say

    if backfill or (type_ in BACKFILLS and type_ not in TYPES):
        say("\n".join(map(printable, _backfill_template(type_, params))))
        return ExitCode.SUCCEEDED
    try:
        say(header(type_), end="")
    except ValueError as error:
        raise Refused(str(error)) from error
    return ExitCode.SUCCEEDED


def _backfill_template(type_: str, params: options.Params) -> list[str]:
    from runner.config.settings import gather
    from runner.session.tenant_jobs import template_of

    return template_of(gather(options.flags(params)), type_)
