"""Processes that kill themselves when they reach a recovery point for the n-th time."""

from __future__ import annotations

import os
from pathlib import Path

from tests import ROOT

STARTUP = Path(__file__).with_name("startup")


def environment_killed_at(point: str) -> dict[str, str]:
    """What the environment of such a process needs: `claimed:3` is the third time; nothing for no point."""
    if not point:
        return {"PYTHONPATH": str(ROOT)}
    return {"PYTHONPATH": os.pathsep.join((str(STARTUP), str(ROOT))), "TEST_KILL_AT": point}
