"""`regen template`: an empty manifest, or the tenant's own backfill template."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.domain.errors import ExitCode, Refused


@click.command()
@click.argument("type_", metavar="TYPE")
@options.connection
@click.option("--backfill", is_flag=True, help="The tenant's backfill template, also where TYPE is a type of manifest.")
def template(type_: str, backfill: bool, **params: Any) -> ExitCode:
    """Print an empty manifest for a type of object, or the tenant's own template for a type of backfill.

    \b
    Examples:
      regen template OrderLineItem > order_line_items.csv
      regen template RatePlanCharge --profile sandbox > rate_plan_charges.csv
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
