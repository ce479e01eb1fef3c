"""`--log-level` and `--verbose`: the events of run.log on standard error, through Python's logging."""

from __future__ import annotations

import logging

import click

from runner.system.console import printable, say

LOGGER = "runner"


class _ConsoleHandler(logging.Handler):
    """Prints log records, unless they are printed to a person in any case."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        if not getattr(record, "shown", False):
            say(printable(f"{record.levelname.lower()}: {record.getMessage()}"), err=True)


def _print_log(ctx: click.Context, level: int) -> None:
    """Print records of this level and above while the command runs."""
    logger = logging.getLogger(LOGGER)
    handler, before = _ConsoleHandler(level), logger.level
    logger.handlers = [*filter(lambda other: not isinstance(other, _ConsoleHandler), logger.handlers), handler]
    logger.setLevel(level)

    @ctx.call_on_close
    def stop() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)


def log_level(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """The callback of `--log-level`."""
    if value is not None:
        _print_log(ctx, getattr(logging, value.upper()))


def verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """The callback of `--verbose`; `--log-level` outranks it."""
    if value and not ctx.get_parameter_source("log_level"):
        _print_log(ctx, logging.INFO)
