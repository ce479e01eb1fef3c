"""`regen history`: questions over all runs of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli import options
from runner.cli.help_format import Command
from runner.domain.errors import ExitCode

if TYPE_CHECKING:
    from runner.history.database import Answer

GROUPS = ["month", "category", "type", "tenant"]
MODES = ["default", "only-resend", "re-migrate"]


@click.command(cls=Command)
@options.runs_dir
@options.published
@options.option(
    "--object", "object_", section="What", metavar="NAME", help="Every row about one object, over all runs."
)
@options.option("--failing", section="What", is_flag=True, help="The objects whose latest outcome is failed.")
@options.option("--unknown", section="What", is_flag=True, help="The objects whose latest outcome is unknown.")
@options.option("--by", section="What", type=click.Choice(GROUPS), help="Count rows by outcome for each of these.")
@options.option("--who", section="What", is_flag=True, help="Runs and rows by login, profile and mode.")
@options.option("--sql", section="What", metavar="QUERY", help="A query of your own over the tables `rows` and `runs`.")
@options.option("--mode", section="What", type=click.Choice(MODES), help="Only rows that were sent in this mode.")
@options.option(
    "--quarter", section="What", metavar="2026Q3", help="Only runs that were started in this quarter (UTC)."
)
@options.option("--profile", section="What", metavar="NAME", help="Only runs of this profile.")
@options.option("--json", "json_", section="Output", is_flag=True, help="Print a JSON array of objects.")
@options.option("--csv", "csv_", section="Output", is_flag=True, help="Print CSV.")
def history(json_: bool, csv_: bool, **params: Any) -> ExitCode:
    """Answer a question over all runs; without one, print a line per run.

    Needs the extra `history` (DuckDB). A run is included once its results are
    written in Parquet; the others are listed.

    \b
    Examples:
      regen history --object A-S00000001
      regen history --failing
      regen history --by month --profile production
      regen history --failing --remote s3://acme-regen/runs
      regen history --mode re-migrate --quarter 2026Q3 --csv
      regen history --sql "SELECT regen_type, count(*) FROM rows GROUP BY 1"

    Exit codes: 0, or 2 (a query that cannot be answered).
    """
    from runner.history.database import History
    from runner.history.sources import sources_at, sources_in
    from runner.system.console import say

    url, runs = params["remote"], options.runs_folder({"runs_dir": params["runs_dir"]})
    history = History(sources_at(url) if url else sources_in(runs))
    try:
        answer = history.ask(*_question(params))
    finally:
        history.close()
    _print(answer, json_=json_, csv_=csv_)
    if history.without_results:
        say(f"not included, without results.parquet: {', '.join(history.without_results)}", err=True)
    return ExitCode.SUCCEEDED


def _question(params: dict[str, Any]) -> tuple[str, list[Any]]:
    """The one question of the command line. Raises UsageError for several."""
    from runner.history import questions

    chosen = [name for name in ("object_", "failing", "unknown", "by", "who", "sql") if params[name]]
    if len(chosen) > 1:
        raise click.UsageError("ask one question: --object, --failing, --unknown, --by, --who or --sql")
    filters = questions.Filters(params["mode"], params["quarter"], params["profile"])
    match chosen:
        case ["sql"]:
            if filters != questions.Filters():
                raise click.UsageError("--mode, --quarter and --profile do not apply to --sql: put them in the query")
            return params["sql"], []
        case ["object_"]:
            return questions.about_object(params["object_"], filters)
        case ["by"]:
            return questions.counted_by(params["by"], filters)
        case ["who"]:
            return questions.by_login(filters)
        case ["failing"]:
            return questions.latest("failed", filters)
        case ["unknown"]:
            return questions.latest("unknown", filters)
    return questions.by_run(filters)


def _print(answer: Answer, *, json_: bool, csv_: bool) -> None:
    from runner.history.table import as_csv, as_records, as_text
    from runner.system.console import say, say_json

    if json_:
        say_json(as_records(answer))
    elif csv_:
        say(as_csv(answer), end="")
    else:
        say(as_text(answer))
