"""A run's summary for people: what balances, what went wrong, what to do next."""

from __future__ import annotations

import re
from typing import Any

from runner.ledger import Store, views
from runner.results import category_word
from runner.times import duration

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
STATES = ("succeeded", "failed", "unknown", "rejected", "duplicate", "pending")


def printable(text: str) -> str:
    """Text from a server or a file without the characters that steer a terminal."""
    return _CONTROL.sub("�", text)


def balance(counts: dict[str, int]) -> str:
    """The equation that always holds: rows = the sum of the states."""
    parts = " + ".join(f"{counts[state]:,} {state}" for state in STATES if counts[state])
    return f"{counts['rows']:,} rows = {parts or 0}"


def summary(document: dict[str, Any], store: Store, folder: str) -> str:
    """The summary of a run, several lines."""
    lines = [f"run {document['run']}: {document['status']}", f"  {balance(document['counts'])}"]
    if document["requests"]["sent"]:
        lines.append(f"  {_effort(store)}")
    for failure in views.failures(store, 10):
        word = category_word(failure.state, failure.category, failure.http_status)
        told = f"{failure.code or word}: {failure.message or word}"
        lines.append(f"  {failure.requests:,} {failure.state}, {word}: {printable(told)} (e.g. row {failure.example})")
    for path, row, problem in views.problems(store, 3):
        lines.append(f"  rejected: {path}, row {row}: {printable(problem)}")
    lines += [f"  {step}" for step in next_steps(document, folder)]
    return "\n".join(lines)


def _effort(store: Store) -> str:
    sent, first, last = views.sendings(store)
    seconds = ((last or 0) - (first or 0)) / 1e6
    rate = f", {sent / seconds:,.0f}/s" if seconds > 1 else ""
    return f"{sent:,} requests sent in {duration(seconds)}{rate}"


def next_steps(document: dict[str, Any], folder: str) -> list[str]:
    """What a person does next, as commands."""
    counts, run = document["counts"], document["run"]
    steps = []
    if document["status"] == "planned":
        steps.append(f"send it: regen resume {run}")
    elif document["status"] == "abandoned":
        steps.append("abandoned: it will not go on")
    elif counts["pending"]:
        steps.append(f"go on: regen resume {run}")
    if counts["unknown"] and not counts["pending"]:
        steps.append(f"ask unknown rows again under the same key: regen resume {run}")
    if counts["failed"] and not counts["pending"]:
        steps.append(f"mend the failed rows in {folder}/errors.csv, then: regen run {folder}/errors.csv")
    if document["status"] not in ("planned", "running"):
        steps.append(f"results: {folder}")
    return steps
