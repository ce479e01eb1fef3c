"""Nothing is sent before the intent to send it is on disk: the server looks into the ledger at every arrival."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runner.simulator import Simulator
from tests.crashes.test_crashes import begun, command, run
from tests.flows.test_flows import subscriptions
from tests.harness.program import folders, simulated, table

REQUESTS = int(os.environ.get("CLAIM_REQUESTS", "300"))  # `make claims`: 10000
FAULTS = {
    "drop-before": 0.04,
    "503": 0.04,
    "429": 0.02,
    "token-expired": 0.01,
    "lost-answer": 0.05,
    "torn-body": 0.03,
    "504-works-on": 0.03,
    "locking": 0.05,
    "answered-twice": 0.03,
}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL")


class Witness:
    """Looks into a run's ledger, by an SQLite connection of its own, whenever a request arrives."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._numbers: dict[Any, int] = {}  # body → request
        self._ledger: sqlite3.Connection | None = None
        self.arrivals: Counter[int] = Counter()
        self.unclaimed: list[str] = []

    def look(self, body: Any) -> None:
        """Note an arrival, and whether the ledger has an attempt for it and one for each before it.

        The attempt may be answered already: an answer that came twice is read where the next is due.
        """
        number = self._number(body)
        self.arrivals[number] += 1
        assert self._ledger is not None
        (claims,) = self._ledger.execute("SELECT count(*) FROM attempt WHERE request = ?", (number,)).fetchone()
        if claims < self.arrivals[number]:
            self.unclaimed.append(f"request {number}, arrival {self.arrivals[number]}: {claims} claims")

    def _number(self, body: Any) -> int:
        if self._ledger is None:
            (folder,) = folders(self._runs)
            file = (folder / "ledger.db").as_uri() + "?mode=ro"
            self._ledger = sqlite3.connect(file, uri=True, isolation_level=None, check_same_thread=False)
            rows = self._ledger.execute("SELECT request, body FROM request")
            self._numbers = {_name(msgspec.json.decode(text)): number for number, text in rows}
        return self._numbers[_name(body)]

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()


def _name(body: Any) -> bytes:
    return msgspec.json.encode(body, order="sorted")


@contextmanager
def witnessed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    """A witness in front of everything that a simulator does with a request but the token's."""
    witness, admit = Witness(runs), Simulator._admit

    async def look(self: Simulator, request: Any, call: Any, route: Any) -> Any:
        witness.look(call.json)
        return await admit(self, request, call, route)

    monkeypatch.setattr(Simulator, "_admit", look)
    try:
        yield witness
    finally:
        witness.close()


@pytest.mark.timeout(900)
def test_every_request_that_arrives_was_claimed_on_disk(tmp_path, monkeypatch):
    """Amid faults, and in a second process after the first was killed."""
    manifest = subscriptions(tmp_path / "s.csv", REQUESTS)
    with (
        witnessed(tmp_path / "runs", monkeypatch) as witness,
        simulated(faults=FAULTS, seed=14, latency=0.002, retry_after=0, work_seconds=0.2) as server,
    ):
        words = command(manifest, server.url, "--concurrency", "40")
        with begun(words) as first:
            while first.poll() is None and witness.arrivals.total() < REQUESTS / 3:
                time.sleep(0.01)
            first.kill()
        assert first.returncode == -signal.SIGKILL
        assert run(words) == 0
        assert witness.unclaimed == []
        assert set(witness.arrivals) == set(range(1, REQUESTS + 1))
        assert witness.arrivals.total() > REQUESTS * 1.1
        (folder,) = folders(tmp_path / "runs")
        assert {row["regen_state"] for row in table(folder)} == {"succeeded"}
        assert all(len(identity["effects"]) == 1 for identity in server.regenerations())
