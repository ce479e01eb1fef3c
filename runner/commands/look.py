"""`runs`, `show`, `results`, `abandon`, `template`: what is there, without sending anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.errors import ExitCode, Refused
from runner.identity import key, track_id
from runner.ledger import Journal, open_read_only, open_writable, views
from runner.results import write_views
from runner.runs import RunFolder, all_runs, existing
from runner.session import reread, write_document
from runner.summary import printable, summary
from runner.times import iso, now_microseconds


def list_runs(runs: Path, *, as_json: bool) -> ExitCode:
    """All runs in the folder, newest first; reads run.json, no ledger."""
    documents = [document for run in all_runs(runs) if (document := run.document()) is not None]
    documents.sort(key=lambda document: str(document.get("started_at") or document.get("planned_at")), reverse=True)
    if as_json:
        print(json.dumps(documents, ensure_ascii=False, indent=2))
    elif not documents:
        print(f"no runs in {runs}")
    for document in documents if not as_json else ():
        print(_run_line(document))
    return ExitCode.SUCCEEDED


def _run_line(document: dict[str, Any]) -> str:
    counts = document["counts"]
    told = ", ".join(f"{counts[state]:,} {state}" for state in counts if state != "rows" and counts[state])
    when = str(document.get("started_at") or document.get("planned_at"))[:16].replace("T", " ")
    return f"{when}  {document['status']:<11} {document['run']}  {counts['rows']:,} rows: {told}"


def show(runs: Path, run: str, *, row: int | None, as_json: bool) -> ExitCode:
    """One run's summary, or the whole story of one of its rows."""
    folder = existing(runs, run)
    document = reread(folder)
    with open_read_only(folder.ledger) as store:
        if row is not None:
            story = _story(store, folder, row)
            print(json.dumps(story, ensure_ascii=False, indent=2) if as_json else "\n".join(_story_lines(story)))
        elif as_json:
            failures = [failure._asdict() for failure in views.failures(store, 100)]
            print(json.dumps(document | {"failures": failures}, ensure_ascii=False, indent=2))
        else:
            print(summary(document, store, str(folder.path)))
    return ExitCode.SUCCEEDED


def _story(store: Any, folder: RunFolder, row: int) -> dict[str, Any]:
    line = next(views.lines(store, line=row), None)
    if line is None:
        raise Refused(f"run {folder.id} has no row {row}")
    sources = {source.number: source for source in views.manifests(store)}
    cells = dict(zip(sources[line.manifest].columns, json.loads(line.cells), strict=True))
    tries = views.attempts(store, line.request) if line.request is not None else []
    for attempt in tries:
        attempt["key"] = key(line.digest or "", attempt["generation"])
        attempt["track_id"] = track_id(line.digest or "", attempt["number"])
        for name in ("claimed_at", "sent_at", "answered_at"):
            attempt[name] = None if attempt[name] is None else iso(attempt[name])
    return {
        "row": line.line,
        "manifest": line.path,
        "manifest_row": line.row,
        "cells": cells,
        "operation": line.operation,
        "object": line.object,
        "state": line.state,
        "repeats_row": line.request if line.state == "duplicate" else None,
        "problem": line.problem,
        "outcome": line.request_state,
        "ids": json.loads(line.ids) if line.ids else None,
        "code": line.code,
        "message": line.message,
        "attempts": tries,
    }


def _story_lines(story: dict[str, Any]) -> Iterator[str]:
    yield f"row {story['row']}: {story['manifest']}, row {story['manifest_row']}"
    yield f"  {story['operation']} {printable(str(story['object']))}: {story['state']}"
    for name in ("problem", "repeats_row", "code", "message"):
        if story[name] is not None:
            yield f"  {name.replace('_', ' ')}: {printable(str(story[name]))}"
    if story["outcome"] == "succeeded":
        yield f"  ids: {', '.join(story['ids']) or 'none'}"
    for attempt in story["attempts"]:
        yield _attempt_line(attempt)


def _attempt_line(attempt: dict[str, Any]) -> str:
    told = attempt["reason"] or "no answer recorded: in doubt"
    status = f" HTTP {attempt['http_status']}" if attempt["http_status"] else ""
    message = f" ({printable(attempt['message'])})" if attempt["message"] else ""
    request = f", request id {attempt['request_id']}" if attempt["request_id"] else ""
    over = ", this key is spent" if attempt["over"] else ""
    return (
        f"  attempt {attempt['number']} at {attempt['sent_at'] or attempt['claimed_at']} with {attempt['key']}:"
        f"{status} {told}{message}{request}{over}"
    )


def results(runs: Path, run: str, formats: tuple[str, ...] | None) -> ExitCode:
    """Make the views again, at any time. In a sealed folder they go to `after/<UTC time>/`."""
    folder = existing(runs, run)
    with open_read_only(folder.ledger) as store:
        wanted = formats if formats is not None else tuple(store.facts()["formats"])
        place = folder.path
        if folder.sealed:
            place = folder.path / "after" / iso(now_microseconds()).replace(":", "")
            place.mkdir(parents=True, mode=0o700)
        for path in write_views(store, place, wanted, folder.id):
            print(path)
    return ExitCode.SUCCEEDED


def abandon(runs: Path, run: str) -> ExitCode:
    """Close a run that shall not go on; what it has recorded stays."""
    folder = existing(runs, run)
    with folder.lock():
        with open_writable(folder.ledger) as store:
            status = store.facts()["status"]
            if status == "finished":
                raise Refused(f"run {folder.id} is finished; there is nothing to abandon")
            folder.unseal()
            store.set_facts({"status": "abandoned", "ended_at": iso(now_microseconds())})
            store.set_facts({"head": Journal(store).close(now_microseconds())})
            write_views(store, folder.path, store.facts()["formats"], folder.id)
            write_document(folder, store)
            store.settle_down()
        folder.seal()
    print(f"run {folder.id} is abandoned; its results stay in {folder.path}")
    return ExitCode.SUCCEEDED


def template(type_: str) -> ExitCode:
    """Print an empty manifest for a type."""
    from manifests import template as header

    try:
        print(header(type_), end="")
    except ValueError as error:
        raise Refused(str(error)) from error
    return ExitCode.SUCCEEDED
