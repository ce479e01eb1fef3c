"""`regen verify`: whether a run folder is what the run left."""

from __future__ import annotations

from typing import Any

import click

from runner.cli import options
from runner.domain.errors import ExitCode


@click.command()
@options.run_argument
@options.runs_dir
@click.option("--head", metavar="HASH", help="The head of the ledger's chain, as noted elsewhere when the run ended.")
@options.as_json
def verify(run: str, head: str | None, json_: bool, **params: Any) -> ExitCode:
    """Prove that a run folder is what the run left: checksums, hash chain, balance, results. Exit 3 if it is not.

    \b
    Examples:
      regen verify RUN
      regen verify RUN --head 5f1d0c…
      (cd runs/RUN && sha256sum -c SHA256SUMS)
    """
    from runner.audit.verify import verify as checks_of
    from runner.cli.output import print_checks
    from runner.runs.lookup import find_remains
    from runner.system.runtime_tuning import seldom_collecting

    folder = find_remains(options.runs_folder(params), run)
    with seldom_collecting():
        checks = checks_of(folder, head)
    return print_checks(folder, checks, as_json=json_)
