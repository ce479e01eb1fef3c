"""`regen help TOPIC`: the documents in runner/topics."""

from __future__ import annotations

import click

from runner.domain.errors import ExitCode

TOPICS = (
    *("manifest", "plan-file", "jobs", "results", "analysis", "fleet", "recovery", "exit-codes", "keys", "rate-limits"),
    *("nightly", "settings", "audit", "glossary"),
)


@click.command("help")
@click.argument("topic", metavar="TOPIC", type=click.Choice(TOPICS), required=False)
@click.pass_context
def help_command(context: click.Context, /, topic: str | None) -> ExitCode:
    """Explain a topic.

    \b
    Files:     manifest, plan-file, jobs, results, analysis, fleet
    Trouble:   recovery, exit-codes, keys, rate-limits
    Running:   nightly, settings
    Proving:   audit, glossary

    \b
    Examples:
      regen help manifest
      regen help settings | less
    """
    from importlib import resources

    from runner.cli.markdown import rendered
    from runner.system.console import say

    if topic is None:
        click.echo(context.get_help())
    else:
        say(rendered(resources.files("runner").joinpath("topics", f"{topic}.md").read_text("utf-8")), end="")
    return ExitCode.SUCCEEDED
