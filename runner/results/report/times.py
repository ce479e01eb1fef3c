"""Times on the page: as the clock of the machine showed them that ran it, and in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from runner.results.report.html import Markup, element
from runner.runs.run_json import RunDocument


def local_zone(document: RunDocument) -> timezone | None:
    """The zone of the run's first start; None if it is UTC, or not recorded (version 0.1.0)."""
    minutes = next((start.utc_offset for start in document.starts if start.utc_offset is not None), None)
    return timezone(timedelta(minutes=minutes)) if minutes else None


def shown_time(at: str | None, zone: timezone | None) -> Markup | None:
    """A time: `2026-11-27 09:15:00 +01:00 (08:15:00 UTC)`; without a zone in UTC alone. None stays None."""
    if at is None:
        return None
    utc = datetime.fromisoformat(at)
    if zone is None:
        return element("time", f"{utc:%Y-%m-%d %H:%M:%S} UTC", datetime=at)
    local = utc.astimezone(zone)
    day = "" if local.date() == utc.date() else f"{utc:%Y-%m-%d} "
    offset = local.isoformat()[-6:]  # the zone is that of the first start, also where clocks changed since
    return element("time", f"{local:%Y-%m-%d %H:%M:%S} {offset} ({day}{utc:%H:%M:%S} UTC)", datetime=at)
