"""What pending requests do to data that exists: the lines of the plan and of the production question.

Sources: Zuora API reference, "Regenerate booking transactions" and "Regenerate billing transactions" (query
parameters `onlyReSend` and `reMigrate`), "Create a data backfill job".
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from runner.system.counting import counted
from runner.zuora.operations import OPERATIONS, Operation, Overwrites

UNDOCUMENTED = "may be OVERWRITTEN (Zuora does not document whether they are)"


@dataclass(frozen=True)
class _Flags:
    only_resend: bool
    re_migrate: bool


def overwrites(operation: str, query: str) -> bool:
    """Whether requests of an operation replace what exists. An operation that this version does not know may."""
    known, flags = OPERATIONS.get(operation), _flags(query)
    if known is None:
        return True
    return known.overwrites.applies(only_resend=flags.only_resend, re_migrate=flags.re_migrate)


def consequence(operation: str, query: str, count: int) -> str:
    """What so many requests of one operation and mode do, as one line."""
    known = OPERATIONS.get(operation)
    if known is None:
        return f"{counted(count, f'{operation} request')}: an operation that this version does not know"
    if known.effect is not None:
        return f"{counted(count, known.noun)}: {known.effect}"
    line = f"{known.noun}s of {counted(count, 'object')}: {_overwritten(known, query)}"
    return f"{line}, and {_sent(_flags(query))}" if known.flagged else line


def purpose(operation: str, query: str) -> str:
    """What was to be done with the objects of requests of one operation and mode: `… were to be` goes before it."""
    known, flags = OPERATIONS.get(operation), _flags(query)
    if known is None:
        return "sent"
    if known.effect is not None:
        return f"made ({known.effect.replace('OVERWRITTEN', 'overwritten')})"
    if not known.flagged:
        return "made again (Zuora does not document whether existing ones are overwritten)"
    again = "re-sent" if flags.only_resend or flags.re_migrate else "sent"
    if overwrites(operation, query):
        return f"overwritten and {again} to Revenue"
    return f"{again} to Revenue; existing ones were not to be overwritten"


def _overwritten(operation: Operation, query: str) -> str:
    if operation.overwrites is Overwrites.UNDOCUMENTED:
        return UNDOCUMENTED
    return "OVERWRITTEN" if overwrites(operation.name, query) else "not overwritten"


def _sent(flags: _Flags) -> str:
    """How the transactions reach Revenue."""
    if flags.only_resend:
        return "sent to Revenue again for re-collecting (regenerate_flag Y)"
    if flags.re_migrate:
        return "sent to Revenue for re-collecting (regenerate_flag Y)"
    return "sent to Revenue (regenerate_flag N)"


def _flags(query: str) -> _Flags:
    values = parse_qs(query)
    only_resend, re_migrate = (values.get(name, [""])[-1] == "true" for name in ("onlyReSend", "reMigrate"))
    return _Flags(only_resend, re_migrate)
