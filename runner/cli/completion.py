"""`regen completion`: the script for a shell; and what it completes besides commands, options and files.

Run ids, profiles, types of object and topics come from the program.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

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


def object_types(context: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    """The types of object that a manifest may list."""
    from manifests import TYPES

    return _beginning_with(prefix, TYPES)


def record_types(context: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    """The types of record that a backfill may upload."""
    from runner.plan.backfill import TYPES

    return _beginning_with(prefix, TYPES)


def profiles(context: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    """The profiles of the configuration file in force. Nothing if it cannot be read."""
    from runner.config.settings import Flags, Layers
    from runner.domain.errors import RunnerError

    try:
        layers = Layers(Flags(config=context.params.get("config")), os.environ)
    except (RunnerError, OSError):
        return []
    return _beginning_with(prefix, layers.config.profiles)


def _beginning_with(prefix: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.lower().startswith(prefix.lower())]


def run_ids(context: click.Context, _: click.Parameter, prefix: str) -> list[CompletionItem]:
    """The runs whose id begins with the prefix, newest first, with their status; `last` once a letter of it is there.

    Nothing if they cannot be read.
    """
    from runner.config.settings import Flags, runs_folder
    from runner.domain.errors import RunnerError
    from runner.runs.known_runs import known_runs
    from runner.runs.lookup import LAST, started

    try:
        folder = runs_folder(Flags(runs_dir=context.params.get("runs_dir")))
        runs = [run for run in known_runs(folder) if run.id.startswith(prefix)]
    except (RunnerError, OSError):
        return []
    runs.sort(key=lambda run: started(run.brief), reverse=True)
    word = [CompletionItem(LAST, help="the run that was started last")] if prefix and LAST.startswith(prefix) else []
    return word + [CompletionItem(run.id, help=str(run.brief.status)) for run in runs]
