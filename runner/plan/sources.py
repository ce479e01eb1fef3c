"""Steps whose rows come from other steps of a plan file: `from = "step 1"`, `updated_since = "step 2"`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runner.domain.steps import Backfill, PlanWork, Reconcile, Regenerate, Select

_STEP = re.compile(r"step (\d+)")


def source_of(work: PlanWork) -> str | None:
    """The step that a step waits for, as the plan file words it; None if it waits for none."""
    match work:
        case Regenerate():
            return work.from_
        case Select(updated_since=str(text)) if text.startswith("step"):
            return text
        case _:
            return None


def source_number(work: PlanWork) -> int | None:
    """The number of the step that a step waits for."""
    match = _STEP.fullmatch(source_of(work) or "")
    return int(match[1]) if match else None


def wrong_source(works: Sequence[PlanWork], number: int) -> str | None:
    """Why a step cannot take its rows, or its time, from where it says; None if it can."""
    work = works[number - 1]
    if isinstance(work, Reconcile) and not any(isinstance(earlier, Regenerate) for earlier in works[: number - 1]):
        return "there is nothing to reconcile: no step before it regenerates anything"
    text = source_of(work)
    if text is None:
        return None
    source = source_number(work)
    if source is None or not 1 <= source < number:
        return f'{text!r} is not an earlier step; write "step 1" for the first one'
    if isinstance(work, Regenerate) and not isinstance(works[source - 1], Select | Backfill):
        return (
            f"what step {source} changed is not known from its records; name a select or a backfill step, or put a "
            f'select step between them, with updated_since = "step {source}"'
        )
    if isinstance(work, Select) and isinstance(works[source - 1], Select | Reconcile):
        return f"step {source} sends nothing; name a step that changes something, or a date"
    return None


def is_staged(works: Sequence[PlanWork]) -> bool:
    """Whether steps depend on what the tenant answers, or on each other."""
    return any(isinstance(work, Select | Reconcile) or source_of(work) is not None for work in works)


def stages(works: Sequence[PlanWork]) -> list[list[int]]:
    """The numbers of the steps that are one run: a step that needs what an earlier one did begins another.

    A selection is made when its run begins, so that one behind a step that sends begins a run, too. A `reconcile` step
    is for itself.
    """
    parts: list[list[int]] = [[]]
    for number, work in enumerate(works, 1):
        if isinstance(work, Reconcile) or (parts[-1] and isinstance(works[parts[-1][-1] - 1], Reconcile)):
            parts.append([number])
            continue
        sends = any(not isinstance(works[earlier - 1], Select) for earlier in parts[-1])
        source = source_number(work)
        waits = source in parts[-1] and not isinstance(works[source - 1], Select) if source else False
        if sends and (isinstance(work, Select) or waits):
            parts.append([])
        parts[-1].append(number)
    return parts
