"""Shell completion of run ids. `eval "$(_REGEN_COMPLETE=bash_source regen)"` switches it on."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


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
