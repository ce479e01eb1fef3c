"""What to do after a run: remedies with commands that are ready to be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from runner.domain.lifetimes import KEY_SECONDS
from runner.domain.run_status import RunStatus
from runner.results.failures import Cluster, Remedy
from runner.runs.run_json import RunDocument, StepDocument
from runner.system.timestamps import utc_now


def commands(
    mender: Remedy, run: str, all_clusters: Iterable[Cluster], document: RunDocument, at: datetime | None = None
) -> list[str]:
    """What to type about the clusters of one remedy. `run` is how the person names it, `document` its run.json, `at`
    the time at which it is typed: now, or for a page that must not change, when the run ended."""
    all_clusters = list(all_clusters)
    typed = [f"regen show {run} --ticket"] if mender is Remedy.VENDOR else []
    failing = commands_of(
        document, {step for cluster in all_clusters if cluster.state != "unknown" for step in cluster.steps}
    )
    for again, steps in failing.items():
        only = "".join(f" --step {step}" for step in steps) if len(document.steps) > 1 else ""
        typed += _again(mender, again, f"regen results {run} --category {mender}{only}")
    if unknown := {step for cluster in all_clusters if cluster.state == "unknown" for step in cluster.steps}:
        typed += unknown_commands(document, run, unknown, at)
    return typed


_WHEN = {
    Remedy.PERMISSION: "once the permission is there",
    Remedy.WAIT: "later",
    Remedy.VENDOR: "once it is fixed",
}


def _again(mender: Remedy, again: str | None, results: str) -> list[str]:
    if again is None:
        return [f"# {_WHEN.get(mender, 'once that is fixed')}: {SAME}"]
    if mender is Remedy.DATA:
        return [f"{results}   # prints the path of errors-data.csv: fix it, then: {again} PATH"]
    return [f'{again} "$({results})"   # {_WHEN[mender]}']


SAME = "the same command, with --again"


_FLAGS = ("only_resend", "re_migrate", "allow_nulls", "zip")


def command(step: StepDocument, document: RunDocument) -> str | None:
    """The command that takes a manifest of a step's failed rows; None if the step read none. `document` is run.json."""
    if not any(manifest.path for manifest in step.manifests):
        return None
    words = ["regen", "run" if step.do == "regenerate" else step.do]
    options = step.options
    if step.do == "backfill":
        words.append(options["type"])
    else:
        words += _reading(step)
    words += [f"--{flag.replace('_', '-')}" for flag in _FLAGS if options.get(flag)]
    if options.get("template_check") is False:
        words.append("--no-template-check")
    if document.profile is not None:
        words += ["--profile", document.profile]
    words += ["--base-url", document.base_url]  # also beside a profile, which may be of another tenant by then
    return shlex.join(words)


def _reading(step: StepDocument) -> list[str]:
    """How the rows are read, as far as their own columns need that again: another name would be another object."""
    options, words = step.options, list[str]()
    of_files = set((options.get("types") or {}).values())
    type_ = options.get("type") or (next(iter(of_files)) if len(of_files) == 1 else None)
    if type_:
        words += ["--type", type_]
    if options.get("by"):
        words += ["--by", options["by"]]
    return [*words, "--literal"] if options.get("literal") else words


def commands_of(document: RunDocument, steps: Iterable[int]) -> dict[str | None, list[int]]:
    """The commands that send rows of these steps again, and the steps that each is for."""
    steps_of: dict[str | None, list[int]] = {}
    wanted = set(steps)
    for step in document.steps:
        if step.number in wanted:
            steps_of.setdefault(command(step, document), []).append(step.number)
    return steps_of


def after_query(document: RunDocument, steps: Iterable[int]) -> str:
    """What `resume` does about the unknown rows of these steps: uploads have no key, and are looked for."""
    wanted = set(steps)
    does = {step.do for step in document.steps if step.number in wanted}
    if does == {"backfill"}:
        return "looks for the lost uploads once more; with --resend-unknown it uploads them again"
    return "sends the unknown rows again under the same key"


def unknown_commands(document: RunDocument, run: str, steps: Iterable[int], at: datetime | None = None) -> list[str]:
    """What to type about unknown rows. Under a key that may have expired `resume` alone would only report them again:
    then the tenant is asked first, and what it does not have is sent under the next key."""
    if not _keys_may_have_expired(document, at or utc_now()):
        return [f"regen resume {run}   # {after_query(document, steps)}"]
    return [
        f"regen reconcile {run} --query   # which of the unknown rows the tenant has; their keys have expired",
        f"regen resume {run} --resend-unknown   # sends the unknown rows under new keys: what was done is done twice",
    ]


def _keys_may_have_expired(document: RunDocument, at: datetime) -> bool:
    if document.first_claimed_at is None:
        return False
    age = at - datetime.fromisoformat(document.first_claimed_at)
    return age.total_seconds() > KEY_SECONDS


def run_argument(document: RunDocument, folder: str) -> str:
    """How a command names the run: by its id where commands look for runs by themselves, else by its folder."""
    return document.run if Path(folder).parent == Path("runs") else shlex.quote(folder)


def next_steps(document: RunDocument, folder: str, *, crashed: bool = False) -> list[str]:
    """What a person does next, as commands."""
    counts, run = document.counts, run_argument(document, folder)
    steps = []
    if document.status is RunStatus.PLANNED:
        steps.append(f"send it: regen resume {run}")
    elif document.status is RunStatus.ABANDONED:
        steps.append("abandoned: it will not be continued")
    elif document.status is RunStatus.HALTED:
        steps.append(f"continue with the next step despite the failures: regen resume {run} --accept-failures")
    elif counts["pending"] and (crashed or document.status is not RunStatus.RUNNING):
        steps.append(f"go on: regen resume {run}")
    if counts["unknown"] and not counts["pending"]:
        unknown = [step.number for step in document.steps if step.counts.get("unknown")]
        steps += unknown_commands(document, run, unknown)
    if counts["failed"] and (not counts["pending"] or document.status is RunStatus.HALTED):
        steps += _fixing(document, folder)
    if crashed or document.status.has_results:
        steps.append(f"results: {folder}")
    return steps


def _fixing(document: RunDocument, folder: str) -> Iterator[str]:
    """How all failed rows are sent again at once: by their step's command, unless that would refuse the file, for
    rows of unknown outcome or of other steps. They are fixed in a copy: the folder itself is evidence."""
    if len(document.steps) == 1 and not document.counts["unknown"]:
        (typed,) = commands_of(document, [document.steps[0].number])
        if typed is None:
            yield f"once that is fixed: {SAME}"
        else:
            copied = f"cp {shlex.quote(f'{folder}/errors.csv')} fixed.csv"
            yield f"the folder is sealed; fix the rows in a copy: {copied}, then: {typed} fixed.csv"
