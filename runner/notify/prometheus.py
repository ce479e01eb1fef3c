"""`--metrics FILE|URL`: how the last run ended, for a node exporter's textfile collector or a Pushgateway.

The file is replaced whole or not at all, and is readable by the collector's user. The time of the last success is
carried over from the file that it replaces, or from the gateway, so that an alert on its age needs no memory elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from msgspec import UnsetType

from runner.domain.errors import Refused
from runner.runs.known_runs import known_runs
from runner.runs.run_json import RunDocument
from runner.system.atomic_file import replacing

if TYPE_CHECKING:
    from runner.notify.http_client import Response

LAST_SUCCESS = "regen_last_success_timestamp_seconds"
HELP = {
    "regen_rows": "Rows of the last run, by state.",
    "regen_requests_sent": "Attempts that the last run sent.",
    "regen_retries": "Attempts of the last run after the first of each request.",
    "regen_run_duration_seconds": "From the start of the last run to its end.",
    "regen_exit_code": "Exit code of the last run.",
    "regen_end_timestamp_seconds": "When the last run ended.",
    LAST_SUCCESS: "When a run last ended with exit code 0; 0 before the first.",
    "regen_run_info": "The last run; always 1.",
    "regen_unfinished_runs": "Runs of the folder that have begun and can go on unattended.",
    "regen_needs_person": "Runs of the folder that have rows left and wait for a person.",
    "regen_unknown_rows": "Rows of the folder's runs whose outcome is unknown.",
}
JOB = "regen"
PUSH_SECONDS = 10.0
_WHOLE = re.compile(rb"(?<=\d)\.0$", re.MULTILINE)  # scripts grep for `regen_exit_code{…} 0`

Sample = tuple[str, dict[str, str], float]


class NotPushed(Exception):
    """The gateway did not take the metrics."""


@dataclass(frozen=True)
class Series:
    """Whose metrics: the run's name, and labels of all of them (tenant and profile)."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def sample(self, metric: str, value: float, **more: str) -> Sample:
        """A value with the labels of the series."""
        return metric, {"name": self.name, **self.labels, **more}, value


def is_gateway(target: str) -> bool:
    """Whether metrics are pushed to this target, and not written to it as a file."""
    return target.lower().startswith(("http://", "https://"))


def write(
    path: Path,
    series: Series,
    exit_code: int,
    ended: float,
    document: RunDocument | None,
    folder: Sequence[Sample] = (),
) -> None:
    """Write the metrics of a run; `document` is its run.json, None if it never began. Raises OSError."""
    success = ended if exit_code == 0 else last_success(_text_of(path), series.name)
    samples = samples_of(series, exit_code, ended, document, folder, success or 0.0)
    with replacing(path, mode=0o644) as file:
        file.write(_exposed(samples))


def push(
    url: str, series: Series, exit_code: int, ended: float, document: RunDocument | None, folder: Sequence[Sample] = ()
) -> None:
    """Push the metrics of a run to a Pushgateway, under its name, tenant and profile.

    Raises NotPushed if the gateway did not take them.
    """
    gateway, known, success = url.rstrip("/"), True, ended
    if exit_code != 0:
        response = _exchanged("GET", f"{gateway}/metrics")
        known = response.status == 200
        success = last_success(response.body.decode("utf-8", "replace"), series.name, series.labels) or 0.0
    samples = samples_of(series, exit_code, ended, document, folder, success)
    text = _exposed([sample for sample in samples if known or sample[0] != LAST_SUCCESS])
    method = "PUT" if known else "POST"  # POST keeps the metrics that are not named
    response = _exchanged(method, gateway + _group(series), text)
    if response.status >= 300:
        raise NotPushed(f"HTTP {response.status}")


def _exchanged(method: str, url: str, body: bytes | None = None) -> Response:
    import aiohttp

    from runner.notify.http_client import in_thread, problem_of, request

    headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    try:
        return in_thread(request(method, url, body, headers, seconds=PUSH_SECONDS), PUSH_SECONDS)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotPushed(problem_of(error)) from error
    except Refused as error:  # a proxy that cannot be used
        raise NotPushed(str(error)) from error


def _group(series: Series) -> str:
    """The path of the metrics in a Pushgateway. Source: Pushgateway's README, "URL" (base64 for what has a slash)."""
    from base64 import urlsafe_b64encode

    parts = [f"/metrics/job/{JOB}"]
    for label, value in {"name": series.name, **series.labels}.items():
        if "/" in value:
            parts.append(f"/{label}@base64/{urlsafe_b64encode(value.encode()).decode()}")
        elif value:
            parts.append(f"/{label}/{quote(value, safe='')}")
    return "".join(parts)


def shown_target(target: str) -> str:
    """The target without a password."""
    return f"{urlsplit(target).scheme}://{urlsplit(target).netloc.rpartition('@')[2]}" if is_gateway(target) else target


def last_success(text: str, name: str, labels: Mapping[str, str] | None = None) -> float | None:
    """When a run of that name last succeeded, as earlier metrics have it, with these labels or whatever others."""
    from prometheus_client.parser import text_string_to_metric_families

    wanted = {"name": name, **(labels or {})}.items()
    try:
        families = list(text_string_to_metric_families(text))
    except (ValueError, KeyError, IndexError):  # somebody else's file
        return None
    values = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == LAST_SUCCESS and all(sample.labels.get(label, "") == value for label, value in wanted)
    ]
    return max(values, default=None)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def of_folder(series: Series, runs: Path) -> list[Sample]:
    """What the whole folder has left: an alert on it needs no memory of single nights."""
    unfinished = waiting = unknown = 0
    for run in known_runs(runs):
        waiting += run.brief.waits_for_person
        unfinished += run.brief.unfinished and not run.brief.waits_for_person
        unknown += run.brief.counts["unknown"]
    return [
        series.sample("regen_unfinished_runs", float(unfinished)),
        series.sample("regen_needs_person", float(waiting)),
        series.sample("regen_unknown_rows", float(unknown)),
    ]


def samples_of(
    series: Series,
    exit_code: int,
    ended: float,
    document: RunDocument | None,
    folder: Sequence[Sample],
    success: float,
) -> list[Sample]:
    """Everything that is reported of an ending. Times are in seconds since the epoch."""
    return [
        *([] if document is None else _of_document(series, document)),
        series.sample("regen_exit_code", float(exit_code)),
        series.sample("regen_end_timestamp_seconds", ended),
        series.sample(LAST_SUCCESS, success),
        *folder,
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


def _exposed(samples: Sequence[Sample]) -> bytes:
    """The samples as gauges, in the order of HELP, in the Prometheus text format."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    for metric, about in HELP.items():
        mine = [(labels, value) for name, labels, value in samples if name == metric]
        if mine:
            gauge = Gauge(metric, about, labelnames=tuple(mine[0][0]), registry=registry)
            for labels, value in mine:
                gauge.labels(**labels).set(value)
    return _WHOLE.sub(b"", generate_latest(registry))
