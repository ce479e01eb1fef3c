"""A run's summary for people: what balances, what went wrong, what to do next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from runner.ledger import Store, jobs, views
from runner.live import live_line
from runner.remedies import ADVICE, by_remedy, clusters, commands
from runner.resending import SAME, asked_again, commands_of
from runner.speech import printable
from runner.times import duration

STATES = ("succeeded", "failed", "unknown", "rejected", "duplicate", "pending")
MOST_SHOWN = 10


def balance(counts: dict[str, int]) -> str:
    """The equation that always holds: rows = the sum of the states."""
    parts = " + ".join(f"{counts[state]:,} {state}" for state in STATES if counts[state])
    return f"{counts['rows']:,} rows = {parts or 0}"


def step_balance(step: dict[str, Any]) -> str:
    """The same of one step."""
    counts = dict.fromkeys(STATES, 0) | step["counts"]
    return balance({"rows": sum(counts.values())} | counts)


def summary(document: dict[str, Any], store: Store, folder: str) -> str:
    """The summary of a run, several lines."""
    why = document.get("reason") if document["status"] != "finished" else None
    told = f": {printable(str(why))}" if why else ""
    lines = [f"run {document['run']}: {document['status']}{told}", f"  {balance(document['counts'])}"]
    if document["requests"]["sent"]:
        lines.append(f"  {_effort(store)}")
    if document["status"] == "running" and (live := live_line(store)) is not None:
        lines.append(f"  {live}")
    lines += islice(_under_way(store), MOST_SHOWN)
    if len(document["steps"]) > 1:
        lines += [f"  step {step['step']}, {step['do']}: {step_balance(step)}" for step in document["steps"]]
    lines += [f"  row {row}: job {printable(told)}; look at it in the tenant" for row, told in jobs.differing(store)]
    lines += failure_lines(store, document, folder)
    lines += [f"  {step}" for step in next_steps(document, folder)]
    return "\n".join(lines)


def _under_way(store: Store) -> Iterator[str]:
    """The jobs that are not over, as far as they were last seen."""
    for job, file in jobs.under_way(store):
        counts = json.loads(job.facts or "{}")
        done = f", {counts.get('processedCount', 0):,} of {counts['totalCount']:,}" if "totalCount" in counts else ""
        yield printable(f"  job {job.name}{f' ({file})' if file else ''}: {job.status or 'created'}{done}")


def failure_lines(store: Store, document: dict[str, Any], folder: str) -> Iterator[str]:
    """The failures, clustered, under what to do about each."""
    named = _named(document, folder)
    for mender, found in by_remedy(clusters(views.troubles(store))).items():
        count = sum(cluster.count for cluster in found)
        yield f"  {mender}, {count:,} {'row' if count == 1 else 'rows'}: {ADVICE[mender]}"
        for cluster in found[:MOST_SHOWN]:
            told = printable(cluster.shape if cluster.count > 1 else cluster.message)
            code = f"{cluster.code} " if cluster.code else ""
            rows = ", ".join(map(str, cluster.rows))
            yield f"    {cluster.count:,} {cluster.state}, {cluster.word}: {code}{told} (row {rows})"
        if len(found) > MOST_SHOWN:
            yield f"    … and {len(found) - MOST_SHOWN} more kinds"
        yield from (f"    {command}" for command in commands(mender, named, found, document))


def _named(document: dict[str, Any], folder: str) -> str:
    """How a command names the run: by its id where commands look for runs by themselves, else by its folder."""
    return str(document["run"]) if Path(folder).parent == Path("runs") else shlex.quote(folder)


def _effort(store: Store) -> str:
    sent, first, last = views.sendings(store)
    seconds = ((last or 0) - (first or 0)) / 1e6
    rate = f", {sent / seconds:,.{0 if sent > 10 * seconds else 1}f}/s" if seconds > 1 else ""
    return f"{sent:,} requests sent in {duration(seconds)}{rate}"


def next_steps(document: dict[str, Any], folder: str) -> list[str]:
    """What a person does next, as commands."""
    counts, run = document["counts"], _named(document, folder)
    steps = []
    if document["status"] == "planned":
        steps.append(f"send it: regen resume {run}")
    elif document["status"] == "abandoned":
        steps.append("abandoned: it will not go on")
    elif document["status"] == "halted":
        steps.append(f"go on with the next step in spite of the failures: regen resume {run} --accept-failures")
    elif counts["pending"] and document["status"] != "running":
        steps.append(f"go on: regen resume {run}")
    if counts["unknown"] and not counts["pending"]:
        unknown = [step["step"] for step in document["steps"] if step["counts"].get("unknown")]
        steps.append(f"regen resume {run} {asked_again(document, unknown)}")
    if counts["failed"] and (not counts["pending"] or document["status"] == "halted"):
        steps += _mending(document, folder)
    if document["status"] not in ("planned", "running"):
        steps.append(f"results: {folder}")
    return steps


def _mending(document: dict[str, Any], folder: str) -> Iterator[str]:
    """How all failed rows are sent again at once: by their step's command, unless that would refuse the file, for
    rows of unknown outcome or of other steps. They are mended in a copy: the folder itself is evidence."""
    if len(document["steps"]) == 1 and not document["counts"]["unknown"]:
        (typed,) = commands_of(document, [document["steps"][0]["step"]])
        if typed is None:
            yield f"once that is mended: {SAME}"
        else:
            copied = f"cp {shlex.quote(f'{folder}/errors.csv')} mended.csv"
            yield f"mend them all in a copy, for the folder is sealed: {copied}, then: {typed} mended.csv"
