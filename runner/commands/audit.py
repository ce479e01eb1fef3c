"""`verify`, `reconcile`, `diff`, `report`: what can be proved about a run that is over."""

from __future__ import annotations

import json
from pathlib import Path

from runner.errors import ExitCode
from runner.invariant import Invariant
from runner.runs import RunFolder, remains


def verify(runs: Path, run: str, *, head: str | None, as_json: bool) -> ExitCode:
    """Whether a run folder is what the run left."""
    from runner.verify import verify as verified

    folder = remains(runs, run)
    return _told(folder, verified(folder, head), as_json=as_json)


def _told(folder: RunFolder, found: list[Invariant], *, as_json: bool) -> ExitCode:
    """Print what was found; 3 if anything does not hold."""
    broken = [invariant.name for invariant in found if not invariant.holds]
    if as_json:
        shown = [invariant.document() for invariant in found]
        print(json.dumps({"run": folder.id, "holds": not broken, "checks": shown}, ensure_ascii=False, indent=2))
    else:
        for invariant in found:
            print("\n".join(invariant.lines()))
        print(f"run {folder.id}: it does not hold: {', '.join(broken)}" if broken else f"run {folder.id}: all holds")
    return ExitCode.ROWS_FAILED if broken else ExitCode.SUCCEEDED
