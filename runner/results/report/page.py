"""The page: what was to be done, what came of it, why, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.domain.run_status import RunStatus
from runner.domain.steps import unusual
from runner.ledger import Store, timeline
from runner.ledger.facts import Start
from runner.ledger.request_kinds import kinds
from runner.results.report import charts
from runner.results.report.charts import milliseconds
from runner.results.report.failure_section import failure_section
from runner.results.report.headline import headline, time_taken
from runner.results.report.html import Markup, element, html_page, identifier, short, table, together
from runner.results.report.statistics import Course, course, latency, share
from runner.results.report.times import local_zone, shown_time
from runner.results.summary import STATES, balance, step_balance
from runner.runs.restorations import restored_lines
from runner.runs.run_json import RunDocument, StepDocument
from runner.system.atomic_file import replacing
from runner.system.counting import counted
from runner.system.timestamps import duration, iso
from runner.zuora.tenants import limits_in_words

NAME = "report.html"
MOST_MANIFESTS = 100
MOST_STARTS = 20
MOST_PATH = 4_096  # characters: as long as a path can be
SLOWEST = 10
_UNIT = re.compile(r"(?<=[0-9]) (?=(ms|s|min|h|d)\b)")  # the gap before a unit, where no line may end


def write_report(store: Store, folder: Path, document: RunDocument) -> Path:
    """Write report.html, whole or not at all. `document` is run.json."""
    path = folder / NAME
    with replacing(path) as file:
        file.write(render(store, document).encode())
    return path


def render(store: Store, document: RunDocument) -> str:
    """The page as text."""
    run_course = course(store)
    sections = [
        _head(document, headline(kinds(store), document.counts, run_course)),
        failure_section(store, document),
        _balance(document),
        _task(document, run_course),
        _course(store, run_course),
        _slowest(store),
        _digests(document),
    ]
    return html_page(f"Run {document.run}", together([section for section in sections if section]))


def _section(title: str, *inside: object) -> Markup:
    return element("section", element("h2", title), *inside)


def _facts(facts: dict[str, object]) -> Markup:
    """Names and values; those without a value are left out."""
    rows = [element("div", element("dt", name), element("dd", value)) for name, value in facts.items() if value]
    return element("dl", *rows)


def _head(document: RunDocument, sentence: str) -> Markup:
    return element(
        "header",
        element("p", "Regeneration run", class_="kind"),
        element("h1", document.run),
        element("p", _UNIT.sub("\N{NO-BREAK SPACE}", sentence), class_="headline"),
        element("p", element("strong", document.status), f" – {balance(document.counts)}", class_="verdict"),
        element("p", document.reason) if document.reason and document.status is not RunStatus.FINISHED else "",
    )


def _balance(document: RunDocument) -> Markup:
    counts = document.counts
    rows: list[list[object]] = [
        [_state(state), f"{counts[state]:,}", share(counts[state], counts["rows"])] for state in STATES
    ]
    rows.append(["all", f"{counts['rows']:,}", ""])
    legend = table(["state", "rows", "share"], rows, numbers=frozenset({1, 2}), narrow=True)
    return _section("Balance", charts.balance(counts, STATES), legend)


def _state(state: str) -> Markup:
    """A state with its colour in the chart."""
    return Markup(element("span", "", class_=f"key {state}") + f" {state}")


def _task(document: RunDocument, run_course: Course | None) -> Markup:
    zone = local_zone(document)
    facts: dict[str, object] = {
        "Tenant": f"{document.base_url} ({limits_in_words(document.tenant_kind)})",
        "Tenant id": document.tenant,
        "Profile": document.profile,
        "Entities": ", ".join(document.entity_ids),
        "Organisations": ", ".join(document.org_ids),
        "Started by": f"{document.user} on {document.machine}",
        "Version": document.version,
        "Planned": shown_time(document.planned_at, zone),
        "First request": shown_time(document.first_claimed_at, zone),
        "Last answer": shown_time(document.last_answered_at, zone),
        "Ended": shown_time(document.ended_at, zone),
        "Time taken": None if run_course is None else time_taken(run_course),
        "Requests sent": f"{document.requests.sent:,}",
        "Exit code": None if document.exit_code is None else str(document.exit_code),
    }
    parents = [element("p", sentence) for sentence in _origins(document)]
    return _section("What was to be done", _facts(facts), *parents, _starts(document), *map(_step, document.steps))


def _origins(document: RunDocument) -> Iterator[str]:
    """Where rows of this run come from, if another run had them before."""
    if document.parent is not None:
        yield f"This run sends rows of run {document.parent} again."
    carried = document.carried
    if carried is not None and carried.rows:
        yield f"It also has {counted(carried.rows, 'failed row')} of run {carried.source}."
    for text in restored_lines(document.restorations):
        yield f"It was {text}."
    if document.keys_used_before is not None:
        yield f"The same keys were used before, last at {document.keys_used_before}, by a run whose folder is not here."


def _starts(document: RunDocument) -> Markup:
    """Who started it, and who resumed it."""
    if not document.starts:
        return Markup("")
    zone = local_zone(document)
    rows = [_start(number, start, shown_time(start.at, zone)) for number, start in enumerate(document.starts, 1)]
    resumes = len(rows) - 1
    title = f"Started, and resumed {'once' if resumes == 1 else f'{resumes:,} times'}" if resumes else "Started"
    more = len(rows) - MOST_STARTS
    return element(
        "div",
        element("h3", title),
        table(["start", "at", "by", "production confirmed by", "command"], rows[:MOST_STARTS], numbers=frozenset({0})),
        element("p", f"… and {counted(more, 'more start')}, all in run.json") if more > 0 else "",
    )


def _start(number: int, start: Start, at: Markup | None) -> list[object]:
    by = f"{start.login or start.uid or 'unknown'} on {start.host or 'unknown'}"
    return [number, at, identifier(by), start.production or "–", element("code", short(" ".join(start.command)))]


def _step(step: StepDocument) -> Markup:
    options = ", ".join(f"{name} = {_plain(value)}" for name, value in unusual(step.do, step.options).items())
    files = [source for source in step.manifests if source.path]
    sources: list[list[object]] = [
        [identifier(source.path, MOST_PATH), f"{source.rows:,}", f"{source.bytes:,}", element("code", source.sha256)]
        for source in files[:MOST_MANIFESTS]
    ]
    more = len(files) - MOST_MANIFESTS
    return element(
        "div",
        element("h3", f"Step {step.number}: {step.do}{f' ({short(options)})' if options else ''}"),
        element("p", step_balance(step)),
        table(["manifest", "rows", "bytes", "SHA-256"], sources, numbers=frozenset({1, 2})) if sources else "",
        element("p", f"… and {counted(more, 'more manifest')}, all in run.json") if more > 0 else "",
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _course(store: Store, run_course: Course | None) -> Markup:
    if run_course is None:
        return Markup("")
    pauses: list[list[object]] = [
        [duration(pause.at), f"{pause.seconds:g} s", short(pause.reason)] for pause in run_course.pauses[:SLOWEST]
    ]
    inside: list[object] = [charts.rate(run_course), charts.under_way(run_course)]
    if pauses:
        inside += [
            element("h3", f"The longest of {counted(run_course.paused, 'pause')}"),
            table(["after", "for", "reason"], pauses, narrow=True),
        ]
    took = latency(store)
    return _section("How it went", *inside, charts.latencies(took) if took else "")


def _slow(slow: timeline.Slow) -> list[object]:
    when, took = element("span", iso(slow.sent_at), class_="id"), milliseconds(slow.took / 1e3)
    answer = [slow.http_status or "–", slow.reason, identifier(slow.request_id or "–")]
    return [slow.row, identifier(slow.label), slow.attempt, when, took, *answer]


def _slowest(store: Store) -> Markup:
    rows = [_slow(slow) for slow in timeline.slowest(store, SLOWEST)]
    if not rows:
        return Markup("")
    headers = ["row", "object", "attempt", "sent", "took", "HTTP", "what it meant", "Zuora-Request-Id"]
    return _section("Slowest requests", table(headers, rows, numbers=frozenset({0, 2, 4})))


def _digests(document: RunDocument) -> Markup:
    facts: dict[str, object] = {
        "Head of the ledger": element("code", document.head) if document.head else None,
        "Inputs": element("code", document.fingerprint),
    }
    advice = (
        "The SHA-256 of every file of the run is in SHA256SUMS beside this page. `regen verify` compares them, the "
        "ledger's chain with this head, and the results with the ledger; compare the head with a copy noted elsewhere."
    )
    return _section("Digests", _facts(facts), element("p", advice))
