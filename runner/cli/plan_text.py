"""The plan as text: counts, steps, the first requests, what will be overwritten, how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from runner.config.production import is_guarded, kind_note
from runner.config.settings import Settings
from runner.dispatch.forecast import forecast
from runner.ledger import queries
from runner.results.summary import balance
from runner.runs.run_json import StepDocument
from runner.session.approval import consequences
from runner.session.open_run import OpenRun
from runner.session.quota_usage import quota_of
from runner.system.console import printable
from runner.system.counting import counted
from runner.system.filesystem import is_network, kind_of_disk
from runner.zuora.operations import method_of
from runner.zuora.tenants import limits_in_words

SHOWN_REQUESTS = 3


def plan_text(run: OpenRun, settings: Settings, max_requests: int | None = None) -> str:
    """The plan of a run that is enrolled, as several lines."""
    folder, document = run.folder, run.document
    steps = document.steps
    lines = [
        f"run {folder.id} → {settings.base_url} ({limits_in_words(settings.tenant)})",
        f"  {balance(document.counts)}",
    ]
    sheets = _sheets(run)
    for step in steps:
        lines += _step_lines(step, sheets.get(step.number, {}), of=len(steps))
    lines += [f"  {line}" for line in _first_requests(run)]
    if is_guarded(settings) or any(step.options.get("re_migrate") for step in steps):
        lines += [f"  {line}" for line in consequences(run.store)]
    lines += [f"  {line}" for line in _notes(run, settings)]
    lines += [f"  {line}" for line in _forecast_lines(run, settings, document.tenant, max_requests)]
    lines += _job_lines(steps)
    return "\n".join(lines)


def _first_requests(run: OpenRun) -> list[str]:
    first = queries.bodies(run.store, SHOWN_REQUESTS)
    return [
        f"{method_of(operation)} …/{operation}{'?' if query else ''}{query} {body or ''}".rstrip()
        for operation, query, body in first
    ]


def _notes(run: OpenRun, settings: Settings) -> Iterator[str]:
    path = run.folder.path
    yield from map(printable, run.store.facts().notes)
    if (note := kind_note(settings)) is not None:
        yield note
    if is_network(kind := kind_of_disk(path) or ""):
        yield f"{path} is on a network disk ({kind}), where a ledger can be damaged: see `regen doctor`"


def _forecast_lines(run: OpenRun, settings: Settings, tenant: str, max_requests: int | None) -> list[str]:
    expected = forecast(
        queries.pending(run.store),
        quota=quota_of(settings, run, tenant),
        rate=settings.rate,
        concurrency=settings.concurrency,
    )
    return expected.lines(datetime.now().astimezone(), max_requests, settings.blackouts)


def _job_lines(steps: Sequence[StepDocument]) -> list[str]:
    """How long a job of the tenant takes cannot be forecast."""
    jobs = [str(step.number) for step in steps if step.do != "regenerate" and step.counts.get("pending")]
    if not jobs:
        return []
    return [f"  plus the time that the tenant takes for the jobs of step{'s' * (len(jobs) > 1)} {', '.join(jobs)}"]


def _sheets(run: OpenRun) -> dict[int, dict[str, str]]:
    """The sheet that was read of each workbook, by step and path."""
    sheets: dict[int, dict[str, str]] = {}
    for source in queries.manifests(run.store):
        if source.sheet:
            sheets.setdefault(source.step, {})[source.path] = f", sheet {printable(source.sheet)}"
    return sheets


def _step_lines(step: StepDocument, sheets: Mapping[str, str], of: int) -> list[str]:
    """A step of the plan and its manifests; a run of one step names the manifests alone."""
    named = [manifest for manifest in step.manifests if manifest.path]
    lines = [
        f"  {printable(manifest.path)}{sheets.get(manifest.path, '')}: {counted(manifest.rows, 'row')}"
        for manifest in named
    ]
    if of == 1:
        return lines
    counts = ", ".join(f"{count:,} {state}" for state, count in step.counts.items())
    return [f"  step {step.number}, {step.do}: {counts or 'nothing'}", *(f"  {line}" for line in lines)]
