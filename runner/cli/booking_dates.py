"""`regen booking-dates`: a booking date backfill job over the whole tenant, as a run of one step."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.cli.run import run_one_step
from runner.domain.errors import ExitCode


@click.command("booking-dates", cls=Command)
@options.one_step
def booking_dates(**params: Any) -> ExitCode:
    """Create a booking date backfill job over the whole tenant, and follow it.

    \b
    Example:
      regen booking-dates --no-wait

    Exit codes: as for `regen run`.
    """
    from runner.domain.steps import BookingDates

    return run_one_step(params, BookingDates(), "booking-dates")
