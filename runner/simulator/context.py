"""What every part of the simulator shares: its options, its clock, its store, its serial numbers."""

from __future__ import annotations

import secrets

from runner.simulator.clock import Clock
from runner.simulator.options import Options
from runner.simulator.store import Store


class World:
    """`options` may be replaced while the simulator runs."""

    def __init__(self, options: Options, clock: Clock, store: Store) -> None:
        self.options = options
        self.clock = clock
        self.store = store
        self._birth = secrets.token_hex(8)
        self._requests = 0
        self._serials: dict[str, int] = dict(store.values("serial"))

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock.now()

    def request_id(self) -> str:
        """A Zuora-Request-Id: unique, also over restarts."""
        self._requests += 1
        return f"{self._birth[:8]}-{self._birth[8:12]}-4000-8000-{self._requests:012x}"

    def serial(self, name: str) -> int:
        """The next number of a series, from 1."""
        number = self._serials[name] = self._serials.get(name, 0) + 1
        self.store.put("serial", name, number)
        return number

    def forget(self) -> None:
        """Begin all series anew."""
        self._serials.clear()
