"""`regen verify`: whether a run folder is what the run left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli import options
from runner.cli.completion import run_ids
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode


@click.command(cls=Command)
@click.argument("run", required=False, shell_complete=run_ids)
@options.runs_dir
@options.published
@options.option("--all", "all_", section="What", is_flag=True, help="Every run of the folder, one line each.")
@options.option(
    "--heads",
    section="What",
    type=options.FILE,
    metavar="FILE",
    help="With --all: a run id and its head on each line, as noted elsewhere.",
)
@options.option(
    "--head",
    section="What",
    metavar="HASH",
    help="The head of the ledger's chain, as noted elsewhere when the run ended.",
)
@options.as_json
def verify(run: str | None, all_: bool, heads: str | None, head: str | None, json_: bool, **params: Any) -> ExitCode:
    """Prove that a run folder is what the run left.

    Checks the checksums, the ledger's hash chain, the counts, and the results
    against the ledger.

    \b
    Examples:
      regen verify RUN
      regen verify RUN --head 5f1d0c…
      regen verify --all --heads heads.txt
      regen verify --all --remote s3://acme-regen/runs
      (cd runs/RUN && sha256sum -c SHA256SUMS)

    Exit codes: 0 every check passed, 1 a check could not run, 3 a check failed.
    """
    from runner.audit.verify import verify as checks_of
    from runner.cli.output import print_checks
    from runner.runs.lookup import find_remains
    from runner.system.runtime_tuning import seldom_collecting

    if all_ == bool(run) or ((heads or params["remote"]) and not all_) or (head and all_):
        raise click.UsageError("give a RUN (with --head), or --all (with --heads, --remote)")
    runs = options.runs_folder({"runs_dir": params["runs_dir"]})
    if all_ or run is None:
        return _verify_all(runs, params["remote"], heads, as_json=json_)
    folder = find_remains(runs, run)
    with seldom_collecting():
        checks = checks_of(folder, head)
    return print_checks(folder, checks, as_json=json_)


def _verify_all(runs: Path, remote: str | None, heads: str | None, *, as_json: bool) -> ExitCode:
    """One line a run; of a run that fails, what fails."""
    from runner.audit.verify_all import folders_in, heads_in, published_at, verify_all
    from runner.system.console import say, say_json

    noted = heads_in(Path(heads)) if heads else {}
    folders = published_at(remote) if remote else folders_in(runs)
    missing = sorted(noted.keys() - {folder.run for folder in folders})
    documents, failing = [], 0
    for folder, checks in verify_all(folders, noted):
        failed = [check.name for check in checks if not check.passed]
        failing += bool(failed)
        documents.append({"run": folder.run, "holds": not failed, "failed": failed})
        if not as_json:
            more = "" if remote else f"; regen verify {folder.run}"
            say(f"FAILED  {folder.run}: {', '.join(failed)}{more}" if failed else f"ok      {folder.run}")
    documents += [{"run": run, "holds": False, "failed": ["missing"]} for run in missing]
    if as_json:
        say_json(documents)
    else:
        for run in missing:
            say(f"FAILED  {run}: its head is noted, its folder is not in {remote or runs}")
        say(f"{len(folders):,} verified, {failing + len(missing):,} failed")
    return ExitCode.ROWS_FAILED if failing or missing else ExitCode.SUCCEEDED
