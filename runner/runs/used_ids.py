"""Run ids whose keys were used in the last day, remembered in the user's state folder.

Idempotency keys follow from the run id. A run whose folder is gone and that is planned anew within a day uses the same
keys, so that nothing is done twice; but what Zuora answers is then the saved response of the first time. The state
folder knows of it when the run folder does not.

Nothing here is fatal: without a state folder nothing is remembered.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from runner.domain.identity import canonical
from runner.runs.state_folder import state_folder
from runner.system.atomic_file import replacing

REMEMBERED_FOR = timedelta(hours=24)
_PART = "used-ids"


class UsedId(Struct, frozen=True, kw_only=True):
    """A run id under which requests were sent. Times are ISO 8601 in UTC."""

    run: str
    host: str
    tenant: str
    folder: str  # the run folder, absolute
    planned_at: str  # of the ledger that sent: another one under the same id is another plan
    first_used_at: datetime
    last_used_at: datetime

    @property
    def folder_is_gone(self) -> bool:
        """Whether the run folder, or its ledger, no longer exists."""
        return not (Path(self.folder) / "ledger.db").exists()


def remember(run: str, *, host: str, tenant: str, folder: Path, planned_at: str | None, now: datetime) -> None:
    """Remember that requests are sent under a run id now. To be called before the first one, and at every start."""
    state = state_folder(_PART)
    if state is None:
        return
    path = state / _name(run, host, tenant, str(folder.absolute()), planned_at)
    before = _read(path)
    used = UsedId(
        run=run,
        host=host,
        tenant=tenant,
        folder=str(folder.absolute()),
        planned_at=planned_at or "",
        first_used_at=now if before is None else before.first_used_at,
        last_used_at=now,
    )
    try:
        with replacing(path) as file:
            file.write(msgspec.json.encode(used))
    except OSError:
        return
    _forget(state, now)


def last_use(run: str, *, host: str, tenant: str, folder: Path, planned_at: str | None, now: datetime) -> UsedId | None:
    """The last use of a run id in the last day by another ledger than this one; None if there was none."""
    own = (str(folder.absolute()), planned_at or "")
    others = [
        used
        for used in _all(now)
        if (used.run, used.host, used.tenant) == (run, host, tenant) and (used.folder, used.planned_at) != own
    ]
    return max(others, key=lambda used: used.last_used_at, default=None)


def ids_in_use(*, host: str, tenant: str, now: datetime) -> frozenset[str]:
    """The run ids that were used for a tenant in the last day: `--again` takes none of them."""
    return frozenset(used.run for used in _all(now) if (used.host, used.tenant) == (host, tenant))


def _name(*parts: str | None) -> str:
    return hashlib.sha256(canonical(parts)).hexdigest()[:40] + ".json"


def _all(now: datetime) -> list[UsedId]:
    """What was used in the last day, or in what another clock calls the future."""
    state = state_folder(_PART)
    if state is None:
        return []
    try:
        paths = sorted(state.glob("*.json"))
    except OSError:
        return []
    known = [used for path in paths if (used := _read(path)) is not None]
    return [used for used in known if used.last_used_at > now - REMEMBERED_FOR]


def _read(path: Path) -> UsedId | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=UsedId)
    except (OSError, msgspec.MsgspecError):
        return None


def _forget(state: Path, now: datetime) -> None:
    """Remove what is older than a day."""
    try:
        for path in state.glob("*.json"):
            used = _read(path)
            if used is None or used.last_used_at <= now - REMEMBERED_FOR:
                path.unlink(missing_ok=True)
    except OSError:
        return
