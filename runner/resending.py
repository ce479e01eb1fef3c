"""How failed rows are sent again: by the command of their step, with what that step was asked.

A step that reads no manifest has no rows to mend, and no such command.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

SAME = "the same command, with --again"
_FLAGS = ("only_resend", "re_migrate", "allow_nulls", "zip")


def command(step: Mapping[str, Any], document: Mapping[str, Any]) -> str | None:
    """The command that takes a manifest of a step's failed rows; None if the step read none. `document` is run.json."""
    if not any(manifest["path"] for manifest in step["manifests"]):
        return None
    words = ["regen", "run" if step["do"] == "regenerate" else str(step["do"])]
    if step["do"] == "backfill":
        words.append(step["type"])
    elif step.get("type"):
        words += ["--type", step["type"]]
    words += [f"--{flag.replace('_', '-')}" for flag in _FLAGS if step.get(flag)]
    if step.get("template_check") is False:
        words.append("--no-template-check")
    if document.get("profile") is not None:
        words += ["--profile", document["profile"]]
    words += ["--base-url", document["base_url"]]  # also beside a profile, which may be of another tenant by then
    return shlex.join(words)


def commands_of(document: Mapping[str, Any], steps: Iterable[int]) -> dict[str | None, list[int]]:
    """The commands that send rows of these steps again, and the steps that each is for."""
    found: dict[str | None, list[int]] = {}
    wanted = set(steps)
    for step in document["steps"]:
        if step["step"] in wanted:
            found.setdefault(command(step, document), []).append(step["step"])
    return found


def asked_again(document: Mapping[str, Any], steps: Iterable[int]) -> str:
    """What `resume` does about the unknown rows of these steps: uploads have no key, and are looked for."""
    wanted = set(steps)
    does = {step["do"] for step in document["steps"] if step["step"] in wanted}
    if does == {"backfill"}:
        return "looks for the lost uploads once more; with --resend-unknown it uploads them again"
    return "asks unknown rows again under the same key"
