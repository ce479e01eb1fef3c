"""`regen runs`: the runs in the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode
from runner.domain.run_status import RunStatus

if TYPE_CHECKING:
    from runner.runs.listing import ListedRun

STATUSES = [*(status.value for status in RunStatus), "crashed"]


@click.command(cls=Command)
@options.runs_dir
@options.option("--profile", section="What", metavar="NAME", help="Only runs of this profile, in its runs folder.")
@options.option(
    "--tenant", section="What", metavar="TENANT", help="Only runs of this tenant: its tenant_id, host or kind."
)
@options.option(
    "--status",
    "statuses",
    section="What",
    multiple=True,
    type=click.Choice(STATUSES),
    metavar="STATUS",
    help=f"Only runs of this status; repeat the option for more: {', '.join(STATUSES)}.",
)
@options.option(
    "--unfinished",
    section="What",
    is_flag=True,
    help="Print only the ids of runs that can be resumed unattended, oldest first.",
)
@options.option(
    "--needs-person", section="What", is_flag=True, help="Print only the ids of runs that need a person, oldest first."
)
@options.option(
    "--limit", section="What", type=click.IntRange(1), metavar="N", help="Only the N newest runs.", default_text="all"
)
@options.option("--json", "json_", section="Output", is_flag=True, help="Print a JSON array.")
def runs(limit: int | None, json_: bool, **params: Any) -> ExitCode:
    """List the runs in the folder, newest first.

    \b
    Examples:
      regen runs --profile nightly --limit 10
      regen runs --status crashed --status stopped
      regen runs --json | jq '.[0].counts'
      for run in $(regen runs --unfinished); do regen resume "$run"; done

    Exit code: 0.
    """
    from runner.runs.listing import RunFilter, listed_runs
    from runner.system.console import say, say_json

    folder = _folder(params)
    only_ids = params["unfinished"] or params["needs_person"]
    names = ("tenant", "profile", "statuses", "unfinished", "needs_person")
    chosen = RunFilter(**{name: params[name] for name in names})
    listed = listed_runs(folder, chosen)[:limit]
    if only_ids:
        listed.reverse()
    if json_:
        say_json([document for run in listed if (document := run.as_json()) is not None])
    elif only_ids:
        say("".join(f"{run.brief.run}\n" for run in listed), end="")
    else:
        say("\n".join(_lines(listed)) or _none(folder, filtered=chosen != RunFilter()))
    return ExitCode.SUCCEEDED


def _folder(params: dict[str, Any]) -> Path:
    """The runs folder of the profile; of a profile that the configuration no longer has, the usual one."""
    from runner.config.settings import Layers

    usual = options.flags({"runs_dir": params["runs_dir"]})
    known = params["profile"] in Layers(usual, os.environ).config.profiles
    return options.runs_folder(params if known else {"runs_dir": params["runs_dir"]})


def _none(folder: Path, *, filtered: bool) -> str:
    return f"no such runs in {folder}; `regen runs` lists all" if filtered else f"no runs in {folder}"


def _lines(listed: list[ListedRun]) -> Iterator[str]:
    from runner.system.counting import counted
    from runner.system.timestamps import duration

    for run in listed:
        counts, seconds = run.brief.counts, run.seconds
        states = ", ".join(f"{count:,} {state}" for state, count in counts.items() if state != "rows" and count)
        took = f" in {duration(seconds)}" if seconds is not None else ""
        yield _line(run, f"{counted(counts['rows'], 'row')}: {states}{took}")


def _line(run: ListedRun, about: str) -> str:
    brief = run.brief
    when = str(brief.started_at or brief.planned_at)[:16].replace("T", " ")
    where = (f" at {brief.host}" if brief.host else "") + (f" ({brief.profile})" if brief.profile else "")
    idle = run.crashed or brief.status is not RunStatus.RUNNING
    go_on = f"; go on: regen resume {brief.run}" if brief.unfinished and idle else ""
    if brief.waits_for_person:
        go_on = f"; needs a person: regen show {brief.run}"
    return f"{when} UTC  {run.status:<11} {brief.run}  {about}{where}{go_on}"
