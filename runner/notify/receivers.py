"""Who is informed when a run has ended, and whether that can work: a typing error is refused before the run."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from runner.config.file import Secret
from runner.config.settings import Flags, Layers, checked_url, runs_folder
from runner.domain.errors import Refused
from runner.notify.prometheus import is_gateway, shown_target
from runner.notify.webhook import NotDelivered, refuse_url

SECRETS = ("ZUORA_CLIENT_ID", "ZUORA_CLIENT_SECRET", "REGEN_NOTIFY")
MOMENTS = ("always", "change", "failure")


@dataclass(frozen=True)
class Receivers:
    """Who is informed."""

    on_finish: str | None = None
    notify: Secret | None = None
    notify_on: str = MOMENTS[0]
    metrics: str | None = None  # a file, or a Pushgateway's URL
    secrets: tuple[str, ...] = SECRETS  # variables that the command does not inherit
    labels: Mapping[str, str] = field(default_factory=dict)  # of the metrics: tenant, profile
    runs: Path | None = None  # the folder that the metrics are about

    def __bool__(self) -> bool:
        return bool(self.on_finish or self.notify or self.metrics)


def receivers_of(flags: Flags, environment: Mapping[str, str] | None = None) -> Receivers:
    """Who is informed; where the configuration cannot be read, those that flags and environment name."""
    environment = os.environ if environment is None else environment
    try:
        layers = Layers(flags, environment)
        hook = layers.pick("notify")
        return Receivers(
            on_finish=layers.pick("on_finish"),
            notify=Secret(hook) if isinstance(hook, str) else hook,
            notify_on=layers.pick("notify_on"),
            metrics=layers.pick("metrics"),
            secrets=(*SECRETS, layers.profile.client_id_env, layers.profile.client_secret_env),
            labels=_labels(layers),
            runs=runs_folder(flags, environment),
        )
    except Refused:
        hook = flags.notify or environment.get("REGEN_NOTIFY")
        return Receivers(
            on_finish=flags.on_finish or environment.get("REGEN_ON_FINISH"),
            notify=Secret(hook) if hook else None,
            metrics=flags.metrics or environment.get("REGEN_METRICS"),
        )


def _labels(layers: Layers) -> dict[str, str]:
    """Whose run it is, also of one that never began: the profile's tenant id, else the host."""
    base_url = layers.pick("base_url")
    host = checked_url(base_url).host if base_url else ""
    return {"tenant": layers.profile.tenant_id or host, "profile": layers.name or ""}


def words_of_command(command: str) -> list[str]:
    """The command of --on-finish as words, without a shell. Raises ValueError for quotes that are not closed."""
    return shlex.split(command, posix=os.name == "posix")


def refuse_unusable(receivers: Receivers) -> None:
    """Raises Refused for a hook, a file or a command that cannot work, named with what is expected."""
    for problem in _problems(receivers).values():
        raise problem


def usable(receivers: Receivers) -> Receivers:
    """The receivers without those that cannot work."""
    problems = _problems(receivers)
    return replace(
        receivers,
        notify=None if "notify" in problems else receivers.notify,
        metrics=None if "metrics" in problems else receivers.metrics,
        on_finish=None if "on_finish" in problems else receivers.on_finish,
    )


def _problems(receivers: Receivers) -> dict[str, Refused]:
    """Why receivers cannot work, by the names of their settings."""
    checks: dict[str, Callable[[], None]] = {}
    if receivers.notify is not None:
        checks["notify"] = partial(_refuse_hook, receivers.notify.reveal())
    checks["notify_on"] = partial(_refuse_moment, receivers.notify_on)
    if receivers.metrics is not None:
        checks["metrics"] = partial(_refuse_metrics, receivers.metrics)
    if receivers.on_finish is not None:
        checks["on_finish"] = partial(_refuse_command, receivers.on_finish)
    problems: dict[str, Refused] = {}
    for name, check in checks.items():
        try:
            check()
        except Refused as error:
            problems[name] = error
    return problems


def _refuse_hook(url: str) -> None:
    try:
        refuse_url(url)
    except NotDelivered as error:
        raise Refused(f"notify (--notify, REGEN_NOTIFY or the profile): {error}") from None


def _refuse_moment(moment: str) -> None:
    if moment not in MOMENTS:
        raise Refused(f"notify_on (--notify-on, REGEN_NOTIFY_ON): expected one of {', '.join(MOMENTS)}, not {moment!r}")


def _refuse_metrics(target: str) -> None:
    if is_gateway(target):
        if not checked_gateway(target):
            raise Refused(f"metrics {shown_target(target)}: expected a Pushgateway's URL such as http://gateway:9091")
        return
    path = Path(target)
    if "://" in target:
        raise Refused(
            f"metrics {target!r}: expected a file, or a Pushgateway's URL that begins with http:// or https://"
        )
    if path.is_dir() or not path.name:
        raise Refused(f"metrics {target!r}: a folder; name a file in it, such as {path / 'regen.prom'}")
    if path.exists() and not path.is_file():
        raise Refused(f"metrics {target!r}: a device or a pipe; the file is replaced as a whole: name a plain one")
    if not path.parent.is_dir():
        raise Refused(f"metrics {target!r}: there is no folder {path.parent}; make it, or name another file")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise Refused(f"metrics {target!r}: {path.parent} is not writable for this user")


def checked_gateway(target: str) -> bool:
    """Whether a URL names a host and carries neither user, query nor fragment."""
    try:
        parts = urlsplit(target)
        return (
            bool(parts.hostname)
            and "@" not in parts.netloc
            and parts.port != 0
            and not parts.query
            and not parts.fragment
        )
    except ValueError:
        return False


def _refuse_command(command: str) -> None:
    try:
        words = words_of_command(command)
    except ValueError as error:
        raise Refused(f"on_finish {command!r}: {error}") from None
    if not words:
        raise Refused("on_finish: an empty command; leave it out, or name a program")
    if shutil.which(words[0]) is None:
        raise Refused(f"on_finish: {words[0]!r} is not a program that can be found and run; give its path")
