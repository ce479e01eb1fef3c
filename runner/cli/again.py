"""The command line that was typed, as one that makes a new run."""

from __future__ import annotations

import shlex
import sys


def again_command() -> str:
    """This command with --again; without the web hook's URL, which is a secret."""
    words, kept = iter(sys.argv[1:]), []
    for word in words:
        if word == "--notify":
            next(words, None)
        elif not word.startswith("--notify="):
            kept.append(word)
    return "regen " + shlex.join([*kept, "--again"])
