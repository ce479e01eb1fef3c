"""Run ids: `<UTC date>-<stem>-<8 hex digits of the fingerprint>`."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import UTC, datetime
from pathlib import Path

RUN_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}")


STEM_LENGTH = 40


def stem(manifest: str) -> str:
    """What a manifest's name gives to the run id."""
    name = "stdin" if manifest == "-" else Path(manifest).name.split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:STEM_LENGTH] or "manifest"


def default_id(name: str, fingerprint: str, today: datetime | None = None) -> str:
    """The run id of a command: the same on the same UTC day for the same inputs."""
    today = today or datetime.now(UTC)
    return f"{today:%Y-%m-%d}-{name}-{fingerprint[:8]}"


def next_id(runs: Path, run: str, taken: Container[str] = ()) -> str:
    """The first free id among run, run-2, run-3, …: no folder has it, and it is none of those `taken` elsewhere."""
    number, candidate = 1, run
    while (runs / candidate).exists() or candidate in taken:
        number += 1
        candidate = f"{run}-{number}"
    return candidate
