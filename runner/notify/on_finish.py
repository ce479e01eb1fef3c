"""`--on-finish COMMAND`: runs the operator's own command when a run has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runner.notify.receivers import Receivers, words_of_command
from runner.runs.folder import DOCUMENT
from runner.runs.run_json import RunDocument

COMMAND_SECONDS = 300.0


def run_command(receivers: Receivers, folder: Path, exit_code: int, document: RunDocument) -> str | None:
    """Run the command: run.json's path is its last argument, the rest is in its environment. Returns what went wrong.

    Its output goes to stderr, so that JSON on stdout stays JSON.
    """
    assert receivers.on_finish is not None
    path = (folder / DOCUMENT).resolve()
    added = {
        "REGEN_RUN_JSON": str(path),
        "REGEN_FOLDER": str(path.parent),
        "REGEN_RUN": path.parent.name,
        "REGEN_STATUS": str(document.status),
        "REGEN_EXIT_CODE": str(exit_code),
        "REGEN_HEAD": str(document.head or ""),
    }
    inherited = {name: value for name, value in os.environ.items() if name not in receivers.secrets}
    try:
        words = [*words_of_command(receivers.on_finish), str(path)]
        done = subprocess.run(  # noqa: S603 - the operator's own command
            words,
            env=inherited | added,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno() if _has_descriptor() else subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {COMMAND_SECONDS:g} s; it was killed"
    except (OSError, ValueError) as error:
        return str(error)
    return f"{words[0]} exited with {done.returncode}" if done.returncode else None


def _has_descriptor() -> bool:
    try:
        return sys.stderr.fileno() >= 0
    except (OSError, ValueError, AttributeError):
        return False
