"""What is told when a run has ended: a command, a web hook, a metrics file. None of them changes how it ended."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from runner.config.file import Secret
from runner.config.settings import Flags, Layers, checked_url, runs_folder
from runner.domain.errors import ExitCode, Refused, RunnerError
from runner.ledger import open_read_only
from runner.ledger.queries import retries
from runner.notify import prometheus, webhook
from runner.runs.folder import DOCUMENT, RunFolder
from runner.runs.run_json import RunDocument
from runner.system.console import say
from runner.system.signals import Terminated

COMMAND_SECONDS = 300.0
SECRETS = ("ZUORA_CLIENT_ID", "ZUORA_CLIENT_SECRET", "REGEN_NOTIFY")


@dataclass(frozen=True)
class Wishes:
    """Who wants to be told."""

    on_finish: str | None = None
    notify: Secret | None = None
    metrics: str | None = None
    secrets: tuple[str, ...] = SECRETS  # variables that the command does not inherit
    labels: Mapping[str, str] = field(default_factory=dict)  # of the metrics: tenant, profile
    runs: Path | None = None  # the folder that the metrics are about

    def __bool__(self) -> bool:
        return bool(self.on_finish or self.notify or self.metrics)


def wishes_of(flags: Flags, environment: Mapping[str, str] | None = None) -> Wishes:
    """Who wants to be told; where the configuration cannot be read, what flags and environment say."""
    environment = os.environ if environment is None else environment
    try:
        layers = Layers(flags, environment)
        hook = layers.pick("notify")
        return Wishes(
            layers.pick("on_finish"),
            Secret(hook) if isinstance(hook, str) else hook,
            layers.pick("metrics"),
            (*SECRETS, layers.profile.client_id_env, layers.profile.client_secret_env),
            _labels(layers),
            runs_folder(flags, environment),
        )
    except Refused:
        hook = flags.notify or environment.get("REGEN_NOTIFY")
        return Wishes(
            flags.on_finish or environment.get("REGEN_ON_FINISH"),
            Secret(hook) if hook else None,
            flags.metrics or environment.get("REGEN_METRICS"),
        )


def _labels(layers: Layers) -> dict[str, str]:
    """Whose run it is, also of one that never began: the profile's tenant id, else the host."""
    base_url = layers.pick("base_url")
    host = checked_url(base_url).host if base_url else ""
    return {"tenant": layers.profile.tenant_id or host, "profile": layers.name or ""}


@dataclass
class Telling:
    """What is known of the run while a command goes on; the command fills it in."""

    name: str
    flags: Flags
    folder: RunFolder | None = None
    code: ExitCode | None = None  # of a run that ended; None: nothing to tell
    reason: str = ""


@contextlib.contextmanager
def telling(flags: Flags, name: str) -> Iterator[Telling]:
    """Report how a command ended, whether it returns or raises, whatever it raises. A refusal at a terminal is not
    reported: it is seen there."""
    known = Telling(name, flags)
    try:
        yield known
    except GeneratorExit:
        raise
    except BaseException as error:
        if not (isinstance(error, Refused) and sys.stdin is not None and sys.stdin.isatty()):
            known.code, known.reason = _code_of(error), str(error) or type(error).__name__
            tell(wishes_of(known.flags), known)
        raise
    if known.code is not None:
        tell(wishes_of(known.flags), known)


def _code_of(error: BaseException) -> ExitCode:
    """The exit code with which the command line ends for this exception: whatever ends a night is reported."""
    if isinstance(error, RunnerError):
        return error.exit_code
    if isinstance(error, Terminated):
        return ExitCode.TERMINATED
    return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.FAULT


def tell(wishes: Wishes, known: Telling) -> None:
    """Tell everybody who wants to be told. What goes wrong with it is said on stderr and nothing more."""
    if not wishes or known.code is None:
        return
    document = _document(known.folder)
    name = (document.name if document is not None else None) or known.name
    if wishes.metrics:
        try:
            series = prometheus.Series(name, wishes.labels)
            folder = [] if wishes.runs is None else prometheus.of_folder(series, wishes.runs)
            prometheus.write(Path(wishes.metrics), series, int(known.code), time.time(), document, folder)
        except OSError as error:
            _say(f"--metrics {wishes.metrics}: {error.strerror}")
    if wishes.notify:
        try:
            webhook.post(wishes.notify.reveal(), webhook.payload(name, int(known.code), known.reason, document))
        except webhook.NotDelivered as error:
            _say(f"--notify: {error}")
    if wishes.on_finish and known.folder is not None and document is not None:
        _run(wishes, known, document)


def _document(folder: RunFolder | None) -> RunDocument | None:
    """run.json, with the number of retries."""
    document = folder.document() if folder is not None else None
    if folder is None or document is None:
        return None
    with contextlib.suppress(RunnerError), open_read_only(folder.ledger) as store:
        return replace(document, requests=replace(document.requests, retries=retries(store)))
    return document


def _run(wishes: Wishes, known: Telling, document: RunDocument) -> None:
    """Run the command: run.json's path is its last argument; the rest is in its environment."""
    assert wishes.on_finish is not None and known.folder is not None and known.code is not None
    path = (known.folder.path / DOCUMENT).resolve()
    variables = {
        "REGEN_RUN_JSON": str(path),
        "REGEN_FOLDER": str(path.parent),
        "REGEN_RUN": known.folder.id,
        "REGEN_STATUS": str(document.status),
        "REGEN_EXIT_CODE": str(int(known.code)),
        "REGEN_HEAD": str(document.head or ""),
    }
    inherited = {name: value for name, value in os.environ.items() if name not in wishes.secrets}
    try:
        words = [*shlex.split(wishes.on_finish, posix=os.name == "posix"), str(path)]
        done = subprocess.run(  # noqa: S603 - the operator's own command
            words,
            env=inherited | variables,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno() if _has_descriptor() else subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            _say(f"--on-finish: {words[0]} exited with {done.returncode}")
    except subprocess.TimeoutExpired:
        _say(f"--on-finish: no end after {COMMAND_SECONDS:g} s; it was killed")
    except (OSError, ValueError) as error:
        _say(f"--on-finish: {error}")


def _has_descriptor() -> bool:
    try:
        return sys.stderr.fileno() >= 0
    except (OSError, ValueError, AttributeError):
        return False


def _say(text: str) -> None:
    say(f"{text}; the run is not affected", err=True)
