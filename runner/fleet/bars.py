"""How far each tenant of a fleet is: a bar a tenant on a terminal, nothing elsewhere.

The tenants' processes print nothing; what they have settled is read from their ledgers, which this machine sees. Of a
tenant on another machine only the end is shown.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.domain.errors import LedgerError
from runner.domain.run_status import RunStatus
from runner.fleet.fleet_file import Fleet
from runner.fleet.tenant_process import TenantResult
from runner.ledger import open_read_only, queries
from runner.runs.known_runs import changed_runs
from runner.session.progress import bar_shape
from runner.system.console import harmless, is_terminal, say

LOOK_SECONDS = 1.0
SHAPE = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}"
WAITING = "{desc} {postfix}"


class TenantBars:
    """The bars of a fleet. Without a terminal, `say` prints a line and nothing else happens."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._ended: set[str] = set()
        self._bars: dict[str, Any] = {}
        self._stop = threading.Event()

    def end(self, result: TenantResult, text: str) -> None:
        """A tenant has ended: its bar stays as it is, and `text` is printed."""
        self._ended.add(result.name)
        if result.name in self._bars:
            self._bars[result.name].write(harmless(text), file=sys.stderr)
            self._show(result.name, f"exit {result.exit_code}")
        else:
            say(text)

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars until the end of the block."""
        if not is_terminal(sys.stderr):
            yield
            return
        self._open()
        thread = threading.Thread(target=self._watch, name="bars", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            for bar in self._bars.values():
                bar.close()

    def _open(self) -> None:
        from tqdm import tqdm

        width = max(len(tenant.name) for tenant in self._fleet.tenants)
        shape = bar_shape(sys.stderr) | {"bar_format": WAITING}
        for position, tenant in enumerate(self._fleet.tenants):
            name = tenant.name.ljust(width)
            self._bars[tenant.name] = tqdm(desc=name, position=position, file=sys.stderr, **shape)

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            for tenant in self._fleet.tenants:
                if tenant.name not in self._ended:
                    self._show(tenant.name, None)

    def _show(self, name: str, ending: str | None) -> None:
        bar = self._bars[name]
        runs = next(Path(tenant.runs_dir) for tenant in self._fleet.tenants if tenant.name == name)
        progress = settled_of(runs, ended=ending is not None)
        if progress is not None:
            bar.bar_format, (bar.n, bar.total, text) = SHAPE, progress
            bar.set_postfix_str(", ".join(filter(None, (text, ending))), refresh=False)
        elif ending is not None:
            bar.set_postfix_str(ending, refresh=False)
        bar.refresh()


def settled_of(runs: Path, *, ended: bool = False) -> tuple[int, int, str] | None:
    """Of the run that goes on in a runs folder, or `ended` last: rows settled, all rows, what went wrong; None if there
    is none, or nothing can be read of it just now."""
    latest = max(changed_runs(runs), key=lambda pair: pair[0], default=None)
    if latest is None:
        return None
    _, folder = latest
    try:
        with open_read_only(folder.ledger) as store:
            if not ended and store.facts().status is not RunStatus.RUNNING:
                return None
            steps = queries.counts(store).values()
    except LedgerError:
        return None
    rows, pending = sum(sum(step.values()) for step in steps), sum(step.get("pending", 0) for step in steps)
    wrong = {state: sum(step.get(state, 0) for step in steps) for state in queries.TROUBLED}
    return rows - pending, rows, ", ".join(f"{count:,} {state}" for state, count in wrong.items() if count)
