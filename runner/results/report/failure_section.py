"""What went wrong, by who can fix it, with the rows themselves and the commands that send them again."""

from __future__ import annotations

import json
from datetime import datetime

from runner.ledger import Store, queries
from runner.ledger.queries import ResultLine
from runner.results.failures import ADVICE, Cluster, Remedy, by_remedy, clusters
from runner.results.next_steps import commands
from runner.results.report.html import Markup, element, identifier, short, table
from runner.runs.run_json import RunDocument
from runner.system.counting import counted

MOST_CLUSTERS = 30
MOST_ROWS = 20  # of a group; a larger one shows so many and names errors.csv, which has them all
ERRORS = "errors.csv"


def failure_section(store: Store, document: RunDocument) -> Markup:
    """The section; it says so if there is nothing to fix."""
    groups = by_remedy(clusters(queries.troubles(store), most_rows=MOST_ROWS))
    title = element("h2", "What went wrong")
    if not groups:
        return element("section", title, element("p", "Nothing: no row failed, is unknown or was rejected."))
    columns = {source.number: source.columns for source in queries.manifests(store)}
    parts = [_remedy(store, columns, document, remedy, group) for remedy, group in groups.items()]
    return element("section", title, *parts)


def _remedy(
    store: Store, columns: dict[int, tuple[str, ...]], document: RunDocument, remedy: Remedy, group: list[Cluster]
) -> Markup:
    count = sum(cluster.count for cluster in group)
    more = len(group) - MOST_CLUSTERS
    return element(
        "div",
        element("h3", f"{remedy}: {counted(count, 'row')}"),
        element("p", f"{ADVICE[remedy][0].upper()}{ADVICE[remedy][1:]}."),
        element("pre", "\n".join(commands(remedy, document.run, group, document, _ended(document)))),
        *(_cluster(store, columns, cluster) for cluster in group[:MOST_CLUSTERS]),
        element("p", f"… and {counted(more, 'more kind')}, all in ", _errors_link()) if more > 0 else "",
        class_="remedy",
    )


def _ended(document: RunDocument) -> datetime | None:
    """When the run ended: the page of a run that is over never changes, so that `verify` can make it again."""
    return None if document.ended_at is None else datetime.fromisoformat(document.ended_at)


def _errors_link() -> Markup:
    return element("a", ERRORS, href=ERRORS)


def _cluster(store: Store, columns: dict[int, tuple[str, ...]], cluster: Cluster) -> Markup:
    rows = [_row(line, columns[line.manifest]) for line in queries.lines(store, among=cluster.rows)]
    code = f"{cluster.code} " if cluster.code else ""
    more = cluster.count - len(rows)
    return element(
        "div",
        element("h4", f"{cluster.count:,} {cluster.state}, {cluster.word}: {code}{short(cluster.shape)}"),
        table(["row", "object", "message", "cells"], rows, numbers=frozenset({0})),
        element("p", f"… and {counted(more, 'more row')}, all in ", _errors_link()) if more > 0 else "",
    )


def _row(line: ResultLine, names: tuple[str, ...]) -> list[object]:
    cells = zip(names, json.loads(line.cells), strict=True)
    shown = ", ".join(f"{short(name, 40)} = {short(cell, 60)}" for name, cell in cells if cell)
    message = short(line.problem or line.message or "no answer")
    return [line.line, identifier(line.object or "–"), message, short(shown, 200)]
