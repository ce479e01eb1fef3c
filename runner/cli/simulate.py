"""`regen simulate`: a local imitation of the Zuora API."""

from __future__ import annotations

import click


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def simulate(words: tuple[str, ...]) -> int:
    """A local imitation of the Zuora API, for rehearsals; `regen simulate --help` lists its options."""
    from runner.simulator.server import main as serve

    return serve(words)
