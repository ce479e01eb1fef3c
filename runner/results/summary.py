"""A run's summary for people: what balances, what went wrong, what to do next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

from runner.domain.run_status import RunStatus
from runner.ledger import Store, jobs, queries, timeline
from runner.results.failures import ADVICE, by_remedy, clusters
from runner.results.next_steps import commands, next_steps, run_argument
from runner.runs.restorations import restored_lines
from runner.runs.run_json import RunDocument, StepDocument
from runner.system.console import printable
from runner.system.counting import counted
from runner.system.timestamps import duration, iso, now_microseconds

STATES = ("succeeded", "failed", "unknown", "rejected", "duplicate", "pending")
MOST_SHOWN = 10
MOSTLY = 0.9  # of the whole time: then the time between the starts is not worth a word


def balance(counts: dict[str, int]) -> str:
    """The equation that always holds: rows = the sum of the states."""
    parts = " + ".join(f"{counts[state]:,} {state}" for state in STATES if counts[state])
    return f"{counted(counts['rows'], 'row')} = {parts or 0}"


def step_balance(step: StepDocument) -> str:
    """The same of one step."""
    counts = dict.fromkeys(STATES, 0) | step.counts
    return balance({"rows": sum(counts.values())} | counts)


def summary(document: RunDocument, store: Store, folder: str, *, crashed: bool = False) -> str:
    """The summary of a run, several lines."""
    why = document.reason if document.status is not RunStatus.FINISHED else None
    reason = f": {printable(str(why))}" if why else ""
    lines = [
        f"run {document.run}: {'crashed' if crashed else document.status}{reason}",
        f"  {balance(document.counts)}",
    ]
    lines += [f"  {printable(text)}" for text in restored_lines(document.restorations)]
    if document.requests.sent:
        lines.append(f"  {_effort(store)}")
    if document.status is RunStatus.RUNNING and not crashed and (live := live_line(store)) is not None:
        lines.append(f"  {live}")
    lines += islice(_under_way(store), MOST_SHOWN)
    if len(document.steps) > 1:
        lines += [f"  step {step.number}, {step.do}: {step_balance(step)}" for step in document.steps]
    lines += [
        f"  row {row}: job {printable(reason)}; look at it in the tenant" for row, reason in jobs.differing(store)
    ]
    lines += failure_lines(store, document, folder)
    lines += [f"  {step}" for step in next_steps(document, folder, crashed=crashed)]
    return "\n".join(lines)


def _under_way(store: Store) -> Iterator[str]:
    """The jobs that are not over, as far as they were last seen."""
    for job, file in jobs.under_way(store):
        counts = json.loads(job.facts or "{}")
        done = f", {counts.get('processedCount', 0):,} of {counts['totalCount']:,}" if "totalCount" in counts else ""
        yield printable(f"  job {job.name}{f' ({file})' if file else ''}: {job.status or 'created'}{done}")


def failure_lines(store: Store, document: RunDocument, folder: str) -> Iterator[str]:
    """The failures, clustered, under what to do about each."""
    named = run_argument(document, folder)
    for mender, members in by_remedy(clusters(queries.troubles(store))).items():
        count = sum(cluster.count for cluster in members)
        yield f"  {mender}, {counted(count, 'row')}: {ADVICE[mender]}"
        for cluster in members[:MOST_SHOWN]:
            message = printable(cluster.shape if cluster.count > 1 else cluster.message)
            code = f"{cluster.code} " if cluster.code else ""
            rows = ", ".join(map(str, cluster.rows))
            yield f"    {cluster.count:,} {cluster.state}, {cluster.word}: {code}{message} (row {rows})"
        if len(members) > MOST_SHOWN:
            yield f"    … and {len(members) - MOST_SHOWN} more kinds"
        yield from (f"    {command}" for command in commands(mender, named, members, document))


def _effort(store: Store) -> str:
    """How many requests in what time: of a run that was resumed, the time between its starts does not count."""
    sent, whole, active = timeline.effort(store)
    rate = f", {sent / active:,.{0 if sent > 10 * active else 1}f}/s" if active > 1 else ""
    gaps = f" of {duration(whole)}" if active < MOSTLY * whole else ""
    return f"{counted(sent, 'request')} sent in {duration(active)}{gaps}{rate}"


RECENT_SECONDS = 60


TELLING_SECONDS = 5  # a shorter pause is over before it is read


def live_line(store: Store, now: int | None = None) -> str | None:
    """Pace, concurrency and time left of a run under way; None of any other. `now` in microseconds."""
    if store.facts().status is not RunStatus.RUNNING:
        return None
    now = now_microseconds() if now is None else now
    answered, first, last = queries.answered_since(store, now - RECENT_SECONDS * 1_000_000)
    pending = queries.pending(store)
    if (pause := _pause(store, now)) is not None:
        return f"running, but {pause}; {pending:,} requests are pending"
    if not answered or first is None or last is None:
        return f"running, but nothing was answered in the last minute; {pending:,} requests are pending"
    rate = answered / max(1.0, (now - first) / 1e6)
    at_once = queries.last_event(store, ("concurrency", "concurrency-grown"))
    concurrency = f", {json.loads(at_once)['to']} at once" if at_once else ""
    return (
        f"running: {rate:,.1f} answers a second{concurrency}, {pending:,} requests pending, about "
        f"{duration(pending / rate)} "
        f"left; the last answer came {duration((now - last) / 1e6)} ago"
    )


def _pause(store: Store, now: int) -> str | None:
    """The long pause that holds the run just now, and until when; None if there is none."""
    for at, name, facts in reversed(queries.events(store, "paused", "blackout-over")):
        if name == "blackout-over":
            return None
        end = at + int(facts["seconds"] * 1e6)
        if facts["seconds"] >= TELLING_SECONDS and end > now:
            return f"paused until {iso(end)[:19]}Z: {printable(facts['reason'])}"
    return None
