"""`plan`, `run` and `resume`: prepare a run, ask where production asks, send, tell how it ended."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from runner.config.connection import tenant_of
from runner.config.production import is_guarded
from runner.config.settings import Flags, Settings, gather
from runner.dispatch.forecast import forecast
from runner.domain.errors import ExitCode, Refused, RunnerError
from runner.domain.run_status import RunStatus
from runner.ledger import Facts, open_read_only, queries
from runner.notify.on_finish import Telling, telling
from runner.results.next_steps import next_steps
from runner.results.summary import balance, summary
from runner.runs.folder import RunFolder, existing
from runner.runs.run_json import StepDocument
from runner.session.approval import consequences, permit
from runner.session.ownership import refuse_moved, refuse_other_tenant
from runner.session.prepare import Prepared, prepare
from runner.session.quota_usage import quota_of
from runner.session.run_request import RunRequest
from runner.session.session import Invocation, proceed
from runner.system.console import printable, say, say_json
from runner.system.filesystem import is_network, kind_of_disk

SHOWN_REQUESTS = 3


@dataclass(frozen=True)
class Output:
    """How a command speaks."""

    json: bool = False
    quiet: bool = False
    yes: bool = False


@dataclass(frozen=True)
class Resumed:
    """What `resume` was asked."""

    run: str
    flags: Flags = field(default_factory=Flags)
    moved: bool = False


def plan(asked: RunRequest, output: Output, max_requests: int | None = None) -> ExitCode:
    """Read, check and enrol; print what would be sent. Sends nothing."""
    prepared = prepare(asked)
    if output.json:
        _print_json(prepared.folder)
    else:
        say(_plan_text(prepared.folder, prepared.settings, max_requests))
        say(
            "\n".join(f"  {step}" for step in next_steps(prepared.folder.current_document(), str(prepared.folder.path)))
        )
        if prepared.over:
            say(f"already finished; nothing would be sent. Everything once more: {_command_again()}")
    return ExitCode.SUCCEEDED


def run(asked: RunRequest, invocation: Invocation, output: Output) -> ExitCode:
    """Plan, then send. A run that is finished already is told, not sent again."""
    with telling(asked.flags, asked.stem) as known:
        prepared = prepare(asked)
        if prepared.over:
            return _tell_over(prepared, output)
        if prepared.begun:
            refuse_moved(prepared.folder)
        shown = not prepared.begun and not output.quiet
        if shown:
            say(_plan_text(prepared.folder, prepared.settings, invocation.terms.max_requests), err=True)
        return _send(prepared.folder, prepared.settings, invocation, output, known, plan_shown=shown)


def resume(resumed: Resumed, invocation: Invocation, output: Output) -> ExitCode:
    """Send what a run has left, from its folder alone."""
    with telling(resumed.flags, resumed.run) as known:
        return _resume(resumed, invocation, output, known)


def _resume(resumed: Resumed, invocation: Invocation, output: Output, known: Telling) -> ExitCode:
    settings_of_flags = resumed.flags
    runs = _runs_dir(resumed.flags)
    folder = existing(runs, resumed.run)
    with open_read_only(folder.ledger) as store:
        facts = store.facts()
    if resumed.flags.base_url is None and resumed.flags.profile is None:
        settings_of_flags = replace(resumed.flags, base_url=facts.base_url, profile=facts.profile)
    known.flags = settings_of_flags
    settings = gather(settings_of_flags)
    refuse_other_tenant(facts, settings, tenant_of(settings))
    _refuse_status(facts)
    if not resumed.moved:
        refuse_moved(folder)
    return _send(folder, settings, invocation, output, known)


def _refuse_status(facts: Facts) -> None:
    if facts.status is RunStatus.ABANDONED:
        raise Refused(f"run {facts.run_id} was abandoned; plan the manifest anew")
    if facts.status is RunStatus.REFUSED:
        raise Refused(f"run {facts.run_id} holds a refused manifest; mend it and run it again")


def _send(
    folder: RunFolder,
    settings: Settings,
    invocation: Invocation,
    output: Output,
    known: Telling,
    *,
    plan_shown: bool = False,
) -> ExitCode:
    def show_plan() -> None:
        if not plan_shown:
            say(_plan_text(folder, settings, invocation.terms.max_requests), err=True)

    permit(folder.ledger, settings, yes=output.yes, show_plan=show_plan)
    known.folder = folder
    try:
        ending = proceed(folder, settings, invocation)
    except OSError as error:
        raise RunnerError(
            f"{error.filename or folder.path}: {error.strerror or error}; the ledger has every answer: "
            f"mend that (make room, say), then `regen resume {folder.id}`"
        ) from error
    known.code, known.reason = ending.exit_code, ending.reason
    if output.json:
        _print_json(folder)
    elif not output.quiet:
        _print_summary(folder)
    if ending.reason and ending.status is not RunStatus.FINISHED:
        say(printable(f"{ending.status}: {ending.reason}"), err=True)
    return ending.exit_code


def _tell_over(prepared: Prepared, output: Output) -> ExitCode:
    if output.json:
        _print_json(prepared.folder)
    elif not output.quiet:
        _print_summary(prepared.folder)
        over = "halted" if prepared.folder.current_document().status is RunStatus.HALTED else "already finished"
        say(f"{over}: nothing was sent. Everything once more, as a new run: {_command_again()}")
    return prepared.exit_code


def _print_summary(folder: RunFolder) -> None:
    with open_read_only(folder.ledger) as store:
        say(summary(folder.current_document(), store, str(folder.path)))
        head = store.facts().head
    if head:
        say(f"  head of the ledger's chain: {head}")


def _print_json(folder: RunFolder) -> None:
    document = folder.current_document()
    say_json(document.as_json() | {"folder": str(folder.path)})


def _plan_text(folder: RunFolder, settings: Settings, max_requests: int | None = None) -> str:
    document = folder.current_document()
    with open_read_only(folder.ledger) as store:
        first = queries.bodies(store, SHOWN_REQUESTS)
        pending = queries.pending(store)
        notes = store.facts().notes
    told = forecast(
        pending,
        quota=quota_of(settings, folder.path.parent, document.tenant),
        rate=settings.rate,
        concurrency=settings.concurrency,
    )
    lines = [f"run {folder.id} → {settings.base_url} ({settings.tenant} limits)", f"  {balance(document.counts)}"]
    for step in document.steps:
        lines += _step_lines(step, of=len(document.steps))
    lines += [
        f"  POST …/{operation}{'?' if query else ''}{query} {body or ''}".rstrip() for operation, query, body in first
    ]
    if is_guarded(settings) or any(step.options.get("re_migrate") for step in document.steps):
        lines += [f"  {line}" for line in consequences(folder.ledger)]
    lines += [f"  {printable(note)}" for note in notes]
    if is_network(kind := kind_of_disk(folder.path) or ""):
        lines.append(
            f"  {folder.path} is on a network disk ({kind}), where a ledger can be damaged: see `regen doctor`"
        )
    lines += [f"  {line}" for line in told.lines(datetime.now().astimezone(), max_requests, settings.blackouts)]
    lines += _job_lines(document.steps)
    return "\n".join(lines)


def _job_lines(steps: Sequence[StepDocument]) -> list[str]:
    """Nobody can tell how long a job of the tenant takes."""
    jobs = [str(step.number) for step in steps if step.do != "regenerate" and step.counts.get("pending")]
    if not jobs:
        return []
    return [f"  and as long as the tenant takes for the jobs of step{'s' * (len(jobs) > 1)} {', '.join(jobs)}"]


def _step_lines(step: StepDocument, of: int) -> list[str]:
    """A step of the plan and its manifests; a run of one step names the manifests alone."""
    named = [manifest for manifest in step.manifests if manifest.path]
    lines = [f"  {printable(manifest.path)}: {manifest.rows:,} rows" for manifest in named]
    if of == 1:
        return lines
    told = ", ".join(f"{count:,} {state}" for state, count in step.counts.items())
    return [f"  step {step.number}, {step.do}: {told or 'nothing'}", *(f"  {line}" for line in lines)]


def _command_again() -> str:
    words, kept = iter(sys.argv[1:]), []
    for word in words:
        if word == "--notify":  # a web hook's URL is a secret
            next(words, None)
        elif not word.startswith("--notify="):
            kept.append(word)
    return "regen " + shlex.join([*kept, "--again"])


def _runs_dir(flags: Flags) -> Any:
    from runner.config.settings import runs_folder

    return runs_folder(flags)
