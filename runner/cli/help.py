"""`regen help TOPIC`: the documents in runner/topics; `regen help COMMAND`: the help of a command."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from runner.cli.help_format import Command
from runner.domain.errors import ExitCode

TOPICS = (
    *(
        "manifest",
        "select",
        "plan-file",
        "jobs",
        "results",
        "analysis",
        "python",
        "fleet",
        "remote",
        "recovery",
        "exit-codes",
        "keys",
        "rate-limits",
    ),
    *("nightly", "settings", "options", "audit", "glossary"),
)


def _completed(ctx: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    names = dict.fromkeys([*TOPICS, *_names(ctx)])
    return [CompletionItem(name) for name in names if name.startswith(prefix)]


def _names(ctx: click.Context) -> list[str]:
    """The names of all commands."""
    root = ctx.find_root().command
    return list(root.commands) if isinstance(root, click.Group) else []


@click.command("help", cls=Command)
@click.argument("words", metavar="[TOPIC|COMMAND]", nargs=-1, shell_complete=_completed)
@click.pass_context
def help_command(context: click.Context, /, words: tuple[str, ...]) -> ExitCode:
    """Explain a topic or a command.

    \b
    Files:     manifest, select, plan-file, jobs, results, analysis,
               python, fleet
    Trouble:   recovery, exit-codes, keys, rate-limits
    Running:   nightly, settings, options, remote
    Proving:   audit, glossary

    \b
    Examples:
      regen help manifest
      regen help settings | less
      regen help run

    Exit codes: 0, or 2 (no such topic).
    """
    if not words:
        click.echo(_help_of(context.find_root(), ()))
    elif len(words) == 1 and words[0] in TOPICS:
        _print_topic(words[0])
        if words[0] in _names(context):
            click.echo(f"\nThe command of this name: regen {words[0]} --help")
    else:
        click.echo(_help_of(context.find_root(), words))
    return ExitCode.SUCCEEDED


def _print_topic(topic: str) -> None:
    from importlib import resources

    from runner.cli.markdown import rendered
    from runner.system.console import say

    say(rendered(resources.files("runner").joinpath("topics", f"{topic}.md").read_text("utf-8")), end="")


def _help_of(root: click.Context, words: tuple[str, ...]) -> str:
    """The help of a command, or of one within a group."""
    context = root
    for word in words:
        group = context.command
        command = group.get_command(context, word) if isinstance(group, click.Group) else None
        if command is None:
            raise click.UsageError(f"there is no topic or command {word!r}; topics: {', '.join(TOPICS)}")
        context = click.Context(command, info_name=word, parent=context)
    return context.get_help()
