"""Reports every ending to the receivers, whatever ends a command. None of them changes how it ended."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from runner.config.settings import Flags
from runner.domain.errors import ExitCode, Refused, RunnerError
from runner.ledger import open_read_only
from runner.ledger.queries import retries
from runner.notify import prometheus, transitions, webhook
from runner.notify.on_finish import run_command
from runner.notify.receivers import Receivers, receivers_of, refuse_unusable, usable
from runner.runs.folder import RunFolder
from runner.runs.run_json import RunDocument
from runner.system.console import say
from runner.system.signals import Terminated


@dataclass
class Report:
    """What is known of the run while a command goes on; the command fills it in."""

    name: str
    flags: Flags
    folder: RunFolder | None = None
    code: ExitCode | None = None  # of a run that ended; None: nothing to report
    reason: str = ""

    def use(self, flags: Flags) -> None:
        """Take the settings of the run itself. Raises Refused for a receiver that cannot work."""
        self.flags = flags
        refuse_unusable(receivers_of(flags))


@contextlib.contextmanager
def reporting(flags: Flags, name: str) -> Iterator[Report]:
    """Report how a command ended, whether it returns or raises, whatever it raises. A refusal at a terminal is not
    reported: it is seen there. Raises Refused for a receiver that cannot work."""
    report = Report(name, flags)
    try:
        refuse_unusable(receivers_of(flags))
        yield report
    except GeneratorExit:
        raise
    except BaseException as error:
        if not (isinstance(error, Refused) and sys.stdin is not None and sys.stdin.isatty()):
            report.code, report.reason = _code_of(error), str(error) or type(error).__name__
            deliver(usable(receivers_of(report.flags)), report)
        raise
    if report.code is not None:
        deliver(usable(receivers_of(report.flags)), report)


def _code_of(error: BaseException) -> ExitCode:
    """The exit code with which the command line ends for this exception: whatever ends a night is reported."""
    if isinstance(error, RunnerError):
        return error.exit_code
    if isinstance(error, Terminated):
        return ExitCode.TERMINATED
    return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.FAULT


def deliver(receivers: Receivers, report: Report) -> None:
    """Inform every receiver. What goes wrong with one is printed on stderr and nothing more."""
    if not receivers or report.code is None:
        return
    document = _document(report.folder)
    name = (document.name if document is not None else None) or report.name
    if receivers.metrics:
        _write_metrics(receivers, receivers.metrics, name, report.code, document)
    if receivers.notify and transitions.is_due(receivers, name, report.code):
        _post(receivers, receivers.notify.reveal(), name, report, document)
    if receivers.on_finish and report.folder is not None and document is not None:
        problem = run_command(receivers, report.folder.path, report.code, document)
        if problem is not None:
            _say(f"--on-finish: {problem}")


def _document(folder: RunFolder | None) -> RunDocument | None:
    """run.json, with the number of retries."""
    document = folder.document() if folder is not None else None
    if folder is None or document is None:
        return None
    with contextlib.suppress(RunnerError), open_read_only(folder.ledger) as store:
        return replace(document, requests=replace(document.requests, retries=retries(store)))
    return document


def _write_metrics(receivers: Receivers, target: str, name: str, code: ExitCode, document: RunDocument | None) -> None:
    series = prometheus.Series(name, receivers.labels)
    try:
        folder = [] if receivers.runs is None else prometheus.of_folder(series, receivers.runs)
    except RunnerError as error:
        folder = []
        _say(f"--metrics: nothing about the whole folder: {error}")
    values = (series, int(code), time.time(), document, folder)
    try:
        if prometheus.is_gateway(target):
            prometheus.push(target, *values)
        else:
            prometheus.write(Path(target).resolve(), *values)  # a link stays one
    except (OSError, prometheus.NotPushed) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _say(f"--metrics {prometheus.shown_target(target)}: {reason}")


def _post(receivers: Receivers, url: str, name: str, report: Report, document: RunDocument | None) -> None:
    assert report.code is not None
    try:
        webhook.post(url, webhook.payload(name, int(report.code), report.reason, document))
    except webhook.NotDelivered as error:
        _say(f"--notify: {error}")
        return
    transitions.note(receivers, name, report.code)


def _say(text: str) -> None:
    say(f"{text}; the run is not affected", err=True)
