"""The page: what was asked, what came of it, why, and what to do."""

from __future__ import annotations

import json
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from runner.domain.steps import unusual
from runner.ledger import Store, queries, timeline
from runner.results.failures import ADVICE, Cluster, Remedy, by_remedy, clusters
from runner.results.next_steps import commands
from runner.results.report import charts
from runner.results.report.charts import milliseconds
from runner.results.report.html import Markup, element, short, table, together
from runner.results.report.statistics import course, latency, share
from runner.results.summary import STATES, balance, step_balance
from runner.runs.run_json import RunDocument, StepDocument
from runner.system.atomic_file import replacing
from runner.system.timestamps import duration, iso

NAME = "report.html"
MOST_CLUSTERS = 30
MOST_SAMPLES = 3
MOST_MANIFESTS = 100
SLOWEST = 10
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_report(store: Store, folder: Path, document: RunDocument) -> Path:
    """Write report.html, whole or not at all. `document` is run.json."""
    place = folder / NAME
    with replacing(place) as file:
        file.write(render(store, document).encode())
    return place


def render(store: Store, document: RunDocument) -> str:
    """The page as text."""
    style = resources.files("runner.results.report").joinpath("style.css").read_text("utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", f"Run {document.run}"),
        element("style", Markup(style)),
    )
    sections = [
        _head(document),
        _balance(document),
        _asked(document),
        _course(store),
        _failures(store, document),
        _slowest(store),
        _digests(document),
    ]
    body = element("body", element("main", together([section for section in sections if section])))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _section(title: str, *inside: object) -> Markup:
    return element("section", element("h2", title), *inside)


def _facts(facts: dict[str, object]) -> Markup:
    """Names and values; those without a value are left out."""
    rows = [element("div", element("dt", name), element("dd", value)) for name, value in facts.items() if value]
    return element("dl", *rows)


def _head(document: RunDocument) -> Markup:
    return element(
        "header",
        element("p", "Regeneration run", class_="kind"),
        element("h1", document.run),
        element("p", element("strong", document.status), f" – {balance(document.counts)}", class_="verdict"),
        element("p", document.reason) if document.reason else "",
    )


def _balance(document: RunDocument) -> Markup:
    counts = document.counts
    rows: list[list[object]] = [
        [element("span", "", class_=f"key {state}"), state, f"{counts[state]:,}", share(counts[state], counts["rows"])]
        for state in STATES
    ]
    rows.append(["", "rows", f"{counts['rows']:,}", ""])
    legend = table(["", "state", "rows", "share"], rows, numbers=frozenset({2, 3}), narrow=True)
    return _section("Balance", charts.balance(counts, STATES), legend)


def _asked(document: RunDocument) -> Markup:
    facts: dict[str, object] = {
        "Tenant": f"{document.base_url} ({document.tenant_kind} limits)",
        "Tenant id": document.tenant,
        "Profile": document.profile,
        "Entities": ", ".join(document.entity_ids),
        "Organisations": ", ".join(document.org_ids),
        "Asked by": f"{document.user} on {document.machine}",
        "Version": document.version,
        "Planned": document.planned_at,
        "First request": document.first_claimed_at,
        "Last answer": document.last_answered_at,
        "Ended": document.ended_at,
        "Requests sent": f"{document.requests.sent:,}",
        "Exit code": None if document.exit_code is None else str(document.exit_code),
    }
    return _section("What was asked", _facts(facts), *map(_step, document.steps))


def _step(step: StepDocument) -> Markup:
    options = ", ".join(f"{name} = {_plain(value)}" for name, value in unusual(step.do, step.options).items())
    files = [source for source in step.manifests if source.path]
    sources: list[list[object]] = [
        [source.path, f"{source.rows:,}", f"{source.bytes:,}", element("code", source.sha256)]
        for source in files[:MOST_MANIFESTS]
    ]
    more = len(files) - MOST_MANIFESTS
    return element(
        "div",
        element("h3", f"Step {step.number}: {step.do}{f' ({short(options)})' if options else ''}"),
        element("p", step_balance(step)),
        table(["manifest", "rows", "bytes", "SHA-256"], sources, numbers=frozenset({1, 2})) if sources else "",
        element("p", f"… and {more:,} more manifests") if more > 0 else "",
    )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _course(store: Store) -> Markup:
    told = course(store)
    if told is None:
        return Markup("")
    pauses: list[list[object]] = [
        [duration(pause.at), f"{pause.seconds:g} s", short(pause.reason)] for pause in told.pauses[:SLOWEST]
    ]
    inside: list[object] = [charts.rate(told), charts.under_way(told)]
    if pauses:
        inside += [
            element("h3", f"The longest of {told.paused:,} pauses"),
            table(["after", "for", "reason"], pauses, narrow=True),
        ]
    took = latency(store)
    return _section("How it went", *inside, charts.latencies(took) if took else "")


def _failures(store: Store, document: RunDocument) -> Markup:
    found = by_remedy(clusters(queries.troubles(store)))
    if not found:
        return _section("What went wrong", element("p", "Nothing: no row failed, is unknown or was rejected."))
    own = {source.number: source.columns for source in queries.manifests(store)}
    return _section("What went wrong", *(_remedy(store, own, document, one, told) for one, told in found.items()))


def _remedy(
    store: Store, own: dict[int, tuple[str, ...]], document: RunDocument, mender: Remedy, found: list[Cluster]
) -> Markup:
    count = sum(cluster.count for cluster in found)
    more = len(found) - MOST_CLUSTERS
    return element(
        "div",
        element("h3", f"{mender}: {count:,} {'row' if count == 1 else 'rows'}"),
        element("p", f"{ADVICE[mender]}."),
        element("pre", "\n".join(commands(mender, document.run, found, document, _ended(document)))),
        *(_cluster(store, own, cluster) for cluster in found[:MOST_CLUSTERS]),
        element("p", f"… and {more:,} more kinds") if more > 0 else "",
        class_="remedy",
    )


def _ended(document: RunDocument) -> datetime | None:
    """When the run ended: the page of a run that is over never changes, so that `verify` can make it again."""
    return None if document.ended_at is None else datetime.fromisoformat(document.ended_at)


def _cluster(store: Store, own: dict[int, tuple[str, ...]], cluster: Cluster) -> Markup:
    rows: list[list[object]] = []
    for line in (line for row in cluster.rows[:MOST_SAMPLES] for line in queries.lines(store, line=row)):
        cells = zip(own[line.manifest], json.loads(line.cells), strict=True)
        shown = ", ".join(f"{short(name, 40)} = {short(cell, 60)}" for name, cell in cells if cell)
        told = short(line.problem or line.message or "no answer")
        rows.append([line.line, short(line.object or "–", 80), told, short(shown, 200)])
    code = f"{cluster.code} " if cluster.code else ""
    heading = f"{cluster.count:,} {cluster.state}, {cluster.word}: {code}{short(cluster.shape)}"
    samples = table(["row", "object", "what was said", "cells"], rows, numbers=frozenset({0}))
    return element("div", element("h4", heading), samples)


def _slow(slow: timeline.Slow) -> list[object]:
    when, took = iso(slow.sent_at), milliseconds(slow.took / 1e3)
    told = [slow.http_status or "–", slow.reason, slow.request_id or "–"]
    return [slow.row, short(slow.label, 80), slow.attempt, when, took, *told]


def _slowest(store: Store) -> Markup:
    rows = [_slow(slow) for slow in timeline.slowest(store, SLOWEST)]
    if not rows:
        return Markup("")
    headers = ["row", "object", "attempt", "sent", "took", "HTTP", "what it meant", "Zuora-Request-Id"]
    return _section("Slowest requests", table(headers, rows, numbers=frozenset({0, 2, 4}), whole=frozenset({3})))


def _digests(document: RunDocument) -> Markup:
    facts: dict[str, object] = {
        "Head of the ledger": element("code", document.head) if document.head else None,
        "Inputs": element("code", document.fingerprint),
    }
    told = (
        "The SHA-256 of every file of the run stands in SHA256SUMS beside this page. `regen verify` compares them, the "
        "ledger's chain with this head, and the results with the ledger; compare the head with a copy noted elsewhere."
    )
    return _section("Digests", _facts(facts), element("p", told))
