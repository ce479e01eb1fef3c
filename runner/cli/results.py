"""`regen results`: make the result files again, or the errors that one remedy fixes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode, Refused

if TYPE_CHECKING:
    from runner.ledger import Store
    from runner.results.failures import Remedy
    from runner.runs.folder import RunFolder

REMEDIES = ["data", "permission", "wait", "vendor"]


@click.command(cls=Command)
@options.run_argument
@options.runs_dir
@options.option(
    "--format",
    "format_",
    section="Output",
    type=click.Choice(options.FORMATS),
    help="The formats.",
    default_text="as the run says",
)
@options.option(
    "--category",
    section="What",
    type=click.Choice(REMEDIES),
    help="Only the failed rows that this remedy fixes: a manifest.",
)
@options.option(
    "--step",
    "steps",
    section="What",
    type=int,
    multiple=True,
    metavar="N",
    help="With --category: only those of this step; may be repeated.",
)
def results(run: str, format_: str | None, category: str | None, steps: tuple[int, ...], **params: Any) -> ExitCode:
    """Write the result files again and print their paths.

    At any time, even for a run that is going on or has crashed. In a sealed folder they
    go to after/<UTC time>/.

    \b
    Examples:
      regen results RUN --format csv
      regen run "$(regen results RUN --category wait)"

    Exit codes: 0, or 2 (no such run or step).
    """
    from runner.ledger import open_read_only
    from runner.results.failures import Remedy
    from runner.results.formats import formats_of
    from runner.results.writer import write_views
    from runner.runs.lookup import find_run
    from runner.system.console import say

    if steps and category is None:
        raise Refused("--step goes with --category: the other files are of the whole run")
    folder = find_run(options.runs_folder(params), run)
    with open_read_only(folder.ledger) as store:
        if category is not None:
            say(str(_write_errors(store, folder, Remedy(category), steps)))
            return ExitCode.SUCCEEDED
        formats = formats_of(format_) if format_ else store.facts().formats
        for path in write_views(store, folder.later(), formats):
            say(str(path))
    return ExitCode.SUCCEEDED


def _write_errors(store: Store, folder: RunFolder, remedy: Remedy, steps: tuple[int, ...]) -> Path:
    """Write the failed rows that one remedy fixes, those of some steps or of all. Unknown rows are left out: `resume`
    asks for them."""
    from runner.ledger import queries
    from runner.results.columns import Layout
    from runner.results.failures import remedy_of
    from runner.results.writer import write_csv

    if missing := set(steps) - {source.step for source in queries.manifests(store)}:
        raise Refused(f"run {folder.id} has no step {min(missing)}")
    layout = Layout.of(store, only_steps=steps)
    errors = (line for line in queries.lines(store, only_errors=True) if not steps or line.step in steps)
    chosen = (line for line in errors if line.state != "unknown" and remedy_of(line) is remedy)
    return write_csv(folder.later() / f"errors-{remedy}.csv", layout, chosen)
