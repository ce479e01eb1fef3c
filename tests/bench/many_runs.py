"""A runs folder as it is after years: copies of one run under other ids, with the files that commands look at."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.measure import Server, sent, subscriptions

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def many_runs(runs: Path, count: int, server: Server) -> Path:
    """So many runs, one every twenty minutes, all over and sealed. Their ledgers are links to that of the first."""
    original = runs.with_name(f"{runs.name}-original")
    sent(server, subscriptions(original.with_suffix(".csv"), 4), original)
    source = next(original.glob("*/run.json")).parent
    text = (source / "run.json").read_text()
    runs.mkdir()
    for number in range(count):
        when = FIRST + timedelta(minutes=20 * number)
        folder = runs / f"{when:%Y-%m-%d}-nightly-{number:08x}"
        folder.mkdir(mode=0o700)
        fingerprint = f'"fingerprint": "{number:08x}'
        changed = text.replace(source.name, folder.name).replace('"fingerprint": "' + source.name[-8:], fingerprint)
        (folder / "run.json").write_text(changed.replace(datetime.now(UTC).isoformat()[:13], when.isoformat()[:13]))
        for name in ("ledger.db", "SHA256SUMS"):
            os.link(source / name, folder / name)
    return runs
