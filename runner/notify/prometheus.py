"""`--metrics FILE`: how the last run ended, in the Prometheus text format, for a node exporter's textfile collector.

The file takes its place whole or not at all, and is readable by the collector's user. The time of the last success
is carried over from the file that it replaces, so that an alert on its age needs no memory elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from msgspec import UnsetType

from runner.runs.run_json import RunDocument

LAST_SUCCESS = "regen_last_success_timestamp_seconds"
HELP = {
    "regen_rows": "Rows of the last run, by state.",
    "regen_requests_sent": "Attempts that the last run sent.",
    "regen_retries": "Attempts of the last run after the first of each request.",
    "regen_run_duration_seconds": "From the begin of the last run to its end.",
    "regen_exit_code": "Exit code of the last run.",
    "regen_end_timestamp_seconds": "When the last run ended.",
    LAST_SUCCESS: "When a run last ended with exit code 0.",
    "regen_run_info": "The last run; always 1.",
}


def write(path: Path, name: str, exit_code: int, ended: float, document: RunDocument | None) -> None:
    """Write the metrics of a run called `name`; `document` is its run.json, None if it never began. Raises OSError."""
    success = ended if exit_code == 0 else last_success(path, name)
    samples = [] if document is None else [*_of_document(name, document)]
    samples += [
        ("regen_exit_code", {"name": name}, float(exit_code)),
        ("regen_end_timestamp_seconds", {"name": name}, ended),
    ]
    if success is not None:
        samples.append((LAST_SUCCESS, {"name": name}, success))
    _replace(path, "".join(_lines(samples)))


def last_success(path: Path, name: str) -> float | None:
    """When a run of that name last succeeded, as an earlier file tells it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    label = re.escape(_labels({"name": name}))
    match = re.search(rf"^{LAST_SUCCESS}{label} ([0-9.eE+]+)$", text, re.MULTILINE)
    return float(match[1]) if match else None


Sample = tuple[str, dict[str, str], float]


def _of_document(name: str, document: RunDocument) -> Iterator[Sample]:
    counts = document.counts
    for state, count in counts.items():
        if state != "rows":
            yield "regen_rows", {"name": name, "state": state}, float(count)
    yield "regen_requests_sent", {"name": name}, float(document.requests.sent)
    retries = document.requests.retries
    yield "regen_retries", {"name": name}, 0.0 if isinstance(retries, UnsetType) else float(retries)
    begin, end = document.started_at, document.ended_at
    if begin and end:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
        yield "regen_run_duration_seconds", {"name": name}, seconds
    labels = {label: str(getattr(document, label)) for label in ("run", "host", "status", "version")}
    yield "regen_run_info", {"name": name} | labels, 1.0


def _lines(samples: list[Sample]) -> Iterator[str]:
    for metric, about in HELP.items():
        mine = [sample for sample in samples if sample[0] == metric]
        if mine:
            yield f"# HELP {metric} {about}\n# TYPE {metric} gauge\n"
        for _, labels, value in mine:
            yield f"{metric}{_labels(labels)} {value:.15g}\n"


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _replace(path: Path, text: str) -> None:
    """Put a file in its place in one step. Its draft has a name that no collector reads."""
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise
