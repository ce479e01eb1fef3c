"""`--metrics FILE`: how the last run ended, in the Prometheus text format, for a node exporter's textfile collector.

The file takes its place whole or not at all, and is readable by the collector's user. The time of the last success
is carried over from the file that it replaces, so that an alert on its age needs no memory elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from msgspec import UnsetType

from runner.runs.folder import all_runs
from runner.runs.run_json import RunDocument

LAST_SUCCESS = "regen_last_success_timestamp_seconds"
HELP = {
    "regen_rows": "Rows of the last run, by state.",
    "regen_requests_sent": "Attempts that the last run sent.",
    "regen_retries": "Attempts of the last run after the first of each request.",
    "regen_run_duration_seconds": "From the begin of the last run to its end.",
    "regen_exit_code": "Exit code of the last run.",
    "regen_end_timestamp_seconds": "When the last run ended.",
    LAST_SUCCESS: "When a run last ended with exit code 0; 0 before the first.",
    "regen_run_info": "The last run; always 1.",
    "regen_unfinished_runs": "Runs of the folder that have begun and can go on unattended.",
    "regen_needs_person": "Runs of the folder that stopped for a reason that a person must look at.",
    "regen_unknown_rows": "Rows of the folder's runs whose outcome is unknown.",
}


Sample = tuple[str, dict[str, str], float]


@dataclass(frozen=True)
class Series:
    """Whose metrics: the run's name, and labels of all of them (tenant and profile)."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def sample(self, metric: str, value: float, **more: str) -> Sample:
        """A value with the labels of the series."""
        return metric, {"name": self.name, **self.labels, **more}, value


def write(
    path: Path,
    series: Series,
    exit_code: int,
    ended: float,
    document: RunDocument | None,
    folder: Sequence[Sample] = (),
) -> None:
    """Write the metrics of a run; `document` is its run.json, None if it never began. Raises OSError."""
    success = ended if exit_code == 0 else last_success(path, series.name)
    samples = [] if document is None else [*_of_document(series, document)]
    samples += [
        series.sample("regen_exit_code", float(exit_code)),
        series.sample("regen_end_timestamp_seconds", ended),
        series.sample(LAST_SUCCESS, success or 0.0),
        *folder,
    ]
    _replace(path, "".join(_lines(samples)))


def last_success(path: Path, name: str) -> float | None:
    """When a run of that name last succeeded, as an earlier file has it, with whatever other labels."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    label = re.escape(f'name="{_escaped(name)}"')
    match = re.search(rf"^{LAST_SUCCESS}\{{{label}[,}}].* ([0-9.eE+]+)$", text, re.MULTILINE)
    return float(match[1]) if match else None


def of_folder(series: Series, runs: Path) -> list[Sample]:
    """What the whole folder has left: an alert on it needs no memory of single nights."""
    documents = [document for run in all_runs(runs) if (document := run.document()) is not None]
    unfinished = [document for document in documents if document.unfinished]
    return [
        series.sample("regen_unfinished_runs", float(sum(not document.needs_person for document in unfinished))),
        series.sample("regen_needs_person", float(sum(document.needs_person for document in documents))),
        series.sample("regen_unknown_rows", float(sum(document.counts["unknown"] for document in documents))),
    ]


def _of_document(series: Series, document: RunDocument) -> Iterator[Sample]:
    for state, count in document.counts.items():
        if state != "rows":
            yield series.sample("regen_rows", float(count), state=state)
    yield series.sample("regen_requests_sent", float(document.requests.sent))
    retries = document.requests.retries
    yield series.sample("regen_retries", 0.0 if isinstance(retries, UnsetType) else float(retries))
    begin, end = document.started_at, document.ended_at
    if begin and end:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
        yield series.sample("regen_run_duration_seconds", seconds)
    labels = {label: str(getattr(document, label)) for label in ("run", "host", "status", "version")}
    yield series.sample("regen_run_info", 1.0, **labels)


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
