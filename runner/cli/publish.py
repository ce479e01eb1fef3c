"""`regen publish`: a sealed run folder on object storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode, Refused

if TYPE_CHECKING:
    from runner.runs.folder import RunFolder


@click.command(cls=Command)
@options.run_argument
@options.runs_dir
@options.profile_and_config
@options.remote
@options.as_json
def publish(run: str, json_: bool, **params: Any) -> ExitCode:
    """Copy a sealed run folder to object storage, byte for byte.

    A run with a remote is published when it ends; this does it again, where
    that failed, or for a run that was made without one. SHA256SUMS comes last:
    a folder that has it is complete.

    \b
    Examples:
      regen publish last --remote s3://acme-regen/runs
      regen publish 2026-11-21-subscriptions-1a2b3c4d --profile production

    Exit codes: 0, or 2 (not sealed, or the storage cannot be reached).
    """
    from runner.remote.publish import publish as publish_folder
    from runner.remote.storage import open_storage
    from runner.runs.lookup import find_run
    from runner.system.console import say, say_json

    folder = find_run(options.runs_folder(params), run)
    with folder.lock():
        storage = open_storage(_url(params, folder))
        target = publish_folder(storage, folder)
    where = f"{storage.url.rstrip('/')}/{target}"
    if json_:
        say_json({"run": folder.id, "published": where})
    else:
        say(f"run {folder.id} is published: {where}")
    return ExitCode.SUCCEEDED


def _url(params: options.Params, folder: RunFolder) -> str:
    """The remote of the command line, of the configuration, or of the run. Raises Refused if none is named."""
    from runner.config.settings import remote_of

    own = folder.current_document().remote
    url = remote_of(options.flags(params)) or (own.url if own else None)
    if not url:
        raise Refused(
            f"run {folder.id} has no remote: give --remote, REGEN_REMOTE or a profile (--profile) with `remote`"
        )
    return url
