"""The mode of a step; rows that an earlier run sent in another mode are not sent again without consent.

A mode is Zuora's two flags as one word: `default`, `only-resend` or `re-migrate`. Naming one is consent; naming none
means `default`, but not for rows that were sent in another mode before.
"""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from manifests import Batch
from runner.domain.errors import Refused
from runner.domain.steps import Regenerate
from runner.system.counting import counted

MODES = ("default", "only-resend", "re-migrate")


def resolved(work: Regenerate) -> Regenerate:
    """The step with the flags of its mode. Raises Refused if it names two modes."""
    if work.only_resend and work.re_migrate:
        raise Refused("--only-resend and --re-migrate exclude each other: Zuora allows one of them")
    if work.mode is None:
        return work
    flags = {"only_resend": work.mode == "only-resend", "re_migrate": work.mode == "re-migrate"}
    if any(getattr(work, name) and not value for name, value in flags.items()):
        raise Refused(f"--mode {work.mode} and --{mode_of(replace(work, mode=None))} exclude each other: name one mode")
    return replace(work, **flags)


def mode_of(work: Regenerate) -> str:
    """The mode of a step whose flags are resolved."""
    return "only-resend" if work.only_resend else "re-migrate" if work.re_migrate else "default"


def is_explicit(work: Regenerate) -> bool:
    """Whether the mode of a step was given explicitly."""
    return work.mode is not None or work.only_resend or work.re_migrate


class EarlierRows:
    """The rows of one manifest that come from earlier runs, counted by run and mode."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._modes = Counter[tuple[str, str]]()
        self.runs = dict[str, None]()  # in order

    def note(self, batch: Batch) -> None:
        """Take note of a batch."""
        if batch.regen is None:
            return
        columns = (batch.regen["regen_run"].tolist(), batch.regen["regen_mode"].tolist())
        for run, mode in zip(*columns, strict=True):
            if run:
                self.runs[run] = None
            if mode in MODES:
                self._modes[run or "", mode] += 1

    def refuse_other_modes(self, work: Regenerate) -> None:
        """Raises Refused, with the option that repeats the mode, unless the step's own mode is theirs or was said."""
        if is_explicit(work):
            return
        others = [(count, run, mode) for (run, mode), count in self._modes.items() if mode != mode_of(work)]
        if not others:
            return
        rows = "; ".join(
            f"{counted(count, 'row')}{f' of run {run}' if run else ''}: {mode}" for count, run, mode in others
        )
        modes = sorted({mode for _, _, mode in others})
        repeat = " or ".join(f"--mode {mode}" for mode in modes)
        raise Refused(
            f"{self._path}: rows were sent in another mode before ({rows}); nothing was sent. Repeat the mode with "
            f"{repeat}, or use --mode default if they are to be sent without flags now"
        )
