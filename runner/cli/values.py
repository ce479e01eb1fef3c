"""From the words of a command line to the values that commands take. Each raises Refused for what cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.domain.errors import Refused

if TYPE_CHECKING:
    from runner.commands.send import Output
    from runner.config.settings import Flags
    from runner.dispatch.circuit_breaker import FailureLimit
    from runner.domain.steps import AnyWork
    from runner.session.run_request import RunRequest
    from runner.session.session import Invocation

Given = dict[str, Any]


def flags(given: Given) -> Flags:
    """What the person said about settings."""
    from runner.config.settings import Flags

    names = ("profile", "config", "base_url", "runs_dir", "rate", "concurrency", "tenant", "quota_share")
    return Flags(**{name: given.get(name) for name in (*names, "on_finish", "notify", "metrics")})


def runs_in(runs_dir: str | None) -> Path:
    """The runs folder in force."""
    from runner.config.settings import Flags, runs_folder

    return runs_folder(Flags(runs_dir=runs_dir))


def asked(given: Given) -> RunRequest:
    """A run over manifests, or a plan file."""
    from runner.session.run_request import RunRequest

    names = ("run_id", "only_resend", "re_migrate", "skip_rejected", "resend_unknown", "again", "if_unfinished")
    return RunRequest(
        manifests=given["manifests"],
        flags=flags(given),
        type=given["type_"],
        formats=formats(given["format_"]),
        retry_failed_from=given["retry_failed_from"],
        give_up_after=given["give_up_after"],
        template_check=not given["no_template_check"],
        **{name: given[name] for name in names},
    )


def asked_for(given: Given, work: AnyWork, name: str) -> RunRequest:
    """A run of one step that is not over manifests of objects."""
    from runner.domain.steps import files_of
    from runner.session.run_request import RunRequest

    names = ("run_id", "resend_unknown", "again", "if_unfinished")
    return RunRequest(
        manifests=(),
        works=(work,),
        name=(files_of(work) or (name,))[0],
        flags=flags(given),
        formats=formats(given["format_"]),
        **{each: given[each] for each in names},
    )


def formats(word: str) -> tuple[str, ...]:
    """The formats of the results."""
    return ("parquet", "csv") if word == "both" else (word,)


def invocation(given: Given) -> Invocation:
    """How far this invocation may go."""
    from runner.dispatch.run_limits import Terms
    from runner.session.session import Invocation

    until, failures, patience = given["until"], given["max_failures"], given["outage_patience"]
    if patience is not None and not patience >= 0:
        raise Refused(f"--outage-patience {patience:g}: expected a number of minutes, 0 or more")
    terms = Terms(
        max_requests=given["max_requests"],
        until=_next_occurrence(until) if until else None,
        canary=given["canary"],
        failures=_failure_limit(failures),
        outage_patience_seconds=900.0 if patience is None else patience * 60,
        wait_for_quota=given["wait_for_quota"],
    )
    return Invocation(
        terms=terms,
        resend_unknown=given["resend_unknown"],
        accept_failures=given.get("accept_failures", False),
        wait=given["wait"],
        no_wait=given.get("no_wait", False),
        quiet=given["quiet"],
    )


def output(given: Given) -> Output:
    """How the command speaks."""
    from runner.commands.send import Output

    return Output(json=given["json_"], quiet=given["quiet"], yes=given["yes"])


def _next_occurrence(text: str, now: datetime | None = None) -> float:
    """The next time that the local clock shows HH:MM, in seconds since the epoch. It is set twice a year: the offset
    from UTC is that of then, not of now."""
    try:
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - local time is what is meant
    except ValueError:
        raise Refused(f"--until {text}: expected HH:MM, local time") from None
    now = now or datetime.now()  # noqa: DTZ005 - what the clock on the wall shows
    then = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return (then if then > now else then + timedelta(days=1)).timestamp()


def _failure_limit(text: str | None) -> FailureLimit:
    from runner.dispatch.circuit_breaker import FailureLimit

    if text is None:
        return FailureLimit()
    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return FailureLimit(share=share)
        elif int(text) >= 0:
            return FailureLimit(count=int(text))
    except ValueError:
        pass
    raise Refused(f"--max-failures {text}: expected a number of requests or a percentage such as 5%")
