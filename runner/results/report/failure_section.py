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
    """A group. Where all its rows have one message, the heading has it, and no row repeats it."""
    lines = list(queries.lines(store, among=cluster.rows))
    more = cluster.count - len(lines)
    each = len({_message(line, cluster) for line in lines}) > 1 or (more > 0 and cluster.message != cluster.shape)
    rows = [_row(line, columns[line.manifest], [short(_message(line, cluster))] if each else []) for line in lines]
    code = f"{cluster.code} " if cluster.code else ""
    message = short(cluster.shape if each else cluster.message)
    return element(
        "div",
        element("h4", f"{cluster.count:,} {cluster.state}, {cluster.word}: {code}{message}"),
        table(["row", "object", *(["message"] if each else []), "cells"], rows, numbers=frozenset({0})),
        element("p", f"… and {counted(more, 'more row')}, all in ", _errors_link()) if more > 0 else "",
    )


def _message(line: ResultLine, cluster: Cluster) -> str:
    return (line.problem or line.message or cluster.word).removeprefix(f"{cluster.word}: ")


def _row(line: ResultLine, names: tuple[str, ...], message: list[str]) -> list[object]:
    cells = zip(names, json.loads(line.cells), strict=True)
    shown = ", ".join(f"{short(name, 40)} = {short(cell, 60)}" for name, cell in cells if cell)
    return [line.line, identifier(line.object or "–"), *message, short(shown, 200)]
