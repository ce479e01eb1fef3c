"""`regen completion`: the script for a shell; and what it completes besides commands, options and files.

Run ids, types of object and topics come from the program.
"""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from runner.cli.help_format import Command
from runner.domain.errors import ExitCode

SHELLS = ["bash", "zsh", "fish"]


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> ExitCode:
    """Print the script for the shell that completes commands, files and run ids.

    \b
    Examples:
      eval "$(regen completion bash)"      # in ~/.bashrc
      eval "$(regen completion zsh)"       # in ~/.zshrc
      regen completion fish > ~/.config/fish/completions/regen.fish

    Exit code: 0.
    """
    cls = get_completion_class(shell)
    assert cls is not None, shell
    click.echo(cls(context.find_root().command, {}, "regen", "_REGEN_COMPLETE").source())
    return ExitCode.SUCCEEDED


def folders(context: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    """Folders, which the shell knows."""
    return [CompletionItem(prefix, type="dir")]


def object_types(context: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    """The types of object that a manifest may list."""
    from manifests import TYPES

    return [CompletionItem(name) for name in TYPES if name.lower().startswith(prefix.lower())]


def run_ids(context: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    """The runs whose id begins with the prefix, newest first, each with its status. Nothing if they cannot be read."""
    from runner.config.settings import Flags, runs_folder
    from runner.domain.errors import RunnerError
    from runner.runs.folder import all_runs

    try:
        folder = runs_folder(Flags(runs_dir=context.params.get("runs_dir")))
        runs = [run for run in all_runs(folder) if run.id.startswith(prefix)]
        documents = [(run.id, document) for run in runs if (document := run.document()) is not None]
    except (RunnerError, OSError):
        return []
    documents.sort(key=lambda pair: str(pair[1].planned_at), reverse=True)
    return [CompletionItem(run, help=str(document.status)) for run, document in documents]
